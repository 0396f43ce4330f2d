"""Intervals of pass@k over rising k: near 1 a t interval does not hold, and more samples never solve less."""

import math
from collections.abc import Mapping
from dataclasses import replace

from urlvr_bench.statistics.intervals import Floats, Interval, terms_of, two_way

SKEW = 0.4
"""Standard deviation of the seeds, as a share of their mean's distance from 0 or 1, above which t does not hold."""


def pass_intervals(by_k: Mapping[int, Floats]) -> list[Interval]:
    """Return the intervals of pass@k for rising k, from the (S, P) scores of each k; the first is pass@1's.

    No end falls as k rises. Where the seeds are skewed, a few of them make the mean, and t knows nothing of those
    that were not drawn. Such a pass@k has the bounds that pass@1 gives: no less than it, no more than k times it.
    """
    found: list[Interval] = []
    for k, scores_S_P in by_k.items():
        each = two_way(scores_S_P)
        if found and math.isfinite(each.low):
            if skewed(scores_S_P):
                each = replace(each, low=found[0].low, high=min(1.0, k * found[0].high))
            each = _no_lower(each, found[-1])
        found.append(each)
    return found


def _no_lower(each: Interval, before: Interval) -> Interval:
    if math.isnan(each.low) or math.isnan(before.low):
        return each
    return replace(each, low=max(each.low, before.low), high=max(each.high, before.high))


def skewed(scores_S_P: Floats) -> bool:
    """Whether seeds differ by more than SKEW of their distance from 0 or 1, and by more than chance makes them."""
    by_seed = scores_S_P.mean(1)
    if len(by_seed) < 2:
        return False
    terms, room = terms_of(scores_S_P), min(by_seed.mean(), 1 - by_seed.mean())
    return bool(by_seed.std(ddof=1) > SKEW * room and terms.seeds > 2 * terms.shared)
