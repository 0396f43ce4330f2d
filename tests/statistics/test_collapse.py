"""Collapse: definitions by hand, censoring, Kaplan-Meier and log-rank, rise and fall."""

import itertools
import math

import numpy as np
import pytest
from records import fabricate
from scipy import stats

from urlvr_bench.errors import UsageError
from urlvr_bench.statistics import logrank as module
from urlvr_bench.statistics.collapse import (
    DEFINITIONS,
    HEADLINE,
    LABELS_LOST,
    PAPER,
    censored,
    eval_curve,
    first_below,
    rise_and_fall,
    smooth,
    step_curve,
    survival,
)
from urlvr_bench.statistics.logrank import logrank


@pytest.mark.parametrize(
    ("series", "window", "expected"),
    [
        ([0.5, 0.0, 0.5, 0.0], 1, 2),
        ([0.5, 0.0, 0.5, 0.0, 0.0], 2, 5),  # the mean of steps 4 and 5
        ([0.5, 0.01, 0.01], 1, None),  # at the threshold is not below it
        ([0.0, 0.0, 0.0], 3, 3),  # no window is full before step 3
        ([0.0, 0.0], 3, None),
        ([], 1, None),
    ],
)
def test_first_step_below(series: list[float], window: int, expected: int | None) -> None:
    assert first_below(series, 0.01, window) == expected


def test_smoothing_is_trailing_and_needs_a_window() -> None:
    assert smooth([1, 2, 3, 4], 2).tolist() == [1.5, 2.5, 3.5]
    assert np.array_equal(smooth([1, None, 3, None, None], 2), [1, 3, 3, math.nan], equal_nan=True)
    with pytest.raises(UsageError, match="0 steps"):
        smooth([1], 0)


def test_definitions_on_a_record() -> None:
    record = fabricate("majority_vote", collapse_at=20)
    never = fabricate("majority_vote")
    assert PAPER.step(record) == next(s for s, share in enumerate(record.steps.reward_accuracy, 1) if share < 0.01)
    assert HEADLINE.step(record) < LABELS_LOST.step(record)
    assert [definition.step(never) for definition in DEFINITIONS] == [None] * 3


def test_reward_accuracy_defines_collapse_for_binary_rewards_only() -> None:
    real_valued = fabricate("token_entropy", collapse_at=20)
    assert [definition.applies(real_valued) for definition in (HEADLINE, LABELS_LOST, PAPER)] == [True, True, False]
    assert PAPER.applies(fabricate("majority_vote"))


def test_a_run_that_starts_below_the_line_cannot_fall_below_it() -> None:
    weak = fabricate("majority_vote", base=0.02, peak=0.04)
    assert HEADLINE.step(weak) is not None and not HEADLINE.applies(weak)


@pytest.mark.parametrize(
    ("steps", "text"),
    [
        ([148, 120, None], "2/3 seeds at 120, 148, censored at 200"),  # no median of three runs, no interval of two
        ([120, None, None], "1/3 seeds at 120, censored at 200"),
        ([None, None, None], "0/3 seeds (< 56 %), censored at 200"),
        ([None] * 5, "0/5 seeds (< 43 %), censored at 200"),
        ([120, 148, 160], "3/3 seeds at 120, 148, 160"),
        ([120], "step 120"),
        ([None], "none by step 200"),
        ([100, 110, 120, None, None], "3/5 seeds, median 120 [100, -), censored at 200"),
        ([100, None, None, None, None], "1/5 seeds, median not reached [100, -), censored at 200"),
        ([100, 110, 120, 130, 140, 150, 160, 170, 180, 190], "10/10 seeds, median 145 [100, 170]"),
    ],
)
def test_survival_in_words(steps: list[int | None], text: str) -> None:
    assert str(survival(steps, [200] * len(steps))) == text


def test_median_counts_the_censored() -> None:
    """Averaging the collapsed alone would say 30 here; half of the runs were still well at step 50."""
    found = survival([10, 50, None, None], [200, 200, 60, 200])
    assert (found.median, found.censored_at, found.low) == (50, 60, None)
    # Leaving at 30, before the event at 50, the third run no longer counts among those at risk: 3/4 * 1/2 <= 1/2.
    assert survival([10, 50, None, None], [200, 200, 30, 200]).median == 50
    assert survival([10, None, None, None], [200] * 4).median is None


def test_the_median_of_an_even_number_is_in_the_middle() -> None:
    assert survival([28, 51], [200] * 2).median == 39.5
    assert survival([28, None], [200] * 2).median == 28  # the other step is not known


def test_share_has_wilsons_interval() -> None:
    found = survival([None] * 3, [200] * 3)
    assert found.share_low == 0
    assert found.share_high == pytest.approx(0.5615, abs=1e-4)


def test_logrank_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    # Events at 10, 20, 30 in the first set of 3, none in the second: observed 3, expected 3/6 + 2/5 + 1/4.
    expected, variance = 1.15, 0.25 + 0.24 + 0.1875
    z = (3 - expected) / math.sqrt(variance)
    assert logrank([10, 20, 30], [None] * 3, 200) == pytest.approx(2 / 20)  # the furthest of 20 ways, and its mirror
    monkeypatch.setattr(module, "EXACT", 0)
    assert logrank([10, 20, 30], [None] * 3, 200) == pytest.approx(math.erfc(z / math.sqrt(2)))
    assert math.isnan(logrank([None, None], [None, None], 200))
    assert math.isnan(logrank([10], [None, None, None], 200))


def test_the_exact_logrank_test_parts_the_runs_in_every_way() -> None:
    """Against scipy's statistic, computed anew for each of the 252 ways; ties and censored runs included."""
    first, second = [30, 40, 40, None, 90], [35, None, None, 40, None]
    together = [*first, *second]

    def statistic(chosen: tuple[int, ...]) -> float:
        others = [i for i in range(10) if i not in chosen]
        sides = [censored([together[i] for i in side], [200] * 5) for side in (chosen, others)]
        return abs(float(stats.logrank(*sides).statistic))

    found = [statistic(chosen) for chosen in itertools.combinations(range(10), 5)]
    assert logrank(first, second, 200) == pytest.approx(np.mean(np.array(found) >= found[0] - 1e-9))


def test_rise_and_fall_by_hand() -> None:
    found = rise_and_fall([0, 10, 20, 30], [0.5, 0.9, 0.9, 0.1])
    assert (found.base, found.peak, found.peak_step, found.final) == (0.5, 0.9, 10, 0.1)
    assert found.area == pytest.approx((2.0 + 4.0 + 0.0) / 30)
    assert rise_and_fall([0], [0.5]).area == 0


def test_curves_start_where_they_are_known() -> None:
    record = fabricate(collapse_at=20, steps=40, every=10, ood=["long"])
    steps, values = eval_curve(record)
    assert steps == [0, 10, 20, 30, 40]
    assert values[0] == pytest.approx(sum(record.evals[0].correct) / (20 * 16))
    assert eval_curve(record, "long")[0] == [0, 40]
    steps, values = step_curve(record, "train_accuracy")
    assert (steps[0], steps[-1]) == (5, 40)
    assert values[0] == pytest.approx(sum(record.steps.train_accuracy[:5]) / 5)
    assert step_curve(fabricate(steps=3), "train_accuracy")[0].tolist() == [3]
