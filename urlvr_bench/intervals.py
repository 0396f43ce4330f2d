"""Intervals and tests for a benchmark of training methods, where every seed's policy answers the same problems.

The unit of replication is the training run. Arrays are (S, P): one row per seed, one column per problem. All
resampling draws from `np.random.default_rng(SEED)`, so equal records give equal numbers.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import special, stats

from urlvr_bench.errors import UsageError

SEED = 20260308
RESAMPLES = 10_000
LEVEL = 0.95
LISTED, RANKED, RECORD = 3, 5, 10
"""Seeds from which a method is ranked at all, ranked without a mark, and may claim a record."""

Floats = NDArray[np.float64]
Basis = Literal["seeds x problems", "problems only", "seeds only", "none"]


@dataclass(frozen=True)
class Interval:
    """A mean with its 95 % interval and what the interval rests on; the ends are NaN where it rests on nothing."""

    mean: float
    low: float
    high: float
    seeds: int
    problems: int
    basis: Basis
    """`problems only` (one seed) says nothing about another training run: it covers 40 % where it claims 95 %."""
    p: float = math.nan
    """Two-sided p-value of no difference; NaN for a single method."""


@dataclass(frozen=True)
class _Terms:
    """Variance of an (S, P) array's mean by source; `shared` is counted in both other terms."""

    seeds: float
    problems: float
    shared: float


def _terms(scores_S_P: Floats) -> _Terms:
    """Split the variance of the grand mean into its seed, problem and interaction terms; an absent one is 0."""
    S, P = scores_S_P.shape
    by_seed, by_problem = scores_S_P.mean(1), scores_S_P.mean(0)
    seeds = by_seed.var(ddof=1) / S if S > 1 else 0.0
    problems = by_problem.var(ddof=1) / P if P > 1 else 0.0
    if S == 1 or P == 1:
        return _Terms(float(seeds), float(problems), 0.0)
    rest = scores_S_P - by_seed[:, None] - by_problem + scores_S_P.mean()
    return _Terms(float(seeds), float(problems), float((rest**2).sum() / ((S - 1) * (P - 1)) / (S * P)))


def _variance_and_df(
    seed_terms: Sequence[tuple[float, int]], problems: float, shared: float, P: int
) -> tuple[float, float]:
    """Return the variance of a mean and its Satterthwaite degrees of freedom; `seed_terms` are (variance, S)."""
    seeds = sum(variance for variance, _ in seed_terms)
    variance = max(seeds + problems - shared, seeds, problems)
    parts = sum(part**2 / (S - 1) for part, S in seed_terms if S > 1) + (problems**2 / (P - 1) if P > 1 else 0.0)
    return variance, max(variance**2 / parts, 1.0) if parts else 1.0


def _basis(S: int, P: int) -> Basis:
    if S > 1:
        return "seeds x problems" if P > 1 else "seeds only"
    return "problems only" if P > 1 else "none"


def two_way(scores_S_P: Floats, bounds: tuple[float, float] = (0.0, 1.0)) -> Interval:
    """Return the mean of one method over new seeds and new problems, with a Satterthwaite t interval.

    Scores without any spread (all 0 or all 1) get Wilson's interval for as many trials as there are problems.
    """
    S, P = _shape(scores_S_P)
    mean, basis = float(scores_S_P.mean()), _basis(S, P)
    if basis == "none":
        return Interval(mean, math.nan, math.nan, S, P, basis)
    terms = _terms(scores_S_P)
    variance, df = _variance_and_df([(terms.seeds, S)], terms.problems, terms.shared, P)
    low, high = bounds
    if variance < 1e-24:
        share_low, share_high = wilson((mean - low) / (high - low) * P, P)
        return Interval(mean, low + share_low * (high - low), low + share_high * (high - low), S, P, basis)
    half = float(special.stdtrit(df, 0.5 + LEVEL / 2)) * math.sqrt(variance)
    return Interval(mean, max(low, mean - half), min(high, mean + half), S, P, basis)


def difference(first_S_P: Floats, second_S_P: Floats) -> Interval:
    """Return mean(first) - mean(second), paired by problem, seeds independent, with a Satterthwaite t interval."""
    (S, P), (other_S, other_P) = _shape(first_S_P), _shape(second_S_P)
    if other_P != P:
        raise UsageError(f"cannot pair {P} problems with {other_P}: both sides must be judged on the same problems")
    mean = float(first_S_P.mean() - second_S_P.mean())
    seeds, basis = min(S, other_S), _basis(min(S, other_S), P)
    if basis == "none":
        return Interval(mean, math.nan, math.nan, seeds, P, basis)
    ours, theirs = _terms(first_S_P), _terms(second_S_P)
    paired = float((first_S_P.mean(0) - second_S_P.mean(0)).var(ddof=1) / P) if P > 1 else 0.0
    seed_terms = [(ours.seeds, S), (theirs.seeds, other_S)]
    variance, df = _variance_and_df(seed_terms, paired, ours.shared + theirs.shared, P)
    if variance < 1e-24:
        low, high = _without_spread(two_way(first_S_P), two_way(second_S_P))
        return Interval(mean, low, high, seeds, P, basis, p=float(low <= 0 <= high))
    half = float(special.stdtrit(df, 0.5 + LEVEL / 2)) * math.sqrt(variance)
    p = 2 * float(special.stdtr(df, -abs(mean) / math.sqrt(variance)))
    return Interval(mean, max(-1.0, mean - half), min(1.0, mean + half), seeds, P, basis, p)


def _without_spread(first: Interval, second: Interval) -> tuple[float, float]:
    """Return Newcombe's interval of a difference of shares out of the intervals of both."""
    mean = first.mean - second.mean
    below = math.hypot(first.mean - first.low, second.high - second.mean)
    above = math.hypot(first.high - first.mean, second.mean - second.low)
    return mean - below, mean + above


def over_seeds(values_S: Sequence[float]) -> Interval:
    """Return the mean over seeds with a t interval: for numbers that have no problems to pair, such as rewards."""
    values = np.asarray(values_S, dtype=np.float64)
    S = len(values)
    if S == 0:
        return Interval(math.nan, math.nan, math.nan, 0, 1, "none")
    if S == 1:
        return Interval(float(values[0]), math.nan, math.nan, 1, 1, "none")
    half = float(special.stdtrit(S - 1, 0.5 + LEVEL / 2)) * float(values.std(ddof=1)) / math.sqrt(S)
    return Interval(float(values.mean()), float(values.mean()) - half, float(values.mean()) + half, S, 1, "seeds only")


def wilson(successes: float, trials: int) -> tuple[float, float]:
    """Return Wilson's interval for a share; it stays informative at 0 and at `trials` successes."""
    z = float(special.ndtri(0.5 + LEVEL / 2))
    share = successes / trials
    middle = (share + z**2 / (2 * trials)) / (1 + z**2 / trials)
    half = z / (1 + z**2 / trials) * math.sqrt(share * (1 - share) / trials + z**2 / (4 * trials**2))
    return max(0.0, middle - half), min(1.0, middle + half)


def iqm(cells: Sequence[Floats]) -> Interval:
    """Return the interquartile mean over cells x seeds of per-run means, with a bootstrap interval.

    One (S, P) array per cell, that is per (model, training task). Seeds and problems are resampled within each
    cell. After rliable (arXiv 2108.13264), whose strata are separately trained tasks, as cells are here.
    """
    rng = np.random.default_rng(SEED)
    runs = np.concatenate([cell.mean(1) for cell in cells])
    resampled = np.concatenate([_resampled_runs(rng, cell) for cell in cells], axis=1)
    low, high = np.quantile(stats.trim_mean(resampled, 0.25, axis=1), [0.5 - LEVEL / 2, 0.5 + LEVEL / 2])
    seeds, problems = min(len(cell) for cell in cells), min(cell.shape[1] for cell in cells)
    mean = float(stats.trim_mean(runs, 0.25))
    return Interval(mean, float(low), float(high), seeds, problems, _basis(seeds, problems))


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
    rng = np.random.default_rng(SEED)
    P = next(iter(ranked.values())).shape[1]
    weights_B_P = rng.multinomial(P, np.full(P, 1 / P), RESAMPLES) / P
    means = []
    for array in ranked.values():
        weights_B_S = rng.multinomial(len(array), np.full(len(array), 1 / len(array)), RESAMPLES) / len(array)
        means.append((weights_B_P @ array.T * weights_B_S).sum(1))
    ranks = stats.rankdata(-np.round(np.stack(means), 12), method="min", axis=0)
    place = stats.rankdata([-round(float(array.mean()), 12) for array in ranked.values()], method="min")
    tails = np.quantile(ranks, [0.5 - LEVEL / 2, 0.5 + LEVEL / 2], axis=1, method="inverted_cdf")
    return {name: (int(place[i]), int(tails[0, i]), int(tails[1, i])) for i, name in enumerate(ranked)}


def _shape(scores_S_P: Floats) -> tuple[int, int]:
    if scores_S_P.ndim != 2 or not scores_S_P.size:
        raise UsageError(f"scores must be seeds x problems and not empty, but have shape {scores_S_P.shape}")
    return scores_S_P.shape[0], scores_S_P.shape[1]
