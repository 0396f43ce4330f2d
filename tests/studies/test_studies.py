"""Every study: its runs exist at both scales, and its table and figure follow from records."""

import pytest
from records import fabricate

from urlvr_bench import methods
from urlvr_bench.errors import UsageError
from urlvr_bench.studies import definition, pages
from urlvr_bench.studies.definition import SCALES
from urlvr_bench.studies.drawing import figure
from urlvr_bench.studies.summary import moves, summary

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
    found = []
    for run in EVERY[name].pocket.runs():
        training = run.protocol.training.model_copy(update={"steps": 12})
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


def test_a_page_says_how_many_of_its_runs_are_there():
    study, records = made("dataset-size")
    text = pages.page(study, records[:6])
    assert f"6 of the {len(records)} runs are in `results/`" in text
    assert "None of the" in pages.page(study, [])
    assert study.question in text and study.paper.split()[0] in text


def test_an_unknown_study_is_one_clear_line():
    with pytest.raises(UsageError, match=r"unknown study 'rise'.*rise-then-fall"):
        definition.load("rise")


AWAITING = {
    *("crew", "distri_ttrl", "echo", "entropy_minimization", "ettrl", "judged_clusters", "jury_rl", "kl_cov", "sarl"),
    *("scope", "semantic_voting", "serl", "sharpening", "spine", "spo", "t3rl", "tournament", "ttrv"),
}
"""Methods that have no records yet; each leaves this list for the study's when it is run."""


def test_methods_of_the_first_study_cover_every_trainable_intrinsic_method():
    """A method added later is to be compared, too, unless it needs another task."""
    compared = {run.method for run in EVERY["rise-then-fall"].pocket.runs()}
    intrinsic = {name for name in methods.names() if methods.load(name).family.startswith("intrinsic")}
    assert intrinsic - compared <= {"weighted_sum", *AWAITING}
