"""EMPO: a rollout earns the share of its semantic cluster, unless all rollouts of the group disagree."""

from dataclasses import dataclass
from typing import Literal

from urlvr_bench import Group, Method
from urlvr_bench.voting import count


@dataclass(frozen=True)
class Empo(Method):
    """Reward the share of the rollout's cluster of equal answers, with an entropy gate (EMPO, arXiv 2504.05812).

    >>> Empo().reward(Group("3+4?", ["..."] * 4, ["7", "7", "3", None]))
    [0.5, 0.5, 0.25, 0.0]
    >>> Empo().reward(Group("3+4?", ["..."] * 2, ["7", "3"]))
    [0.0, 0.0]
    """

    family = "intrinsic/ensemble"
    paper = "https://arxiv.org/abs/2504.05812"
    aliases = ("semantic-entropy",)
    formula = "|cluster(a_i)| / G, or 0 for all when every rollout is a cluster of its own"
    differs = (
        "Clusters are equal canonical answers; EMPO's TRL code compares the last parsed string, its verl code grades "
        "pairs, in an order that matters. The TRL gate compares an entropy with log G in floating point, which lets "
        "all-distinct groups through for G = 3, 6, 7, 10, ...; we count clusters. `gate=none, unparsed=singleton` is "
        "the verl code. The paper's gate with two thresholds is in neither."
    )

    gate: Literal["distinct", "none"] = "distinct"
    """Whether a group in which no two rollouts agree, the largest entropy there is, earns nothing."""
    unparsed: Literal["zero", "singleton"] = "zero"
    """Whether a rollout without an answer earns nothing or counts as a cluster of one."""

    def reward(self, group: Group) -> list[float]:
        size = len(group)
        clusters = count(group.answers)
        distinct = len(clusters) + size - clusters.total()
        if self.gate == "distinct" and distinct == size:
            return [0.0] * size
        alone = 1 / size if self.unparsed == "singleton" else 0.0
        return [alone if answer is None else clusters[answer] / size for answer in group.answers]
