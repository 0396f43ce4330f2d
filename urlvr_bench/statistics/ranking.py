"""Rankings that admit ties: which methods cannot be told from the best, and how far a rank may move.

Arrays are (S, P): one row per seed, one column per problem. All resampling draws from generators seeded with SEED, so
equal records give equal numbers.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from urlvr_bench.statistics.intervals import LEVEL, Floats, difference

SEED = 20260308
RESAMPLES = 10_000
LISTED, RANKED, RECORD = 3, 5, 10
"""Seeds from which a method is ranked at all, ranked without a mark, and may claim a record."""


@dataclass(frozen=True)
class Standing:
    """A method's rank among others with its 95 % interval."""

    rank: int
    low: int
    high: int

    @property
    def leads(self) -> bool:
        """Whether the method cannot be told from the leader: its interval holds the first rank."""
        return self.low == 1


def holm(p_values: Sequence[float]) -> list[float]:
    """Return p-values adjusted for their number by Holm's step-down method, in the given order.

    NaN stands for a test that was not made: it stays, and does not count.
    """
    adjusted, highest = list(p_values), 0.0
    made = [i for i in np.argsort(p_values, kind="stable") if not np.isnan(p_values[i])]
    for place, i in enumerate(made):
        highest = max(highest, min(1.0, (len(made) - place) * p_values[i]))
        adjusted[i] = highest
    return adjusted


def standings(scores: Mapping[str, Floats]) -> dict[str, Standing]:
    """Return the standing of each method with at least LISTED seeds; nothing where fewer than two have them.

    A method is told from the leader where both its resampled rank interval and a paired test against the leader,
    Holm-adjusted, say so: rank, interval and tie are one statement.
    """
    ranked = {name: array for name, array in sorted(scores.items()) if len(array) >= LISTED}
    if len(ranked) < 2:
        return {}
    found = resampled(ranked)
    leader = min(found, key=lambda name: (found[name].rank, name))
    others = [name for name in ranked if name != leader]
    adjusted = holm([difference(ranked[leader], ranked[name]).p for name in others])
    level = {name for name, p in zip(others, adjusted, strict=True) if p > 1 - LEVEL or found[name].low == 1}
    for name in level:
        found[name] = replace(found[name], low=1)
    if level:
        found[leader] = replace(found[leader], high=max(2, found[leader].high))
    return found | {leader: replace(found[leader], low=1)}


def resampled(ranked: Mapping[str, Floats], fewer: int = 1) -> dict[str, Standing]:
    """Return ranks with the middle 95 % of their resampled values.

    Each of RESAMPLES draws takes new problems, the same for all methods, and of every method's S seeds `fewer` than S,
    with replacement: drawing S would make their spread too small by (S - 1) / S.
    """
    problems = next(iter(ranked.values())).shape[1]
    weights_B_P = _redrawn(problems, problems, 0)
    redrawn = [
        np.einsum("bs,bs->b", weights_B_P @ array.T, _redrawn(len(array), len(array) - fewer, stream))
        for stream, array in enumerate(ranked.values(), 1)
    ]
    place, ranks = _ranks(np.array([array.mean() for array in ranked.values()])), _ranks(np.stack(redrawn))
    tails = np.quantile(ranks, [0.5 - LEVEL / 2, 0.5 + LEVEL / 2], axis=1, method="inverted_cdf")
    return {name: Standing(int(place[i]), int(tails[0, i]), int(tails[1, i])) for i, name in enumerate(ranked)}


def _ranks(scores: Floats) -> Floats:
    """Return ranks along the first axis, 1 for the highest; equal scores share the better rank."""
    rounded = np.round(scores, 12)
    ranks = np.ones(scores.shape)
    for one in rounded:
        ranks += one > rounded
    return ranks


@lru_cache(maxsize=64)
def _redrawn(items: int, draws: int, stream: int) -> Floats:
    """Return the weights (RESAMPLES, items) that so many draws of them with replacement give to each."""
    drawn = np.random.default_rng([SEED, stream]).multinomial(draws, np.full(items, 1 / items), RESAMPLES)
    weights: Floats = drawn / draws
    return weights
