"""Self-certainty: a rollout earns how far its token distributions are from uniform."""

from dataclasses import dataclass
from statistics import fmean

from urlvr_bench import Group, Method


@dataclass(frozen=True)
class SelfCertainty(Method):
    """Reward the mean over tokens of KL(uniform || policy), in nats (Intuitor, arXiv 2505.19590).

    The published code leaves out the constant -log V; a group baseline removes it, so training is the same.

    >>> group = Group("q", ["ab", "c"], [None, None], token_self_certainties=[[2.0, 4.0], [1.0]])
    >>> SelfCertainty().reward(group)
    [3.0, 1.0]
    """

    family = "intrinsic/certainty"
    paper = "https://arxiv.org/abs/2505.19590"
    aliases = ("intuitor", "rlif")
    needs = ("token_self_certainties",)

    def reward(self, group: Group) -> list[float]:
        return [fmean(certainties) if certainties else 0.0 for certainties in group.token_self_certainties or []]
