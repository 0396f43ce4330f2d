"""SERL: the policy compares its rollouts pair by pair, and a rollout earns the share of its duels that it wins."""

from dataclasses import dataclass

from urlvr_bench import Group, Method
from urlvr_bench.asking import which_is_better, wins
from urlvr_bench.bounds import FewFrom0, NotNegative


@dataclass(frozen=True)
class Serl(Method):
    """Reward duels won before the policy as the judge, as Copeland counts them (SERL, arXiv 2511.07922).

    >>> group = Group("Write.", ["aa", "bb", "cc"], ["aa", "bb", "cc"], token_counts=[2, 2, 2])
    >>> len(Serl().ask(group))
    6
    >>> import dataclasses
    >>> Serl().reward(dataclasses.replace(group, replies=["1", "1", "2", "1", "2", "2"]))
    [1.0, 0.5, 0.0]
    """

    family = "external/verification"
    paper = "https://arxiv.org/abs/2511.07922"
    aliases = ("copeland",)
    needs = ("verification_prompts", "replies", "token_counts")
    formula = "sum_j wins(i over j) l_j / l_i 1[|l_i - l_j| < tolerance l_j] / (2 k (G - 1)), l the number of tokens"
    differs = (
        "As in the released code a win counts more over a longer rollout, and not at all over one whose length "
        "differs by more than a fifth. The code samples every verdict twice in each order, which is `verdicts=2`; "
        "by default we take the likeliest, once in each order (k = 1). Rollouts with the same text do not duel, and "
        "one without an answer neither duels nor earns. The reward of the judge, who is trained there on duels that "
        "agree with the ranking, is left out: only rollouts of the prompt are trained on here. The question is in "
        "our own words; where the task has its own, whether one solution is right, a solution beats those that are "
        "called wrong while it is called right."
    )

    tolerance: NotNegative = 0.2
    """By what share of the loser's length the winner's may differ."""
    verdicts: FewFrom0 = 0
    """Verdicts k that are sampled per duel and order; 0 for the likeliest alone."""

    def ask(self, group: Group) -> list[str]:
        return which_is_better(group, self.verdicts)

    def reward(self, group: Group) -> list[float]:
        won, rollouts = wins(group, self.verdicts), list(zip(group.completions, group.token_counts or [], strict=True))
        rewards = []
        for i, (own, length) in enumerate(rollouts):
            gains = [
                won[own, other] * theirs / length
                for j, (other, theirs) in enumerate(rollouts)
                if j != i and abs(length - theirs) < self.tolerance * theirs
            ]
            rewards.append(sum(gains) / (2 * max(1, self.verdicts) * max(1, len(group) - 1)))
        return rewards
