"""How well one number orders another: Spearman and Pearson, with percentile bootstrap intervals."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from urlvr_bench.statistics.intervals import LEVEL, Floats
from urlvr_bench.statistics.ranking import SEED

DRAWS = 2_000
Kind = Literal["spearman", "pearson"]


@dataclass(frozen=True)
class Correlation:
    """A coefficient with its 95 % bootstrap interval; NaN where it is undefined: too few points, or all alike."""

    value: float
    low: float
    high: float
    points: int

    def __str__(self) -> str:
        if math.isnan(self.value):
            return "—"
        return f"{self.value:.2f} [{self.low:.2f}, {self.high:.2f}]"


def coefficients(first_B_N: Floats, second_B_N: Floats, kind: Kind) -> Floats:
    """Return the B correlations of the rows of two arrays; NaN where a row is constant."""
    if kind == "spearman":
        from scipy.stats import rankdata  # a second to import

        first_B_N, second_B_N = rankdata(first_B_N, axis=1), rankdata(second_B_N, axis=1)
    first = first_B_N - first_B_N.mean(1, keepdims=True)
    second = second_B_N - second_B_N.mean(1, keepdims=True)
    size = np.sqrt((first**2).sum(1) * (second**2).sum(1))
    found: Floats = np.where(size > 1e-12, (first * second).sum(1) / np.maximum(size, 1e-12), math.nan)
    return found


def correlation(first: Sequence[float], second: Sequence[float], kind: Kind = "spearman") -> Correlation:
    """Return the correlation of two lists, with an interval over redrawn points."""
    x, y = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    if len(x) < 3:
        return Correlation(math.nan, math.nan, math.nan, len(x))
    drawn_B_N = np.random.default_rng(SEED).integers(0, len(x), (DRAWS, len(x)))
    return summary(
        float(coefficients(x[None], y[None], kind)[0]), coefficients(x[drawn_B_N], y[drawn_B_N], kind), len(x)
    )


def summary(value: float, redrawn_B: Floats, points: int) -> Correlation:
    """Return a coefficient with the 95 % range of its redrawn values; redraws without any spread say nothing."""
    known = redrawn_B[np.isfinite(redrawn_B)]
    if math.isnan(value) or not len(known):
        return Correlation(math.nan, math.nan, math.nan, points)
    low, high = np.quantile(known, [0.5 - LEVEL / 2, 0.5 + LEVEL / 2])
    return Correlation(value, float(low), float(high), points)
