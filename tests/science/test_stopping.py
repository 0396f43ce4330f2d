"""Stopping rules as docs/stopping.md judges them: on runs that chose nothing, and what a stop picks of a run."""

import re
from pathlib import Path

import numpy as np
import pytest
from records import fabricate

from urlvr_bench import protocol
from urlvr_bench.errors import UsageError
from urlvr_bench.records import record
from urlvr_bench.records.schema import Record
from urlvr_bench.reports.tables import table
from urlvr_bench.review.check import check
from urlvr_bench.science import stopping
from urlvr_bench.statistics.cells import cells
from urlvr_bench.statistics.metrics import accuracy
from urlvr_bench.statistics.stopped import label_free, picked_step
from urlvr_bench.statistics.summaries import pass_rows
from urlvr_bench.stopping.known import RECOMMENDED, load, names
from urlvr_bench.stopping.rule import FIRST_VOTES

RESULTS = Path(__file__).parents[2] / "results"
KL = {"budget": 0.3}
"""Fabricated runs have a KL of half a nat at their end, and so use this budget up at 60 % of their steps."""


def run(method: str = "majority_vote", seed: int = 0, **given: object) -> Record:
    return fabricate(method, seed=seed, steps=40, every=5, **given)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def choosers() -> list[stopping.Trained]:
    """Return the committed runs that choose."""
    (part,) = stopping.split().choose
    files = [file for file in record.find([RESULTS / part.protocol]) if file.parent.parent.name in part.tasks]
    wanted = [file for file in files if int(re.sub(r"\D", "", file.stem)) in part.seeds]
    return stopping.runs_of(record.read_files(wanted), (part,))


def test_no_run_both_chooses_and_judges() -> None:
    asked = stopping.split()
    for file in record.find([RESULTS / "pocket@1" / "pocket-6"]):
        protocol, task, seed = "pocket@1", file.parent.parent.name, int(file.stem.removeprefix("seed"))
        said = [part for part in (*asked.choose, *asked.judge) if part.protocol == protocol and not part.changed]
        held = [part for part in said if task in part.tasks and (not part.seeds or seed in part.seeds)]
        assert len(held) == 1, file


@pytest.mark.parametrize("name", names())
def test_the_parameters_of_a_rule_are_those_that_were_chosen(name: str, choosers: list[stopping.Trained]) -> None:
    assert stopping.chosen(load(name), choosers) == load(name).defaults


def test_the_recommended_rule_is_the_one_that_was_chosen(choosers: list[stopping.Trained]) -> None:
    assert stopping.recommended(choosers) == RECOMMENDED


def test_a_run_is_stopped_at_the_last_checkpoint_before_the_rule_says_so() -> None:
    one = run(collapse_at=40)
    end = load("kl_budget").first(label_free(one), KL)
    assert end == 24 and picked_step(one, load("kl_budget"), KL) == 20
    assert picked_step(one, load("kl_budget"), {"budget": 9.0}) == 40
    assert picked_step(one, load("fixed_length"), {"steps": 4}) == 0


def cut(whole: Record, spec: str, last: int) -> Record:
    """Return a run as if its protocol had had a stopping rule and it had ended at a step."""
    training = whole.protocol.training.model_copy(update={"stop_rule": spec})
    protocol = whole.protocol.model_copy(update={"training": training})
    values = whole.model_dump() | {"protocol": protocol.model_dump(), "protocol_hash": protocol.hash()}
    values |= {"overrides": {"stop_rule": spec}}
    values["steps"] = {name: column and column[:last] for name, column in values["steps"].items()}
    values["timing"] = {name: column[:last] for name, column in values["timing"].items()}
    kept = [one for one in values["evals"] if one["step"] < last]
    values["evals"] = [*kept, {**values["evals"][-1], "step": last}]
    return Record.model_validate(values)


def test_a_run_that_ended_by_its_rule_is_a_record_and_one_that_ended_elsewhere_fails_the_check(tmp_path: Path) -> None:
    spec = load("kl_budget").spec(KL)
    for seed, last in enumerate((24, 23)):
        one = cut(run(seed=seed), spec, last)
        record.write(one, tmp_path / one.path)
    found = [finding for finding in check(tmp_path) if spec in finding.problem]
    assert [(each.path.stem, each.problem) for each in found] == [("seed1", f"ends at step 23 of 40 without {spec}")]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("kl_budget", "say all parameters of the rule: kl_budget(budget=0.3)"),
        ("kl(budget=1)", "did you mean 'kl_budget'"),
        ("first_votes(loss=0.05)", "choose one of"),
    ],
)
def test_a_protocol_names_a_rule_in_full(given: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        protocol.load("pocket", {"stop_rule": given})
    assert said in str(caught.value)


def test_labels_do_not_move_a_stop() -> None:
    one = run(collapse_at=40)
    labelled = {"train_accuracy", "label_accuracy", "reward_accuracy", "reward_auc", "mixed_groups", "pass_at_group"}
    assert labelled.isdisjoint(label_free(one))
    columns = one.steps.model_dump() | {name: [None] * 40 for name in labelled}
    blind = one.model_copy(update={"steps": type(one.steps)(**columns)})
    assert label_free(blind) == label_free(one)


def test_first_votes_are_followed_from_step_0_on() -> None:
    one = run()
    assert set(label_free(one)[FIRST_VOTES]) == {None}  # older records do not follow them
    shares = {0: 8, 5: 16, 10: 4}
    evals = [each.model_copy(update={"initial": [shares.get(each.step, 8)] * len(each.correct)}) for each in one.evals]
    column = label_free(one.model_copy(update={"evals": evals}))[FIRST_VOTES]
    assert (column[3], column[4], column[9], column[39]) == (None, 2.0, 0.5, 1.0)


def test_false_stops_are_those_of_healthy_runs_that_would_have_ended_better() -> None:
    part = stopping.Part(name="all", protocol="pocket@1")
    rising = run("ground_truth", base=0.3)
    falling = run("majority_vote", collapse_at=30)
    runs = stopping.runs_of([rising, falling], (part,))
    assert [(one.blind, one.healthy) for one in runs] == [(False, True), (True, False)]
    early = stopping.applied(load("fixed_length"), runs, {"steps": 5})
    assert (early.false_stops(0.02), early.healthy_stopped, early.healthy) == (1, 1, 1)
    late = stopping.applied(load("fixed_length"), runs, {"steps": 41})
    assert (late.false_stops(0.02), late.healthy_stopped) == (0, 0)
    assert early.accuracy > late.accuracy == runs[1].last  # the supervised run is no one's to stop
    gain = stopping.change(early, [one.last for one in runs])
    assert gain.mean == pytest.approx(early.accuracy - late.accuracy)


def test_runs_that_end_early_or_are_judged_too_rarely_judge_no_rule() -> None:
    part = stopping.Part(name="all", protocol="pocket@1")
    assert stopping.runs_of([fabricate(steps=40, every=20)], (part,)) == []
    assert stopping.runs_of([run(), run(seed=1)], (stopping.Part(name="one", protocol="pocket@1", seeds=(1,)),)) != []


def test_tables_tell_what_the_recommended_rule_would_have_picked() -> None:
    runs = [run(seed=seed, collapse_at=40) for seed in range(3)]
    ((cell, rows),) = cells(runs).items()
    row = next(row for row in pass_rows(cell, rows) if row["method"] == "majority_vote")
    steps = [picked_step(one, load(RECOMMENDED)) for one in runs]
    picked = [accuracy(next(e for e in one.evals if e.step == step)) for one, step in zip(runs, steps, strict=True)]
    assert row["stopped"] == pytest.approx(np.mean(picked)) and row["stopped_step_first"] == min(steps)
    assert row["final"] < row["stopped"] <= row["peak"]
    for kind in ("pass", "collapse"):
        assert "stopped (no labels)" in table(runs, kind) and f"`{RECOMMENDED}`" in table(runs, kind)
    assert "stopped" not in table([fabricate(steps=40, every=20)], "pass")
