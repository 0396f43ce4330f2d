"""The coverage study: what it counts, that it goes on where it stopped, and that its file is of this code."""

import json
from pathlib import Path

import numpy as np
import pytest

from urlvr_bench.reports import coverage, simulations, statistics_docs
from urlvr_bench.reports.simulations import Case, cases

CHEAP = [case for case in cases() if case.question not in ("rank", "log-rank") and case.seeds in (3, 5, 6)]
FOUND = json.loads(coverage.PATH.read_text())


@pytest.mark.parametrize("case", CHEAP[::4], ids=lambda case: case.key)
def test_the_first_draws_give_what_the_file_says(case: Case) -> None:
    assert FOUND[case.key]["first"] == coverage.simulate(case, 0, coverage.FIRST)


def test_every_case_is_simulated_to_its_end() -> None:
    for case in cases():
        assert FOUND[case.key]["draws"] == coverage.DRAWS.get(case.question, coverage.MOST)


def test_a_study_that_was_stopped_goes_on_with_what_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    coin = [
        Case("mean", name, 3, lambda rng: {"shown": bool(rng.random() < 0.5), "t": None}) for name in ("done", "new")
    ]
    monkeypatch.setattr(coverage, "cases", lambda: iter(coin))
    done = {"draws": 1_000, "first": {}, "counts": {"shown": [1, 2]}}
    coverage.study({coin[0].key: done, "no longer there": done}, tmp_path / "coverage.json")
    found = json.loads((tmp_path / "coverage.json").read_text())
    assert found[coin[0].key] == done and set(found) == {case.key for case in coin}
    held, given = found[coin[1].key]["counts"]["shown"]
    assert given == 1_000 and 400 < held < 600
    assert found[coin[1].key]["counts"]["t"] == [0, 0]
    assert coverage.changed(found) == [coin[0].key]


def test_the_truths_are_those_of_an_independent_way() -> None:
    assert simulations._truth("even", 1.0, 1) == pytest.approx(
        simulations._logit_normal(np.log(4), np.hypot(1.0, simulations.WOBBLE)), abs=1e-3
    )
    assert simulations._truth("mixed", 0.0, 1) == pytest.approx(0.5, abs=2e-3)


def test_what_is_shown_holds_better_than_what_it_replaced() -> None:
    """pass@k near 1, ranks by S - 1 seeds, Holm: the reasons for the rules, as the file has them."""
    for key, case in ((case.key, case) for case in cases()):
        counts = {name: held / given for name, (held, given) in FOUND[key]["counts"].items() if given > 100}
        if case.question == "pass" and "shown" in counts:
            assert counts["shown"] > 0.84 and counts["shown"] > counts["t"] - 0.02
        if case.question == "rank":
            assert counts["shown"] >= counts["S - 1 drawn"] >= counts["S drawn"]
        if case.question == "log-rank":
            assert counts["shown (Holm)"] > 0.93 > counts["each at 5 %"]


def test_the_page_has_a_table_for_every_question() -> None:
    text = statistics_docs.PAGE.read_text()
    assert all(title in text for title, _ in statistics_docs.QUESTIONS.values())
    assert {case.question for case in cases()} == set(statistics_docs.QUESTIONS)
