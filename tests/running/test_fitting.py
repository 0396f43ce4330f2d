"""What could not be carried out is refused with the plan, in one line, before the first run begins."""

import json
from pathlib import Path

import pytest

from urlvr_bench import models, protocol, tasks
from urlvr_bench.commands import planning
from urlvr_bench.errors import UsageError
from urlvr_bench.local_data import DATA_VARIABLE
from urlvr_bench.running import claims, estimates, plan


@pytest.fixture(autouse=True)
def no_local_data(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(DATA_VARIABLE, "")


def written(path: Path, *rows: dict[str, str]) -> str:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(path)


@pytest.mark.parametrize(
    ("method", "said"),
    [
        ("proof", "chain_addition does not give proof what it needs: a proof checker"),
        ("majority_vote+0.1*proof", "chain_addition does not give weighted_sum what it needs"),
        ("next_token", "does not give next_token what it needs: a task whose prompts are pieces of plain text"),
        ("python_tests", "does not give python_tests what it needs: the tests that the prompt shows"),
        ("verifier", "does not give verifier what it needs: a task with a label-free checker"),
        ("self_verification", "asks in words, which the pocket prior pocket-6 cannot read"),
        ("dupo", "asks in words"),
        ("co_rewarding_1(view=7)", "cannot be paid on chain_addition: view=7"),
    ],
)
def test_a_method_that_a_task_cannot_pay_is_refused(method: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        plan.grid("smoke", ["majority_vote", method], [0])


@pytest.mark.parametrize(
    ("method", "task"),
    [
        ("proof", "pocket_lemmas"),
        ("next_token", "pocket_text"),
        ("verifier", "countdown_pocket"),
        ("self_verification", "countdown_pocket"),
        ("co_rewarding_1", "chain_addition"),
    ],
)
def test_a_method_that_a_task_pays_is_planned(method: str, task: str) -> None:
    assert plan.grid("smoke", [method], [0], [], [task])


def test_a_task_without_the_split_is_refused() -> None:
    with pytest.raises(UsageError, match=r"humaneval has no split train to train on: .* --set split=test"):
        plan.grid("smoke", ["majority_vote"], [0], [], ["humaneval"])
    assert plan.grid("smoke", ["python_tests"], [0], [], ["humaneval"], {"split": "test"})


@pytest.mark.parametrize("spec", ["majority_vote", "TTRL", "majority_vote()"])
def test_a_method_is_named_once(spec: str) -> None:
    with pytest.raises(UsageError, match="are the same: name it once"):
        plan.grid("smoke", ["majority_vote", spec], [0])


@pytest.mark.parametrize(
    ("methods", "changes", "said"),
    [
        (["majority_vote"], {"ood": "[" + ",".join(["chain_addition_two"] * 12) + "]"}, "overrides.ood="),
        (["+".join(["majority_vote"] * 20)], {}, "method='weighted_sum"),
        (["majority_vote"], {"samples": "1025"}, "samples=1025"),
        (["majority_vote"], {"steps": "100001"}, "steps=100001"),
        (["majority_vote"], {"problems": "20001"}, "problems=20001"),
        (["majority_vote"], {"steps": "10000", "every": "1"}, "evaluation.every=1 of 10,000 steps makes 10,00"),
    ],
)
def test_what_no_record_could_hold_is_refused_before_the_training(
    methods: list[str], changes: dict[str, str], said: str
) -> None:
    with pytest.raises(UsageError) as caught:
        plan.grid("pocket", methods, [0], overrides=changes)
    assert said in str(caught.value) and "\n" not in str(caught.value)


def test_a_file_of_too_long_a_name_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(DATA_VARIABLE, "")
    file = tmp_path / f"{'x' * 101}.jsonl"
    file.write_text('{"prompt": "1+1="}\n')
    with pytest.raises(UsageError, match="a record could not hold this run: task="):
        plan.grid("pocket", ["majority_vote"], [0], [], [f"{file}@chain_addition"], {"evaluation.task": "countdown"})


def test_a_model_that_is_named_twice_makes_one_run() -> None:
    assert len(plan.grid("smoke", ["majority_vote"], [0], ["pocket-6"] * 2, ["chain_addition"] * 2)) == 1


def test_models_of_one_name_do_not_share_a_folder(tmp_path: Path) -> None:
    for place in ("a", "b"):
        (tmp_path / place).mkdir()
        (tmp_path / place / "mine").symlink_to(models.PRIORS / f"pocket-{1 + (place == 'b')}")
    runs = plan.grid("smoke", ["majority_vote"], [0], [str(tmp_path / "a/mine"), "pocket-1"])
    assert len(runs) == 1  # the folder is the prior
    for place, prior in (("c", "pocket-1"), ("d", "pocket-2")):
        folder = tmp_path / place / "mine"
        folder.mkdir(parents=True)
        for file in (models.PRIORS / prior).iterdir():
            (folder / file.name).symlink_to(file)
    with pytest.raises(UsageError, match="have one name, mine: rename a folder"):
        plan.grid("smoke", ["majority_vote"], [0], [str(tmp_path / "c/mine"), str(tmp_path / "d/mine")])


def test_prompts_of_ones_own_do_not_train_and_judge_at_once(tmp_path: Path) -> None:
    rows = [{"prompt": f"{i}+1?", "answer": str(i + 1)} for i in range(6)]
    file, copy = written(tmp_path / "mine.jsonl", *rows), written(tmp_path / "other.jsonl", *rows[4:])
    for judge, shared in ((file, 6), (f"{file}@native", 6), (copy, 2)):
        with pytest.raises(UsageError, match=f"{shared} prompts of .* are trained on in mine: hold some out"):
            plan.grid("smoke", ["majority_vote"], [0], [], [file], {"evaluation.task": judge})
    tasks.adopt(copy)
    with pytest.raises(UsageError, match="2 prompts of other, which judges"):
        plan.grid("smoke", ["majority_vote"], [0], [], [file], {"ood": "[other]"})
    held_out = written(tmp_path / "held-out.jsonl", {"prompt": "9+9?", "answer": "18"})
    assert plan.grid("smoke", ["majority_vote"], [0], [], [file], {"evaluation.task": held_out})
    assert plan.grid("smoke", ["majority_vote"], [0], [], [file], {"evaluation.task": file, "split": "test"})


def test_a_collapse_that_only_labels_show_stops_no_run_without_them(tmp_path: Path) -> None:
    file = written(tmp_path / "blind.jsonl", {"prompt": "a"}, {"prompt": "b"})
    with pytest.raises(UsageError, match=r"stop_at=label_accuracy reads labels, .* stop at one of majority_ratio"):
        plan.grid("smoke", ["majority_vote"], [0], [], [file], {"stop_at": "label_accuracy"})
    assert plan.grid("smoke", ["majority_vote"], [0], [], [file], {"stop_at": "batch_answers"})


def test_a_folder_that_is_a_file_and_a_damaged_record_are_refused_with_the_plan(tmp_path: Path) -> None:
    runs = plan.grid("smoke", ["majority_vote"], [0])
    (tmp_path / "file").write_text("mine")
    for out in ("file", "file/below"):
        with pytest.raises(UsageError, match=r"file is a file; give the folder that is to hold the run folders"):
            plan.lay_out(runs, tmp_path / out)
    path = tmp_path / runs[0].path / "record.json"
    path.parent.mkdir(parents=True)
    path.write_text('{"schema_version": 1, "steps": [')
    with pytest.raises(UsageError, match=r"record.json: .*: this record is damaged; delete it, and run the same comma"):
        plan.lay_out(runs, tmp_path)


@pytest.mark.parametrize(
    ("settings", "least", "most"),
    [({}, 1, 1), ({"learning_rate": "1e-4"}, 1, 1), ({"steps": "60"}, 0.2, 0.3), ({"prompts_per_step": "128"}, 1.5, 2)],
)
def test_a_plan_takes_time_in_proportion_to_what_is_asked(settings: dict[str, str], least: float, most: float) -> None:
    (run,) = plan.grid("pocket", ["majority_vote"], [0], ["pocket-3"], [], settings)
    known, found = protocol.load("pocket").reference_minutes, estimates.in_proportion(run)
    assert known and found and least - 0.01 <= found / known <= most + 0.01


def test_runs_of_another_command_are_said_to_be_with_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    runs = plan.grid("smoke", ["majority_vote"], [0])
    with claims.claimed(tmp_path, [tmp_path / run.path for run in runs]):
        planning.show(plan.lay_out(runs, tmp_path), tmp_path, 1)
    said = capsys.readouterr().err
    assert "1 run, 0 done; the rest is with another command" in said and "1 run under way in process" in said


def test_methods_that_nobody_named_leave_out_those_that_read_labels(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = written(tmp_path / "blind.jsonl", {"prompt": "a"}, {"prompt": "b"})
    assert planning.without_labels(["majority_vote", "ground_truth"], [file]) == ["majority_vote"]
    assert "not every prompt of blind has an answer: left out ground_truth" in capsys.readouterr().err
    assert planning.without_labels(["ground_truth"], ["chain_addition"]) == ["ground_truth"]
