"""Length reward: a rollout earns for an answer and for a length near a set point."""

from dataclasses import dataclass

from urlvr_bench import Group, Method
from urlvr_bench.bounds import Count, Inside


@dataclass(frozen=True)
class LengthReward(Method):
    """Reward having an answer plus a parabola over the length (arXiv 2505.19439).

    It is here because certainty rewards also change lengths; this line shows what a change of length alone does.

    >>> group = Group("3+4?", ["..."] * 3, ["7", "7", None], token_counts=[8, 16, 8])
    >>> LengthReward(limit=16).reward(group)
    [2.0, 0.0, 0.0]
    """

    family = "baseline"
    paper = "https://arxiv.org/abs/2505.19439"
    aliases = ("length",)
    needs = ("token_counts",)
    formula = "[a_i] + f(x), x = min(1, tokens / limit), f = 1 - (1 - x/p)^2 up to p, 1 - 2 ((x - p)/(1 - p))^2 above"
    differs = (
        "The published code gives half of the first term for `<think>` tags and half for an answer; ours is 1 for a "
        "readable answer. Without an answer only the negative part of f counts, in both."
    )
    same_as = ("97514ca7ed08aed9",)

    limit: Count = 3072
    """Number of tokens, and all above it, that counts as length 1."""
    peak: Inside = 0.5
    """Length p that earns most."""

    def reward(self, group: Group) -> list[float]:
        lengths = [self._parabola(min(1.0, tokens / self.limit)) for tokens in group.token_counts or []]
        return [min(0.0, f) if a is None else 1 + f for a, f in zip(group.answers, lengths, strict=True)]

    def _parabola(self, x: float) -> float:
        if x <= self.peak:
            return 1 - (1 - x / self.peak) ** 2
        return 1 - 2 * ((x - self.peak) / (1 - self.peak)) ** 2
