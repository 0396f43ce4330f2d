"""Every study: its runs exist at both scales, and its table and figure follow from records."""

import pytest
from records import fabricate

from urlvr_bench import methods
from urlvr_bench.errors import UsageError
from urlvr_bench.records.measured import Eval
from urlvr_bench.studies import definition, pages
from urlvr_bench.studies.definition import SCALES
from urlvr_bench.studies.drawing import figure
from urlvr_bench.studies.outcomes import fate
from urlvr_bench.studies.readings import reading
from urlvr_bench.studies.summary import DETAILS, moves, summary

EVERY = {name: definition.load(name) for name in definition.names()}


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("name", EVERY)
def test_the_runs_are_distinct_and_can_be_told_apart(name, scale):
    """Planning checks every method, model, task and setting by name."""
    form = EVERY[name].form(scale)
    runs, quick = form.runs(), form.runs(quick=True)
    assert len({run.path for run in runs}) == len(runs) >= len(quick) > 0
    assert {run.seed for run in quick} == {0}
    assert {run.path for run in quick} <= {run.path for run in runs}


def test_a_setting_is_varied_alone():
    runs = EVERY["hyperparameters"].pocket.runs()
    changed = [{key for key in run.overrides if key not in ("steps", "evaluation.every")} for run in runs]
    assert set() in changed and max(map(len, changed)) == 1
    assert {run.protocol.training.temperature for run in runs} >= {0.6, 1.0, 1.2}


def made(name):
    """Return a study and a fabricated record for each of its pocket runs, cut down to a few steps and problems."""
    found, runs = [], EVERY[name].pocket.runs()
    least = min(run.protocol.training.steps for run in runs)
    for run in runs:
        training = run.protocol.training.model_copy(update={"steps": 12 * (run.protocol.training.steps // least)})
        evaluation = run.protocol.evaluation.model_copy(update={"every": 6, "problems": 16})
        small = run.protocol.model_copy(update={"training": training, "evaluation": evaluation})
        settings = {"protocol": small, "overrides": dict(run.overrides), "model": run.model, "task": run.task}
        found.append(fabricate(run.method, run.seed, **settings))
    return EVERY[name], found


@pytest.mark.parametrize("name", [name for name, study in EVERY.items() if study.view == "arms"])
def test_one_row_per_arm_and_a_figure(name):
    study, records = made(name)
    table = summary(study, records)
    arms = {(r.protocol_hash, r.model.name, r.task.name, r.method.id) for r in records}
    assert len(table.frame) == len(arms)
    assert table.frame["seeds"].sum() == len(records)
    rows = [table.text(row) for row in table.frame.to_dict("records")]
    named = [tuple(row[key] for key in ("setting", "model", "task", "method") if key in row) for row in rows]
    assert len(set(named)) == len(named), "two arms look alike"
    drawn = figure(study, records)
    assert sum(len(axes.get_lines()) for axes in drawn.axes) >= len(arms)


def test_transitions_count_every_judged_problem_once():
    study, records = made("per-problem")
    frame, table = moves(records), summary(study, records).frame
    assert len(frame) == sum(len(record.problems[record.task.name]) for record in records)
    assert frame["trained"].sum() == len(records)
    kinds = [column for column in table if "→" in column]
    assert len(kinds) == 4 and (table[kinds].sum(axis=1) == table["n"]).all()
    figure(study, records)


@pytest.mark.parametrize(("name", "rows"), [("alignment", 4 * 2), ("kinds", 3 * 5), ("verifier-quality", 6)])
def test_what_is_decided_by_criteria_is_told_whichever_way_it_is(name, rows):
    """Steps of rewards, outcomes of indicators, or priors: a row each, and the reading never contradicts it."""
    study, records = made(name)
    table = summary(study, records)
    assert len(table.frame) == rows and all(table.text(row) for row in table.frame.to_dict("records"))
    below = DETAILS[study.view](study, records)
    assert sorted(below.frame.iloc[:, 0]) == sorted({record.model.name for record in records})
    assert "fixed before the runs" in reading(study, records)
    text = pages.page(study, records)
    assert "Fixed before the runs" in text and below.title in text
    assert len(figure(study, records).axes) == {"alignment": 4, "kinds": 5, "verifier-quality": 2}[name]


def judged(step, votes, initial, n=16):
    """Return an evaluation of one problem with these votes, and how many samples give the answer that led first."""
    correct = sum(count for count, right in votes if right)
    silent = n - sum(count for count, _ in votes)
    shape = {"step": step, "task": "chain", "n": n, "correct": [correct], "truncated": [0], "unparsed": [silent]}
    return Eval(**shape, votes=[votes], tokens=1, initial=[initial])


@pytest.mark.parametrize(
    ("start", "end", "initial", "expected"),
    [
        (((12, False), (4, True)), ((15, False), (1, True)), 15, (False, "surer")),
        (((12, False), (4, True)), ((12, False), (4, True)), 12, (False, "surer")),
        (((12, False), (4, True)), ((9, True), (7, False)), 7, (False, "turned")),
        (((12, False), (4, True)), ((14, False),), 0, (False, "other")),  # another wrong answer took its place
        (((12, True), (4, False)), ((16, True),), 16, (True, "surer")),
        (((12, True), (4, False)), ((10, True), (6, False)), 10, (True, "other")),
        ((), ((9, True),), 0, (False, "turned")),
    ],
)
def test_what_becomes_of_the_answer_that_led(start, end, initial, expected):
    evals = [judged(0, start, start[0][0] if start else 0), judged(4, end, initial)]
    record = fabricate(steps=4, every=4, problems=1)
    assert fate(record.model_copy(update={"evals": evals})) == expected


def test_a_page_says_how_many_of_its_runs_are_there():
    study, records = made("dataset-size")
    text = pages.page(study, records[:6])
    assert f"6 of the {len(records)} runs are in `results/`" in text
    assert "None of the" in pages.page(study, [])
    assert study.question in text and study.paper.split()[0] in text


def test_an_unknown_study_is_one_clear_line():
    with pytest.raises(UsageError, match=r"unknown study 'rise'.*rise-then-fall"):
        definition.load("rise")


def test_the_first_study_compares_every_intrinsic_method_that_was_trained_as_it_asks():
    """A method added later is to be compared, too, once it has runs on the study's model and task."""
    run = EVERY["rise-then-fall"].pocket.runs()[0]
    folder = pages.ROOT / "results" / run.path.parents[1]
    trained = {path.name for path in folder.iterdir()} & {*methods.names()}
    intrinsic = {name for name in trained if methods.load(name).family.startswith("intrinsic")}
    assert "majority_vote" in intrinsic
    assert intrinsic <= {run.method for run in EVERY["rise-then-fall"].pocket.runs()}
