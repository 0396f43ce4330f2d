"""SCRL: agree with a clear majority and earn 1, hold a rare and uncertain answer and lose 1."""

from dataclasses import dataclass
from statistics import fmean

from urlvr_bench import Group, Method
from urlvr_bench.bounds import NotNegative, Share
from urlvr_bench.voting import count


@dataclass(frozen=True)
class Scrl(Method):
    """Reward a majority only if it is clear, and punish rare uncertain answers (SCRL, arXiv 2603.19880).

    >>> answers = ["7", "7", "7", "7", "7", "3", "9", "9", "9", None]
    >>> group = Group("3+4?", ["..."] * 10, answers, token_entropies=[[0.1]] * 5 + [[0.9]] + [[0.1]] * 4)
    >>> Scrl().reward(group)
    [1.0, 1.0, 1.0, 1.0, 1.0, -1.0, 0.0, 0.0, 0.0, -1.0]
    """

    family = "intrinsic/ensemble"
    paper = "https://arxiv.org/abs/2603.19880"
    needs = ("token_entropies",)
    formula = "+1 on the clear majority, -1 on answers with a share < rare and H(answer) >= mean H, else 0"
    differs = (
        "As in the released code, shares are of all rollouts, the margin is waived when there is only one answer, "
        "and no answer pays -1. We vote with the rollouts that are trained on; the code votes with 32 and trains on "
        "16. Thresholds are those of the published run; the code's own defaults are 0.5, 0.15 and 0.15. `graded` "
        "follows the code, which pays the share itself, not, as its comment says, the share less the threshold."
    )
    same_as = ("5d82266cafca6844",)

    majority: Share = 0.375
    """Least share of the most common answer for it to be a positive label."""
    margin: Share = 0.125
    """The share of the most common answer must exceed that of the second by more than this."""
    rare: Share = 0.125
    """Answers with a share below this may become negative labels."""
    graded: bool = False
    """Pay by the size of the share and subtract the penalty, instead of -1, 0 and 1."""
    penalty: NotNegative = 0.1
    """Graded only: price per nat of the answer's mean token entropy above the group's."""
    unparsed: float = -1.0
    """Reward of a rollout without an answer."""

    def reward(self, group: Group) -> list[float]:
        entropies = [fmean(row) if row else 0.0 for row in group.token_entropies or []]
        votes, mean = count(group.answers), fmean(entropies)
        pay = {}
        for answer, number in votes.items():
            share = number / len(group)
            others = max((other for name, other in votes.items() if name != answer), default=None)
            clear = others is None or share - others / len(group) > self.margin
            own = fmean(h for h, given in zip(entropies, group.answers, strict=True) if given == answer)
            positive = share >= self.majority and clear
            negative = not positive and share < self.rare and own >= mean - 1e-12
            if self.graded:
                pay[answer] = share * positive - (self.rare - share) * negative - self.penalty * (own - mean)
            else:
                pay[answer] = float(positive) - float(negative)
        return [self.unparsed if answer is None else pay[answer] for answer in group.answers]
