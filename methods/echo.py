"""ECHO: majority voting whose advantages are larger at tokens that the policy was unsure of."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, pstdev

from urlvr_bench import Group, Method
from urlvr_bench.bounds import NotNegative
from urlvr_bench.voting import advantages, agreement, count, winner

TINY = 1e-8
"""What is added to a variance before it divides."""


@dataclass(frozen=True)
class Echo(Method):
    """Pay the vote's advantages, more for tokens that the policy was unsure of (ECHO, arXiv 2602.02150).

    >>> sure, unsure = [-0.1, -0.1], [-0.1, -2.0]
    >>> signals = {"token_logprobs": [sure, unsure], "token_entropies": [[0.1, 0.1], [0.1, 1.5]]}
    >>> group = Group("3+4?", ["..."] * 2, ["7", None], **signals)
    >>> Echo().reward(group)
    [1.0, 0.0]
    >>> [[round(value, 2) for value in row] for row in Echo().token_advantages(group)]
    [[0.63, 0.63], [-0.63, -0.85]]
    """

    family = "intrinsic/ensemble"
    paper = "https://arxiv.org/abs/2602.02150"
    needs = ("token_entropies", "token_logprobs")
    binary = True
    formula = "1[a_i = argmax_a count(a)]; A_it = A_i (1 + strength * S_it), S_it = clamp(z(H_it) + z(1 - p(y_it)))"
    differs = (
        "Beside the released code (6f7b311): scores are brought to mean 0 and deviation 1 over the tokens of the "
        "group, there over those of the batch. Confidence is the probability of the sampled token, as the code takes "
        "it with fused kernels, otherwise the mean of the five highest. The additive part, whose coefficient is 0 in "
        "the released configuration, is left out, and with it two other parts: the tree of rollouts with its pruning, "
        "and the clipping range that depends on the confidence, which moves nothing in the first update on a batch."
    )

    strength: NotNegative = 0.1
    """How much a score of 1 adds to an advantage, as a share of it."""
    largest: NotNegative = 2.0
    """Scores beyond this, up or down, are cut."""

    def reward(self, group: Group) -> list[float]:
        return agreement(group.answers, winner(count(group.answers), group.prompt))

    def token_advantages(self, group: Group) -> list[list[float]]:
        entropies = _standard(group.token_entropies or [])
        doubts = _standard([[1 - math.exp(value) for value in row] for row in group.token_logprobs or []])
        shaped = []
        for advantage, row, others in zip(advantages(self.reward(group)), entropies, doubts, strict=True):
            scores = [min(max(h + d, -self.largest), self.largest) for h, d in zip(row, others, strict=True)]
            shaped.append([advantage * (1 + self.strength * score) for score in scores])
        return shaped


def _standard(rows: Sequence[Sequence[float]]) -> list[list[float]]:
    """Return values of all tokens less their mean, over their standard deviation."""
    every = sorted(value for row in rows for value in row)
    if not every:
        return [[] for _ in rows]
    mean, spread = fmean(every), math.sqrt(pstdev(every) ** 2 + TINY)
    return [[(value - mean) / spread for value in row] for row in rows]
