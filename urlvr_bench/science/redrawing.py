"""Intervals over priors: how far a number moves where other priors, or other pre-trainings, had been drawn.

Seeds of one prior are no other priors, and checkpoints of one pre-training are alike; so what is said of priors in
general is redrawn over priors, and over whole pre-trainings.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from urlvr_bench.statistics.intervals import LEVEL, Floats

DRAWS = 1000
KNOWN = 0.9
"""Share of the draws in which a number must be defined for it to have an interval."""
Places = NDArray[np.intp]
"""(D, N): in D draws, the places of N priors."""


@dataclass(frozen=True)
class Redrawn:
    """A number with its percentile interval over redrawn priors; NaN ends where too few draws have it."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        if math.isnan(self.value):
            return "—"
        return f"{self.value:.2f}" + ("" if math.isnan(self.low) else f" [{self.low:.2f}, {self.high:.2f}]")

    def holds(self, value: float) -> bool:
        """Return whether a value lies in the interval."""
        return self.low <= value <= self.high

    @property
    def is_positive(self) -> bool:
        """Whether the whole interval lies above 0."""
        return self.low > 0


def priors_redrawn(count: int, rng: np.random.Generator, draws: int = DRAWS) -> list[Places]:
    """Return draws of `count` priors with replacement."""
    return [rng.integers(0, count, (draws, count))]


def families_redrawn(families: Sequence[str], rng: np.random.Generator, draws: int = DRAWS) -> list[Places]:
    """Return draws of whole pre-trainings with replacement, each with all its priors; equally many priors together."""
    members = [np.flatnonzero([other == name for other in families]) for name in dict.fromkeys(families)]
    drawn = rng.integers(0, len(members), (draws, len(members)))
    stacks: dict[int, list[Places]] = {}
    for row in drawn:
        places = np.concatenate([members[i] for i in row])
        stacks.setdefault(len(places), []).append(places)
    return [np.stack(rows) for rows in stacks.values()]


def redrawn(statistic: Callable[[Places], Floats], count: int, draws: Sequence[Places]) -> Redrawn:
    """Return a statistic of `count` priors with its interval; it is given (D, N) places and returns D numbers."""
    values = np.concatenate([statistic(places) for places in draws])
    known = values[np.isfinite(values)]
    value = float(statistic(np.arange(count)[None])[0])
    if len(known) < KNOWN * len(values):
        return Redrawn(value, math.nan, math.nan)
    low, high = np.quantile(known, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Redrawn(value, float(low), float(high))
