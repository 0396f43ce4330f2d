"""What could not be carried out is refused with the plan, in one line, before the first run begins."""

import json
from pathlib import Path

import pytest

from urlvr_bench import models, tasks
from urlvr_bench.errors import UsageError
from urlvr_bench.local_data import DATA_VARIABLE
from urlvr_bench.running import plan


@pytest.fixture(autouse=True)
def no_local_data(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(DATA_VARIABLE, "")


def written(path: Path, *rows: dict[str, str]) -> str:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(path)


@pytest.mark.parametrize(
    ("method", "said"),
    [
        ("proof", "proof cannot be paid on chain_addition: .* shows no statement"),
        ("majority_vote+0.1*proof", "weighted_sum cannot be paid on chain_addition"),
        ("next_token", "is no piece of a longer text; take another task, or method"),
        ("python_tests", "shows no `assert` line"),
        ("verifier", "chain_addition has none, these have: countdown,"),
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


def test_a_run_that_is_asked_for_twice_is_one() -> None:
    methods = ["majority_vote", "TTRL", "majority-vote", "random_reward", "random_reward(chance=0.5)"]
    runs = plan.grid("smoke", methods, [0], ["pocket-6", "pocket-6"], ["chain_addition", "chain_addition"])
    assert [run.method for run in runs] == ["majority_vote", "random_reward"]


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
