"""Made-up benchmarks whose truth is known: how often an interval holds it is counted over many of them."""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, partial

import numpy as np
from numpy.random import Generator
from scipy import stats

from urlvr_bench.statistics.collapse import logrank, survival
from urlvr_bench.statistics.intervals import Floats, Interval, over_seeds, two_way
from urlvr_bench.statistics.metrics import pass_at_k
from urlvr_bench.statistics.passing import pass_intervals
from urlvr_bench.statistics.ranking import holm, resampled, standings

PROBLEMS, SAMPLES = 128, 16
WOBBLE = 0.3
"""Standard deviation, on the logit, of a seed's own way with a problem."""
Held = dict[str, bool | None]
"""By kind of interval: whether it held the truth, None where it was not given."""


@dataclass(frozen=True)
class Case:
    """One simulated situation; `draw` makes one data set and says which intervals held."""

    question: str
    setting: str
    seeds: int
    draw: Callable[[Generator], Held]

    @property
    def key(self) -> str:
        """What tells the case from all others."""
        return f"{self.question} | {self.setting} | {self.seeds}"


def cases() -> Iterator[Case]:
    """Yield all cases, in the order of the page."""
    for kind in ("mixed", "even"):
        for tau in (0.0, 0.3, 1.0, 2.0):
            for seeds in (1, 3, 5, 10):
                yield Case("mean", f"{kind}, seeds {tau:g}", seeds, partial(_mean, kind, tau, seeds))
            for k in (4, 16):
                for seeds in (3, 5, 10):
                    draw = partial(_pass, kind, tau, k, seeds)
                    yield Case("pass", f"pass@{k}, {kind}, seeds {tau:g}", seeds, draw)
    for share in (0.05, 0.1, 0.2, 0.5, 0.8):
        for seeds in (3, 5, 10):
            yield Case("parts", f"{share:.0%} of the runs fall", seeds, partial(_parts, share, seeds))
    for change in ("none", "to 0.98", "to 0.03"):
        for tau in (0.0, 0.5, 1.5):
            for seeds in (2, 3, 5):
                yield Case("gain", f"{change}, seeds {tau:g}", seeds, partial(_gain, change, tau, seeds))
    for censored in (0.0, 0.2, 0.45):
        for seeds in (5, 8, 12):
            yield Case("median", f"{censored:.0%} never collapse", seeds, partial(_median, censored, seeds))
    for gap in (0.1, 0.3):
        for seeds in (3, 5, 10):
            yield Case("rank", f"five methods {gap:g} apart", seeds, partial(_rank, gap, seeds))
    yield Case("log-rank", "20 methods that fall as noise does", 5, partial(_log_rank, 20, 5))
    for rho in (0.5, 0.8, 0.95):
        yield Case("correlation", f"rank correlation {rho:g}", 6, partial(_correlation, rho, 6))


def _logits(rng: Generator, kind: str, shape: tuple[int, int], tau: float) -> Floats:
    """Return (S, P) logits of a right answer: problems from hard to easy (`mixed`) or all alike at 0.8 (`even`)."""
    S, P = shape
    shares = np.clip(rng.beta(0.7, 0.7, P), 1e-3, 1 - 1e-3) if kind == "mixed" else np.full(P, 0.8)
    found: Floats = np.log(shares / (1 - shares)) + rng.normal(0, tau, (S, 1)) + rng.normal(0, WOBBLE, (S, P))
    return found


def _right(rng: Generator, logits: Floats) -> Floats:
    return rng.binomial(SAMPLES, 1 / (1 + np.exp(-logits))).astype(np.float64)


@cache
def _truth(kind: str, tau: float, k: int) -> float:
    """Return the mean pass@k over endless seeds and problems, by a large sample of its own."""
    rng, draws = np.random.default_rng(7), 2_000_000
    shares = np.clip(rng.beta(0.7, 0.7, draws), 1e-3, 1 - 1e-3) if kind == "mixed" else np.full(draws, 0.8)
    logits = np.log(shares / (1 - shares)) + rng.normal(0, math.hypot(tau, WOBBLE), draws)
    return float((1 - (1 - 1 / (1 + np.exp(-logits))) ** k).mean())


def _holds(found: Interval, truth: float) -> bool | None:
    return None if math.isnan(found.low) else bool(found.low <= truth <= found.high)


def _mean(kind: str, tau: float, S: int, rng: Generator) -> Held:
    scores = _right(rng, _logits(rng, kind, (S, PROBLEMS), tau)) / SAMPLES
    return {"shown": _holds(two_way(scores), _truth(kind, tau, 1))}


def _pass(kind: str, tau: float, k: int, S: int, rng: Generator) -> Held:
    right = _right(rng, _logits(rng, kind, (S, PROBLEMS), tau))
    by_k = {size: pass_at_k(SAMPLES, right, size) for size in (1, k)}
    truth = _truth(kind, tau, k)
    return {"t": _holds(two_way(by_k[k]), truth), "shown": _holds(pass_intervals(by_k)[-1], truth)}


def _parts(share: float, S: int, rng: Generator) -> Held:
    fell = rng.random(S) < share
    means = np.where(fell, 0.30, 0.99)
    scores = rng.binomial(SAMPLES, means[:, None], (S, PROBLEMS)) / SAMPLES
    found, counted = two_way(scores), survival([1 if one else None for one in fell], [2] * S)
    group = None if fell.any() else _holds(found, 0.99)
    return {
        "t of all runs": _holds(over_seeds(scores.mean(1), (-math.inf, math.inf)), 0.99 - 0.69 * share),
        "mean of runs that all held": group,
        "share that falls": counted.share_low <= share <= counted.share_high,
    }


def _gain(change: str, tau: float, S: int, rng: Generator) -> Held:
    ends = {"none": 0.6, "to 0.98": 0.98, "to 0.03": 0.03}[change]
    before = rng.binomial(SAMPLES, np.full((S, PROBLEMS), 0.6)) / SAMPLES
    middle = math.log(ends / (1 - ends))
    after = _right(rng, middle + rng.normal(0, tau, (S, 1)) + rng.normal(0, WOBBLE, (S, PROBLEMS))) / SAMPLES
    return {"shown": _holds(two_way(after - before, (-1.0, 1.0)), _logit_normal(middle, math.hypot(tau, WOBBLE)) - 0.6)}


@cache
def _logit_normal(middle: float, spread: float) -> float:
    """Return the mean of the logistic function over a normal distribution, by Gauss-Hermite quadrature."""
    at, weight = np.polynomial.hermite_e.hermegauss(80)
    return float((1 / (1 + np.exp(-(middle + spread * at))) * weight).sum() / weight.sum())


def _median(censored: float, S: int, rng: Generator) -> Held:
    """Steps of collapse are log-normal around 100; runs end where the wanted share has not yet collapsed."""
    last = round(100 * math.exp(0.5 * stats.norm.ppf(1 - censored))) if censored else 10**6
    drawn = np.ceil(100 * np.exp(rng.normal(0, 0.5, S))).astype(int)
    found = survival([int(step) if step <= last else None for step in drawn], [last] * S)
    if found.median is None and found.low is None:
        return {"shown": None}
    return {"shown": (found.low or 0) <= 101 and (math.inf if found.high is None else found.high) >= 100}


def _rank(gap: float, S: int, rng: Generator) -> Held:
    """Five methods, each `gap` on the logit above the next: the rank of the third, and whether the best one leads."""
    difficulty = rng.normal(0, 1.8, PROBLEMS)
    scores = {
        f"m{i}": _right(rng, difficulty - gap * i + rng.normal(0, 0.3, (S, 1)) + rng.normal(0, WOBBLE, (S, PROBLEMS)))
        / SAMPLES
        for i in range(5)
    }
    as_drawn, one_fewer, shown = resampled(scores, fewer=0), resampled(scores), standings(scores)
    kinds: Mapping[str, Mapping[str, object]] = {"S drawn": as_drawn, "S - 1 drawn": one_fewer, "shown": shown}
    held: Held = {name: _holds_rank(found, "m2", 3) for name, found in kinds.items()}
    return held | {"best is marked `=`": shown["m0"].leads}


def _holds_rank(found: Mapping[str, object], name: str, rank: int) -> bool:
    standing = found[name]
    return bool(standing.low <= rank <= standing.high)  # type: ignore[attr-defined]


def _log_rank(methods: int, S: int, rng: Generator) -> Held:
    """Whether no test of methods that fall just as noise does is significant."""
    noise, *others = ([int(step) for step in np.ceil(100 * np.exp(rng.normal(0, 0.5, S)))] for _ in range(methods + 1))
    found = [logrank(steps, noise, 10**6) for steps in others]
    return {"each at 5 %": min(found) > 0.05, "shown (Holm)": min(holm(found)) > 0.05}


def _correlation(rho: float, models: int, rng: Generator) -> Held:
    """Percentile bootstrap over models that are independent, which checkpoints of one run are not."""
    pearson = 2 * math.sin(math.pi * rho / 6)
    points = rng.multivariate_normal([0, 0], [[1, pearson], [pearson, 1]], models)
    ranks = stats.rankdata(points[rng.integers(0, models, (500, models))], axis=1)
    apart = ranks - ranks.mean(1, keepdims=True)
    size = np.sqrt((apart[..., 0] ** 2).sum(1) * (apart[..., 1] ** 2).sum(1))
    drawn = (apart[..., 0] * apart[..., 1]).sum(1)[size > 0] / size[size > 0]
    low, high = np.quantile(drawn, [0.025, 0.975])
    return {"bootstrap (not shown)": bool(low <= rho <= high)}
