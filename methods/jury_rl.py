"""JURY-RL: the majority is paid only if a checker accepts it; if not, the others share a signal without a mean."""

from dataclasses import dataclass
from statistics import fmean

from urlvr_bench import Group, Method
from urlvr_bench.bounds import NotNegative
from urlvr_bench.voting import count, winner


@dataclass(frozen=True)
class JuryRl(Method):
    """Reward a verified majority; else punish it and grade the rest by agreement (JURY-RL, arXiv 2604.25419).

    >>> group = Group("3+4?", ["..."] * 4, ["7", "7", "3", "5"], verified=[True, True, False, False])
    >>> JuryRl().reward(group)
    [1.0, 1.0, 0.0, 0.0]
    >>> group = Group("3+4?", ["..."] * 4, ["3", "3", "7", "5"], verified=[False, False, True, False])
    >>> JuryRl().reward(group)
    [-0.25, -0.25, 0.25, 0.25]
    """

    family = "external/verification"
    paper = "https://arxiv.org/abs/2604.25419"
    aliases = ("reszero",)
    needs = ("verified",)
    formula = (
        "1[a_i = m] if the majority m is verified, else s ((z_i - mean z) 1[a_i != m] - penalty 1[a_i = m]) + "
        "penalty s^2, s the share of m, z_i the share of the others without m that agree with i"
    )
    differs = (
        "From the paper's text; no code was found, and the penalty's size is ours. JURY-RL writes the majority's "
        "answer as a statement and lets Lean prove it; here the task's checker judges it, and one accepted rollout "
        "is enough. An unparsed rollout is one of the others and agrees with nobody. Ties fall to a hash of prompt "
        "and answer."
    )

    penalty: NotNegative = 1.0
    """What an unverified majority loses per share of the group, before all rewards are moved to mean 0."""

    def reward(self, group: Group) -> list[float]:
        votes = count(group.answers)
        label = winner(votes, group.prompt)
        proposed = [answer is not None and answer == label for answer in group.answers]
        if any(own and accepted for own, accepted in zip(proposed, group.verified or [], strict=True)):
            return list(map(float, proposed))
        share = sum(proposed) / len(group)
        others_count = max(1, len(group) - sum(proposed) - 1)
        agreement = [(votes[answer] - 1) / others_count if answer is not None else 0.0 for answer in group.answers]
        others = [z for z, own in zip(agreement, proposed, strict=True) if not own]
        mean = fmean(others) if others else 0.0
        raised = self.penalty * share**2
        return [
            share * (-self.penalty if own else z - mean) + raised for z, own in zip(agreement, proposed, strict=True)
        ]
