"""How well one number orders another: Spearman and Pearson, without intervals.

The rungs of a ladder are checkpoints of one pre-training run, and its runs are seeds of those. Neither redrawn rungs
nor redrawn runs are new models, so an interval over them would pretend to be what it is not (docs/statistics.md).
"""

import math
from collections.abc import Sequence
from typing import Literal

import numpy as np

Kind = Literal["spearman", "pearson"]
NO_INTERVAL = (
    "Correlations have no interval: the models of a ladder are checkpoints of one pre-training run, and redrawing them "
    "or their runs is no replication."
)


def correlation(first: Sequence[float], second: Sequence[float], kind: Kind = "spearman") -> float:
    """Return the correlation of two lists; NaN where it is undefined: fewer than three points, or all alike."""
    x, y = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    if kind == "spearman":
        from scipy.stats import rankdata  # a second to import

        x, y = rankdata(x), rankdata(y)
    if len(x) < 3 or np.ptp(x) < 1e-12 or np.ptp(y) < 1e-12:
        return math.nan
    return float(np.corrcoef(x, y)[0, 1])
