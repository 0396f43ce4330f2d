"""Token entropy: a rollout earns the negated mean entropy of its token distributions."""

from dataclasses import dataclass
from statistics import fmean

from urlvr_bench import Group, Method


@dataclass(frozen=True)
class TokenEntropy(Method):
    """Reward minus the mean over tokens of the entropy, in nats (RENT, arXiv 2505.22660).

    >>> group = Group("q", ["ab", "c"], [None, None], token_entropies=[[0.5, 1.5], [0.25]])
    >>> TokenEntropy().reward(group)
    [-1.0, -0.25]
    """

    family = "intrinsic/certainty"
    paper = "https://arxiv.org/abs/2505.22660"
    aliases = ("rent",)
    needs = ("token_entropies",)

    def reward(self, group: Group) -> list[float]:
        return [-fmean(entropies) if entropies else 0.0 for entropies in group.token_entropies or []]
