"""DistriTTRL: a vote among confident rollouts, told from the others by the confidences of all steps so far."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from statistics import fmean
from typing import Any, NamedTuple

import numpy as np

from urlvr_bench import Group, Method
from urlvr_bench.bounds import Count, CountFrom0
from urlvr_bench.voting import agreement, count, winner

Floats = np.ndarray[Any, np.dtype[np.float64]]
ROUNDS = 20
"""Of expectation maximisation."""
FLOOR = 1e-6
"""Least variance and share of a part of the mixture."""


class Part(NamedTuple):
    """One normal distribution of a mixture."""

    share: float
    mean: float
    variance: float

    def density(self, x: Any) -> Any:
        """Return the logarithm of share times density at a number or at an array of them."""
        return math.log(self.share) - (math.log(self.variance) + (x - self.mean) ** 2 / self.variance) / 2


@dataclass(frozen=True)
class DistriTtrl(Method):
    """Reward agreement with a vote of the rollouts whose confidence is high among all steps' (arXiv 2603.16500).

    >>> certainties = [[5.0], [5.0], [1.0], [1.0]]
    >>> signals = {"answer_spans": [(0, 1)] * 4, "token_self_certainties": certainties, "run_notes": []}
    >>> group = Group("3+4?", ["..."] * 4, ["7", "3", "3", "3"], **signals)
    >>> DistriTtrl().reward(group)  # three say 3, but two of them are unsure, and 3 is what the unsure say
    [1.0, 0.0, 0.0, 0.0]
    >>> DistriTtrl().note(group)
    [5.0, 5.0, 1.0, 1.0]
    """

    family = "intrinsic/ensemble"
    paper = "https://arxiv.org/abs/2603.16500"
    aliases = ("distrittrl",)
    needs = ("token_self_certainties", "answer_spans", "run_notes")
    binary = True
    formula = "1[a_i = vote of the sure rollouts that do not say what the unsure ones vote for], sure by two Gaussians"
    differs = (
        "From a description of the paper's text; its code could not be read. Confidence is the mean of -log p over "
        "the answer's tokens and the whole vocabulary, less log V (`token_self_certainties`), there over the k "
        "likeliest tokens; over all tokens where there is no answer. The mixture is fitted to the last `steps` steps, "
        "each moved so that the middle of its own two Gaussians falls on the last one's; there to the present step "
        "besides, which a method that sees one group at a time cannot read, so that the first step is told by its own "
        "group alone. The penalty for prompts "
        "with few different answers is left out: it begins at a tenth of the group's size, which is less than one "
        "answer in groups of fewer than ten. A group whose answers are all filtered out votes as a whole."
    )

    steps: CountFrom0 = 20
    """Earlier steps whose confidences are pooled."""
    least: Count = 4
    """Confidences without which no mixture is fitted, and all rollouts are sure."""

    def memory(self) -> int:
        return self.steps

    def note(self, group: Group) -> list[float]:
        rows = zip(group.token_self_certainties or [], group.answer_spans or [], strict=True)
        read = [(row, (row[slice(*span)] if span else []) or row) for row, span in rows]
        return [fmean(part) if part else 0.0 for _, part in read]

    def reward(self, group: Group) -> list[float]:
        own = self.note(group)
        sure = self._sure(own, [[c for note in step for c in note] for step in group.run_notes or []])
        doubtful = winner(self._votes(group, [not each for each in sure]), group.prompt)
        kept = self._votes(group, sure)
        if doubtful is not None:
            kept.pop(doubtful, None)
        label = winner(kept or count(group.answers), group.prompt)
        return agreement(group.answers, label)

    def _votes(self, group: Group, chosen: Sequence[bool]) -> Counter[str]:
        return count(answer for answer, yes in zip(group.answers, chosen, strict=True) if yes)

    def _sure(self, own: Sequence[float], earlier: Sequence[Sequence[float]]) -> list[bool]:
        """Return which confidences belong to the higher of two Gaussians, fitted to those of all earlier steps."""
        told = [tuple(step) for step in earlier if len(step) >= self.least]
        middles = [sum(part.mean for part in mixture(step)) / 2 for step in told]
        pooled = [c + middles[-1] - middle for step, middle in zip(told, middles, strict=True) for c in step]
        if max(len(pooled), len(own)) < self.least:
            return [True] * len(own)
        low, high = mixture(tuple(pooled or own))
        return [high.density(c) >= low.density(c) for c in own]


@lru_cache(maxsize=128)  # the groups of a step ask for the same ones
def mixture(values: tuple[float, ...]) -> tuple[Part, Part]:
    """Return the lower and the higher of two Gaussians fitted to values, beginning with their lower and upper half."""
    ordered = np.sort(np.array(values))
    upper = (np.arange(len(ordered)) >= len(ordered) // 2).astype(float)
    for _ in range(ROUNDS):
        parts = _part(ordered, 1 - upper), _part(ordered, upper)
        odds = parts[1].density(ordered) - parts[0].density(ordered)
        upper = 1 / (1 + np.exp(-np.clip(odds, -500, 500)))
    low, high = sorted(parts, key=lambda part: part.mean)
    return low, high


def _part(values: Floats, weights: Floats) -> Part:
    total = max(FLOOR, float(weights.sum()))
    mean = float(weights @ values) / total
    variance = float(weights @ (values - mean) ** 2) / total
    return Part(max(FLOOR, total / len(values)), mean, max(FLOOR, variance))
