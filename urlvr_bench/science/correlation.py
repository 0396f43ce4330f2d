"""How well one number orders another: Spearman and Pearson, without intervals.

The rungs of a ladder are checkpoints of one pre-training run, and its runs are seeds of those. Neither redrawn rungs
nor redrawn runs are new models, so an interval over them would pretend to be what it is not (docs/statistics.md).
Where priors share no pre-training, `redrawing` has one.
"""

import math
from collections.abc import Sequence
from typing import Literal

import numpy as np

from urlvr_bench.statistics.intervals import Floats

Kind = Literal["spearman", "pearson"]
NO_INTERVAL = (
    "Correlations have no interval: the models of a ladder are checkpoints of one pre-training run, and redrawing them "
    "or their runs is no replication."
)


def correlation(first: Sequence[float], second: Sequence[float], kind: Kind = "spearman") -> float:
    """Return the correlation of two lists; NaN where it is undefined: fewer than three points, or all alike."""
    x, y = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    return float(correlations(x[None], y[None], kind)[0])


def correlations(first_D_N: Floats, second_D_N: Floats, kind: Kind = "spearman") -> Floats:
    """Return the correlation of each of D pairs of lists of N numbers; NaN where it is undefined."""
    x, y = first_D_N, second_D_N
    if kind == "spearman":
        from scipy.stats import rankdata  # a second to import

        x, y = rankdata(x, axis=1), rankdata(y, axis=1)
    alike = (np.ptp(x, axis=1) < 1e-12) | (np.ptp(y, axis=1) < 1e-12)
    if x.shape[1] < 3 or alike.all():
        return np.full(len(x), math.nan)
    x, y = x - x.mean(1, keepdims=True), y - y.mean(1, keepdims=True)
    size = np.where(alike, math.nan, np.sqrt((x**2).sum(1) * (y**2).sum(1)))
    found: Floats = (x * y).sum(1) / size
    return found
