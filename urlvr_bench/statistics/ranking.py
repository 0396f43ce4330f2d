"""Rankings that admit ties: which methods cannot be told from the best, and how far a rank may move.

Arrays are (S, P): one row per seed, one column per problem. All resampling draws from generators seeded with SEED, so
equal records give equal numbers.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache

import numpy as np

from urlvr_bench.statistics.intervals import LEVEL, Floats, Interval, basis_of, difference

SEED = 20260308
RESAMPLES = 10_000
LISTED, RANKED, RECORD = 3, 5, 10
"""Seeds from which a method is ranked at all, ranked without a mark, and may claim a record."""


def iqm(cells: Sequence[Floats]) -> Interval:
    """Return the interquartile mean over cells x seeds of per-run means, with a bootstrap interval.

    One (S, P) array per cell, that is per (model, training task). Seeds and problems are resampled within each
    cell. After rliable (arXiv 2108.13264), whose strata are separately trained tasks, as cells are here.
    """
    from scipy import stats  # a second to import, which most tables do without

    rng = np.random.default_rng(SEED)
    runs = np.concatenate([cell.mean(1) for cell in cells])
    resampled = np.concatenate([_resampled_runs(rng, cell) for cell in cells], axis=1)
    low, high = np.quantile(stats.trim_mean(resampled, 0.25, axis=1), [0.5 - LEVEL / 2, 0.5 + LEVEL / 2])
    seeds, problems = min(len(cell) for cell in cells), min(cell.shape[1] for cell in cells)
    mean = float(stats.trim_mean(runs, 0.25))
    return Interval(mean, float(low), float(high), seeds, problems, basis_of(seeds, problems))


def _resampled_runs(rng: np.random.Generator, cell_S_P: Floats) -> Floats:
    """Return (RESAMPLES, S) per-run means of a cell under redrawn seeds and redrawn problems."""
    S, P = cell_S_P.shape
    weights_B_P = rng.multinomial(P, np.full(P, 1 / P), RESAMPLES) / P
    means_B_S = weights_B_P @ cell_S_P.T
    return np.take_along_axis(means_B_S, rng.integers(0, S, (RESAMPLES, S)), axis=1)


def improvement(cells: Sequence[tuple[Floats, Floats]]) -> float:
    """Return the chance that a run of the first method beats one of the second: Mann-Whitney U / (mn), ties half,
    averaged over cells; each cell holds both methods' (S, P) scores."""
    shares = []
    for first_S_P, second_S_P in cells:
        ours, theirs = first_S_P.mean(1)[:, None], second_S_P.mean(1)[None, :]
        shares.append(float(((ours > theirs) + 0.5 * (ours == theirs)).mean()))
    return float(np.mean(shares))


def holm(p_values: Sequence[float]) -> list[float]:
    """Return p-values adjusted for their number by Holm's step-down method, in the given order."""
    adjusted, highest = [0.0] * len(p_values), 0.0
    for i, place in enumerate(np.argsort(p_values, kind="stable")):
        highest = max(highest, min(1.0, (len(p_values) - i) * p_values[place]))
        adjusted[place] = highest
    return adjusted


def tied_with_leader(scores: Mapping[str, Floats]) -> set[str]:
    """Return the methods that are not separable from the best one: paired tests against it, Holm-adjusted.

    Methods with fewer than LISTED seeds neither lead nor tie, as nothing is known about their spread.
    """
    ranked = {name: array for name, array in scores.items() if len(array) >= LISTED}
    if not ranked:
        return set()
    leader = max(ranked, key=lambda name: (ranked[name].mean(), name))
    others = [name for name in ranked if name != leader]
    adjusted = holm([difference(ranked[leader], ranked[name]).p for name in others])
    return {leader} | {name for name, p in zip(others, adjusted, strict=True) if p > 1 - LEVEL}


def rank_intervals(scores: Mapping[str, Floats]) -> dict[str, tuple[int, int, int]]:
    """Return (rank, lowest, highest) of each method with enough seeds.

    Each of RESAMPLES draws takes new problems, the same for all methods, and new seeds for every method.
    """
    ranked = {name: array for name, array in sorted(scores.items()) if len(array) >= LISTED}
    if not ranked:
        return {}
    weights_B_P = _redrawn(next(iter(ranked.values())).shape[1], 0)
    means = [array.mean() for array in ranked.values()]
    redrawn = [
        np.einsum("bs,bs->b", weights_B_P @ array.T, _redrawn(len(array), stream))
        for stream, array in enumerate(ranked.values(), 1)
    ]
    place, ranks = _ranks(np.array(means)), _ranks(np.stack(redrawn))
    tails = np.quantile(ranks, [0.5 - LEVEL / 2, 0.5 + LEVEL / 2], axis=1, method="inverted_cdf")
    return {name: (int(place[i]), int(tails[0, i]), int(tails[1, i])) for i, name in enumerate(ranked)}


def _ranks(scores: Floats) -> Floats:
    """Return ranks along the first axis, 1 for the highest; equal scores share the better rank."""
    rounded = np.round(scores, 12)
    ranks = np.ones(scores.shape)
    for one in rounded:
        ranks += one > rounded
    return ranks


@lru_cache(maxsize=64)
def _redrawn(items: int, stream: int) -> Floats:
    """Return the weights (RESAMPLES, items) that drawing `items` of them with replacement gives to each."""
    drawn = np.random.default_rng([SEED, stream]).multinomial(items, np.full(items, 1 / items), RESAMPLES)
    weights: Floats = drawn / items
    return weights
