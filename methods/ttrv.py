"""TTRV: a rollout earns the share of the group that agrees with it, less the disorder of all answers."""

import math
from dataclasses import dataclass

from urlvr_bench import Group, Method
from urlvr_bench.bounds import NotNegative
from urlvr_bench.voting import count


@dataclass(frozen=True)
class Ttrv(Method):
    """Reward the answer's frequency minus the entropy of the group's answers (TTRV, arXiv 2510.06783).

    >>> Ttrv(weight=0.5).reward(Group("3+4?", ["..."] * 4, ["7", "7", "3", "3"]))
    [0.0, 0.0, 0.0, 0.0]
    >>> Ttrv().reward(Group("3+4?", ["..."] * 4, ["7", "7", "7", "7"]))
    [1.0, 1.0, 1.0, 1.0]
    """

    family = "intrinsic/ensemble"
    paper = "https://arxiv.org/abs/2510.06783"
    formula = "count(a_i) / G - weight * H / log K, H the entropy of the K different answers"
    differs = (
        "From summaries of the paper and a copy of its code; the entropy is over log K, as there, and all unparsed "
        "rollouts are one outcome and earn no share. The entropy is one number for a whole group, so a group's mean "
        "takes it away: against such a baseline these are the advantages of `soft_vote`, group by group, and only "
        "the curve of the proxy reward and sums with `scale=none` tell them apart. TTRV trains vision-language "
        "models."
    )

    weight: NotNegative = 0.75
    """Price of the entropy, which lies between 0 and 1."""

    def reward(self, group: Group) -> list[float]:
        votes, size = count(group.answers), len(group)
        outcomes = [*votes.values(), *([size - votes.total()] if votes.total() < size else [])]
        entropy = -math.fsum(number / size * math.log(number / size) for number in outcomes)
        disorder = entropy / math.log(len(outcomes)) if len(outcomes) > 1 else 0.0
        return [(votes[a] / size if a is not None else 0.0) - self.weight * disorder for a in group.answers]
