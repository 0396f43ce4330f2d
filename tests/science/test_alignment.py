"""Gain against alignment on priors whose answer is known: those that sharpen follow the forecast, others do not."""

import math

import numpy as np
import pytest
from records import fabricate

from urlvr_bench.records.measured import Eval
from urlvr_bench.records.schema import Record
from urlvr_bench.science.alignment import Criteria, line, points, turn, verdict, verdicts
from urlvr_bench.studies import definition

CRITERIA = Criteria.model_validate(definition.load("alignment").criteria)
SHARES = (0.0, 0.1, 0.2, 0.3, 0.45, 0.6, 0.8)
PROBLEMS, SAMPLES, LEAD = 20, 16, 12


def judged(step: int, rights: list[int]) -> Eval:
    """Return an evaluation of problems with two answers, of which the right one is given so many times."""
    votes = [tuple(sorted(((n, True), (SAMPLES - n, False)), reverse=True)) for n in rights]
    kept = [tuple(pair for pair in row if pair[0]) for row in votes]
    none = [0] * len(rights)
    return Eval(step=step, task="chain", n=SAMPLES, correct=rights, truncated=none, unparsed=none, votes=kept, tokens=1)


def trained(share: float, name: str, strength: float, method: str = "majority_vote") -> Record:
    """Return a run of a prior that is wrong on a share of its problems, which training sharpens, blunts or leaves."""
    wrong = round(share * PROBLEMS)
    start = [SAMPLES - LEAD] * wrong + [LEAD] * (PROBLEMS - wrong)
    end = [round(n + strength * (LEAD - SAMPLES / 2) * (1 if n > SAMPLES / 2 else -1)) for n in start]
    base = fabricate(method, steps=4, every=4, problems=PROBLEMS, samples=SAMPLES, model=name)
    columns = {"reward_auc": [1 - share] * 4, "mixed_groups": [1.0] * 4}
    steps = base.steps.model_copy(update=columns)
    return base.model_copy(update={"evals": [judged(0, start), judged(4, end)], "steps": steps})


def dial(strength: float, method: str = "majority_vote") -> list[Record]:
    """Return a run for each position of the dial, built twice."""
    return [trained(share, f"{build}-{share}", strength, method) for build in "ab" for share in SHARES]


def test_a_reward_that_sharpens_follows_the_forecast() -> None:
    (found,) = verdicts(dial(1.0), CRITERIA)
    assert (found.method, found.step, found.priors) == ("majority_vote", 4, 14)
    assert found.order.value == pytest.approx(1.0)
    assert found.turn.value == pytest.approx(0.5) and found.turn.holds(0.5)
    assert found.forecast_turn == pytest.approx(0.5)
    assert found.slope.value == pytest.approx(1.0)
    assert found.auc == pytest.approx(1 - np.mean(SHARES)) and found.follows


@pytest.mark.parametrize(("strength", "kept"), [(-1.0, ()), (0.0, ()), (0.25, ("ordered", "turned"))])
def test_one_that_blunts_or_hardly_moves_does_not(strength: float, kept: tuple[str, ...]) -> None:
    (found,) = verdicts(dial(strength), CRITERIA)
    assert tuple(name for name in ("ordered", "turned", "sized") if getattr(found, name)) == kept
    assert not found.follows


def test_one_that_loses_everything_keeps_no_turn() -> None:
    frame = points(dial(1.0))
    frame["gain"] = frame["gain"] - 0.6
    found = verdict(frame, CRITERIA)
    assert found.ordered and found.sized and not found.turned and found.turn.value > 1


def test_a_point_is_what_its_evaluations_say() -> None:
    row = points([trained(0.3, "p", 1.0)]).iloc[0]
    assert row["alignment"] == pytest.approx(0.7) and row["start"] == pytest.approx(0.7 * 0.75 + 0.3 * 0.25)
    assert row["forecast"] == pytest.approx(0.7 - row["start"]) == pytest.approx(row["gain"])
    assert row["gain_low"] < row["gain"] < row["gain_high"] and row["basis"] == "problems only"


def test_lines_and_turns() -> None:
    x = np.array([0.2, 0.4, 0.8])
    assert line(x, 3 * x - 1.5) == pytest.approx((-1.5, 3.0)) and turn(x, 3 * x - 1.5) == pytest.approx(0.5)
    assert math.isnan(turn(x, -x)) and math.isnan(turn(np.full(3, 0.5), x))
