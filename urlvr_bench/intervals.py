"""Intervals and tests for a benchmark of training methods, where every seed's policy answers the same problems.

The unit of replication is the training run. Arrays are (S, P): one row per seed, one column per problem.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import special

from urlvr_bench.errors import UsageError

LEVEL = 0.95
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


def basis_of(S: int, P: int) -> Basis:
    """Return what an interval over S seeds and P problems rests on."""
    if S > 1:
        return "seeds x problems" if P > 1 else "seeds only"
    return "problems only" if P > 1 else "none"


def two_way(scores_S_P: Floats, bounds: tuple[float, float] = (0.0, 1.0)) -> Interval:
    """Return the mean of one method over new seeds and new problems, with a Satterthwaite t interval.

    Scores without any spread (all 0 or all 1) get Wilson's interval for as many trials as there are problems, which
    is on the safe side.
    """
    S, P = _shape(scores_S_P)
    mean, basis = float(scores_S_P.mean()), basis_of(S, P)
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
    seeds, basis = min(S, other_S), basis_of(min(S, other_S), P)
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


def over_seeds(values_S: Sequence[float], bounds: tuple[float, float] = (0.0, 1.0)) -> Interval:
    """Return the mean over seeds with a t interval: for numbers that have no problems to pair, such as rewards."""
    values = np.asarray(values_S, dtype=np.float64)
    S = len(values)
    if S == 0:
        return Interval(math.nan, math.nan, math.nan, 0, 1, "none")
    if S == 1:
        return Interval(float(values[0]), math.nan, math.nan, 1, 1, "none")
    half = float(special.stdtrit(S - 1, 0.5 + LEVEL / 2)) * float(values.std(ddof=1)) / math.sqrt(S)
    mean = float(values.mean())
    return Interval(mean, max(bounds[0], mean - half), min(bounds[1], mean + half), S, 1, "seeds only")


def wilson(successes: float, trials: int) -> tuple[float, float]:
    """Return Wilson's interval for a share; it stays informative at 0 and at `trials` successes."""
    z = float(special.ndtri(0.5 + LEVEL / 2))
    share = successes / trials
    middle = (share + z**2 / (2 * trials)) / (1 + z**2 / trials)
    half = z / (1 + z**2 / trials) * math.sqrt(share * (1 - share) / trials + z**2 / (4 * trials**2))
    return max(0.0, middle - half), min(1.0, middle + half)


def _shape(scores_S_P: Floats) -> tuple[int, int]:
    if scores_S_P.ndim != 2 or not scores_S_P.size:
        raise UsageError(f"scores must be seeds x problems and not empty, but have shape {scores_S_P.shape}")
    return scores_S_P.shape[0], scores_S_P.shape[1]
