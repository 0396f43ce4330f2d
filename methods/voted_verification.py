"""Voted verification: the policy checks its own solution several times, and the share of yes is the reward."""

from dataclasses import dataclass

from urlvr_bench import Group, Method
from urlvr_bench.asking import by_question, repeated, says_yes
from urlvr_bench.bounds import Few
from urlvr_bench.methods import load


@dataclass(frozen=True)
class VotedVerification(Method):
    """Reward the share of sampled verdicts that call a rollout correct (GenRM's votes, arXiv 2408.15240).

    >>> group = Group("3+4?", ["It is 7.", "It is 3."], ["7", "3"])
    >>> len(VotedVerification(verdicts=3).ask(group))
    6
    >>> group = Group("3+4?", ["7", "3"], ["7", "3"], replies=["y", "n", "y", "y", "n", "n", "n", "n"])
    >>> VotedVerification(verdicts=4).reward(group)
    [0.75, 0.0]
    """

    family = "external/verification"
    paper = "https://arxiv.org/abs/2408.15240"
    aliases = ("genrm-votes",)
    needs = ("verification_prompts", "replies")
    formula = "share of k sampled verdicts of the policy that say that completion i is correct"
    differs = (
        "From the paper's text; no code was found. GenRM trains a verifier on labelled solutions, averages its "
        "probability of Yes after each of k sampled rationales, and picks the best of n; here the policy is its own "
        "untrained verifier, each verdict is its word and counts 0 or 1, and their mean is a reward. Questions and "
        "how a verdict is read are those of `self_verification`, which takes the likeliest verdict alone. Verdicts "
        "are sampled at the rollouts' temperature."
    )

    verdicts: Few = 4
    """Verdicts k that are sampled per rollout."""

    def ask(self, group: Group) -> list[str]:
        return repeated(load("self_verification")().ask(group), self.verdicts)

    def reward(self, group: Group) -> list[float]:
        asked = by_question(group.replies or [], self.verdicts)
        return [sum(map(says_yes, replies)) / self.verdicts for replies in asked]
