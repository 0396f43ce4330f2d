"""The contract of every stopping rule: it reads no label and no future, and takes any numbers that a run may log."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from urlvr_bench import protocol
from urlvr_bench.errors import UsageError
from urlvr_bench.records.measured import Steps
from urlvr_bench.stopping import known
from urlvr_bench.stopping.rule import FIRST_VOTES, LABEL_FREE, LOGGED, RULES, StopRule, rule
from urlvr_bench.training.rollout_metrics import LABELLED

EVERY = pytest.mark.parametrize("each", RULES.values(), ids=RULES)
VALUES = st.none() | st.floats() | st.floats(0, 1) | st.sampled_from([0.0, 1.0])
"""Whatever a column may hold, NaN and infinities among it."""


@st.composite
def series(draw: st.DrawFn, name: str, most: int = 60) -> dict[str, list[Any]]:
    steps = draw(st.integers(0, most))
    return {
        column: list(range(1, steps + 1))
        if column == "step"
        else draw(st.lists(VALUES, min_size=steps, max_size=steps))
        for column in known.load(name).reads
    }


def test_every_column_of_steps_is_either_label_free_or_needs_labels() -> None:
    assert set(LOGGED).isdisjoint(LABELLED) and set(LOGGED) | set(LABELLED) == set(Steps.model_fields)
    assert set(LABEL_FREE) - set(LOGGED) == {FIRST_VOTES}


@EVERY
def test_a_rule_says_what_it_is(each: StopRule) -> None:
    assert each.about.endswith(".") and each.source and set(each.reads) <= set(LABEL_FREE)
    assert all(each.defaults[key] in values for key, values in each.tried.items())
    assert known.asked(each.spec()) == (each, each.defaults)


@EVERY
def test_labels_cannot_reach_a_rule(each: StopRule) -> None:
    seen: list[set[str]] = []

    def spy(columns: dict[str, Any], **params: float) -> Any:
        seen.append(set(columns))
        return each.shows(columns, **params)

    columns = {name: [0.5] * 30 for name in (*LABEL_FREE, *LABELLED)} | {"step": list(range(1, 31))}
    spied = StopRule(**{**vars(each), "shows": spy})
    without = {name: column for name, column in columns.items() if name not in LABELLED}
    assert (spied.flags(columns) == each.flags(without)).all()
    assert seen == [set(each.reads)]


def test_a_rule_that_asks_for_a_label_is_refused() -> None:
    for column in LABELLED:
        with pytest.raises(UsageError, match="unknown label-free column"):
            rule(column, source="nobody", tried={})


@EVERY
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_any_series_gets_the_same_answer_twice_and_its_future_does_not_change_it(each: StopRule, data: Any) -> None:
    columns = data.draw(series(each.name))
    params = data.draw(st.sampled_from(each.choices()))
    flags = each.flags(columns, params)
    steps = len(columns[each.reads[0]])
    assert flags.shape == (steps,) and (each.flags(columns, params) == flags).all()
    for end in range(steps + 1):
        assert (each.flags({name: column[:end] for name, column in columns.items()}, params) == flags[:end]).all()
    first = each.first(columns, params)
    assert first == next((step + 1 for step, shown in enumerate(flags) if shown), None)


STEPS = 120
FALLING = np.linspace(1.0, 0.02, STEPS).tolist()
RISING = np.linspace(0.02, 1.2, STEPS).tolist()
RISEN = np.minimum(1.0, np.linspace(0.0, 4.0, STEPS)).tolist()


@pytest.mark.parametrize(
    ("name", "moving", "still"),
    [
        ("distinct_answers", {"distinct_answers": FALLING}, {"distinct_answers": [4.0] * STEPS}),
        ("entropy", {"entropy": FALLING}, {"entropy": [0.5] * STEPS}),
        ("entropy", {"entropy": FALLING}, {"entropy": [0.0] * STEPS}),  # nothing to lose
        ("vote_saturation", {"majority_ratio": RISING}, {"majority_ratio": [0.7] * STEPS}),
        ("first_votes", {"first_votes": [None, *FALLING[1:]]}, {"first_votes": [None, *[1.1] * (STEPS - 1)]}),
        ("proxy_plateau", {"proxy_reward": RISEN}, {"proxy_reward": RISING}),
        ("length_drift", {"length": RISING}, {"length": [7.0] * STEPS}),
        ("length_drift", {"length": FALLING}, {"length": [0.0] * STEPS}),
        ("kl_budget", {"kl_to_start": [None, *RISING[1:]]}, {"kl_to_start": [None] * STEPS}),
        (
            "combined",
            {"distinct_answers": FALLING, "entropy": FALLING, "kl_to_start": [None] * STEPS},
            {"distinct_answers": FALLING, "entropy": [0.5] * STEPS, "kl_to_start": [None] * STEPS},
        ),
    ],
)
def test_a_rule_ends_a_run_that_shows_its_sign_and_no_other(name: str, moving: Any, still: Any) -> None:
    found = known.load(name)
    assert found.first(moving) is not None and found.first(still) is None
    assert found.first({column: values[:2] for column, values in moving.items()}) is None  # no full window yet


def test_a_fixed_length_ends_at_its_step() -> None:
    found = known.load("fixed_length")
    assert found.first({"step": list(range(1, 31))}, {"steps": 12}) == 12
    assert found.first({"step": list(range(1, 31))}, {"steps": 31}) is None


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("entropi", "did you mean 'entropy'"),
        ("entropy(bound=1)", "unknown parameter of entropy 'bound'"),
        ("entropy(share=-1)", "share='-1' is no number above 0"),
        ("combined(votes=1.5)", "votes='1.5' is no whole number above 0"),
        ("entropy(share=nan)", "is no number above 0"),
        ("entropy share", "does not read as name"),
        ("first_votes", "evaluations, which are made when the training is over; choose one of fixed_length"),
    ],
)
def test_what_cannot_be_asked_for_is_said_in_one_line(spec: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        known.stated(spec)
    assert said in str(caught.value) and "\n" not in str(caught.value)


def test_a_rule_is_stated_with_all_of_its_parameters() -> None:
    assert known.stated("proxy_plateau(patience=7)") == "proxy_plateau(patience=7, least=0.05)"
    assert known.stated(known.stated("combined")) == known.stated("combined")
    assert math.isclose(known.asked("entropy(share=0.25)").params["share"], 0.25)


@pytest.mark.parametrize(("rule", "every"), [("kl_budget", "0"), ("combined", "0"), ("kl_budget", "4")])
def test_a_rule_whose_column_is_not_measured_is_refused(rule: str, every: str) -> None:
    asked = {"stop_rule": known.stated(rule), "kl_every": every}
    with pytest.raises(UsageError, match=f"reads the KL to the start, which kl_every={every} leaves out"):
        protocol.load("smoke", asked)
    assert protocol.load("smoke", {**asked, "kl_every": "3"}).training.stop_rule
    assert protocol.load("smoke", {**asked, "stop_rule": known.stated("entropy")}).training.stop_rule
