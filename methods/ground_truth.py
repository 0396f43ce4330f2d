"""Ground truth: a rollout earns 1 when it is correct, the supervised reference."""

from dataclasses import dataclass

from urlvr_bench import Group, Method


@dataclass(frozen=True)
class GroundTruth(Method):
    """Reward correctness itself, as supervised RLVR does: the ceiling that the others are held against.

    >>> group = Group("3+4?", ["..."] * 3, ["7", "3", None], correct=[True, False, False])
    >>> GroundTruth().reward(group)
    [1.0, 0.0, 0.0]
    """

    family = "supervised"
    paper = "https://arxiv.org/abs/2402.03300"
    aliases = ("gt", "oracle", "rlvr")
    needs = ("correct",)
    binary = True
    formula = "1[rollout i is correct]"

    def reward(self, group: Group) -> list[float]:
        return [float(correct) for correct in group.correct or []]
