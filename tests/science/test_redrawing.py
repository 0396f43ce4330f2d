"""Intervals over priors: they hold the truth about as often as they say, and pre-trainings are redrawn whole."""

import math

import numpy as np
import pytest

from urlvr_bench.science.correlation import correlation, correlations
from urlvr_bench.science.redrawing import Redrawn, families_redrawn, priors_redrawn, redrawn


def test_the_interval_of_a_rank_correlation_holds_the_truth() -> None:
    """Normal pairs with a Pearson correlation of .9 have a Spearman one of 6/pi asin(.45)."""
    rng, truth = np.random.default_rng(1), 6 / math.pi * math.asin(0.9 / 2)
    held = 0
    for _ in range(120):
        x = rng.normal(size=15)
        y = 0.9 * x + math.sqrt(1 - 0.81) * rng.normal(size=15)
        draws = priors_redrawn(15, rng, 200)
        found = redrawn(lambda at, x=x, y=y: correlations(x[at], y[at]), 15, draws)  # type: ignore[misc]
        held += found.holds(truth)
    assert 0.85 <= held / 120 <= 0.99


def test_whole_pre_trainings_are_redrawn() -> None:
    families = ["a", "a", "b", "b", "b"]
    stacks = families_redrawn(families, np.random.default_rng(0), 50)
    assert sum(map(len, stacks)) == 50
    for places in (row for stack in stacks for row in stack):
        drawn = [families[place] for place in places]
        assert drawn.count("a") % 2 == 0 and drawn.count("b") % 3 == 0 and len(drawn) in (4, 5, 6)
        assert set(places) in ({0, 1}, {2, 3, 4}, {0, 1, 2, 3, 4})


def test_checkpoints_that_are_copies_widen_only_the_interval_over_pre_trainings() -> None:
    """Four pre-trainings with three equal checkpoints each are four observations, not twelve."""
    rng = np.random.default_rng(3)
    x = np.repeat(np.arange(4.0), 3)
    y = np.repeat([0.0, 2.0, 1.0, 3.0], 3)
    statistic = lambda at: correlations(x[at], y[at])  # noqa: E731
    alone = redrawn(statistic, 12, priors_redrawn(12, rng, 500))
    whole = redrawn(statistic, 12, families_redrawn([f"{int(one)}" for one in x], rng, 500))
    assert whole.high - whole.low > 1.5 * (alone.high - alone.low)


def test_no_interval_where_most_draws_have_no_number() -> None:
    draws = priors_redrawn(4, np.random.default_rng(0), 99)
    found = redrawn(lambda at: np.where([len(set(row)) < 4 for row in at], math.nan, 1.0), 4, draws)
    assert found.value == 1.0 and math.isnan(found.low) and not found.is_positive and not found.holds(1.0)
    assert str(found) == "1.00" and str(Redrawn(0.5, 0.25, 0.75)) == "0.50 [0.25, 0.75]"
    assert str(Redrawn(math.nan, math.nan, math.nan)) == "—"


@pytest.mark.parametrize("draws", [1, 7])
def test_draws_are_as_many_as_asked_for_and_seeded(draws: int) -> None:
    first, second = (priors_redrawn(6, np.random.default_rng(5), draws) for _ in range(2))
    assert first[0].shape == (draws, 6) and (first[0] == second[0]).all()


def test_many_correlations_at_once_are_those_of_each() -> None:
    rng = np.random.default_rng(2)
    x, y = rng.integers(0, 4, (30, 7)).astype(float), rng.normal(size=(30, 7))
    x[3] = 1.0
    for kind in ("spearman", "pearson"):
        each = [correlation(a, b, kind) for a, b in zip(x, y, strict=True)]  # type: ignore[arg-type]
        assert correlations(x, y, kind) == pytest.approx(each, nan_ok=True)  # type: ignore[arg-type]
        assert math.isnan(each[3]) and not math.isnan(each[4])
