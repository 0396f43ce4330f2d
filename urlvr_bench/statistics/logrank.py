"""The log-rank test: do two sets of runs collapse alike?"""

import itertools
import math
from collections.abc import Sequence
from functools import lru_cache
from math import comb

import numpy as np

from urlvr_bench.statistics.collapse import censored
from urlvr_bench.statistics.intervals import Floats

EXACT = 20_000
"""Ways to part the runs up to which all are looked at; with so few runs the normal approximation rejects too often."""


def logrank(first: Sequence[int | None], second: Sequence[int | None], last: int) -> float:
    """Return the two-sided log-rank p-value that two sets of runs of `last` steps collapse alike.

    Exact over all ways to part the runs, where these are no more than EXACT. NaN if none collapsed, or where a side has
    a single run, which says nothing of how far runs differ.
    """
    if all(step is None for step in (*first, *second)) or min(len(first), len(second)) < 2:
        return math.nan
    if comb(len(first) + len(second), len(first)) <= EXACT:
        return _exact(first, second, last)
    from scipy import stats  # a second to import

    with np.errstate(invalid="ignore"):
        result = stats.logrank(censored(first, [last] * len(first)), censored(second, [last] * len(second)))
    return float(result.pvalue)


def _exact(first: Sequence[int | None], second: Sequence[int | None], last: int) -> float:
    """Return the share of all ways to part the runs whose log-rank statistic is as far from 0 as the real one."""
    steps = np.array([math.inf if step is None else step for step in (*first, *second)])
    ways_W_N = _ways(len(steps), len(first))
    times_T = np.unique(steps[np.isfinite(steps)])
    at_risk_T_N, falls_T_N = steps >= times_T[:, None], steps == times_T[:, None]
    left_T, fell_T = at_risk_T_N.sum(1), falls_T_N.sum(1)
    ours_W_T = ways_W_N @ at_risk_T_N.T / left_T
    apart_W = (ways_W_N @ falls_T_N.T - fell_T * ours_W_T).sum(1)
    spread_W = (fell_T * (left_T - fell_T) / np.maximum(left_T - 1, 1) * ours_W_T * (1 - ours_W_T)).sum(1)
    z_W = np.abs(apart_W) / np.sqrt(np.maximum(spread_W, 1e-12))
    return float((z_W >= z_W[0] - 1e-9).mean())


@lru_cache(maxsize=16)
def _ways(runs: int, chosen: int) -> Floats:
    """Return (ways, runs): 1 for the runs of the first set, in every way to choose them; the real way comes first."""
    ways: Floats = np.zeros((comb(runs, chosen), runs))
    for way, places in zip(ways, itertools.combinations(range(runs), chosen), strict=True):
        way[list(places)] = 1.0
    return ways
