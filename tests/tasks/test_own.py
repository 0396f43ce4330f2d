"""A JSONL file of one's own is a task: read as it says, trained on with or without answers, never judged by itself."""

import json
import os
from pathlib import Path

import pytest

from urlvr_bench import reward_function, tasks
from urlvr_bench.errors import UsageError
from urlvr_bench.local_data import DATA_VARIABLE
from urlvr_bench.records import record
from urlvr_bench.running import plan


@pytest.fixture(autouse=True)
def no_local_data(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(DATA_VARIABLE, "")


def written(path: Path, *rows: object) -> str:
    path.write_text("".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows))
    return str(path)


def test_rows_are_asked_as_mathematics_or_as_another_task(tmp_path: Path) -> None:
    file = written(tmp_path / "my sums.jsonl", {"prompt": "1+1?", "answer": "2.0"}, "", {"prompt": "2+2?", "answer": 4})
    assert tasks.adopt(file) == "my_sums" and tasks.adopt(f"{file}@native") == "my_sums@native"
    boxed, plain = tasks.load("my_sums"), tasks.load("my_sums@chain_addition")
    assert [doc["gold"] for doc in boxed.docs("train")] == ["2", "4"] and "boxed" in boxed.docs("train")[0]["prompt"]
    assert plain.docs("train")[0]["prompt"] == plain.docs("train")[0]["public"] == "1+1?"
    assert boxed.correct(boxed.docs("train")[0], r"\boxed{2}") and boxed.own and boxed.labelled
    assert boxed.version != plain.version or boxed.name != plain.name
    assert str(tmp_path) not in f"{boxed.name} {boxed.version} {boxed.source} {boxed.description}"


def test_one_missing_answer_makes_a_file_unlabelled(tmp_path: Path) -> None:
    tasks.adopt(written(tmp_path / "some.jsonl", {"prompt": "1+1?", "answer": "2"}, {"prompt": "2+2?", "answer": None}))
    task = tasks.load("some")
    assert not task.labelled and task.splits == ("train",)
    assert [task.judges(doc) for doc in task.docs("train")] == [True, False]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (["{"], "line 1 is not JSON"),
        ([{"prompt": "a"}, {"question": "b"}], 'line 2 has no "prompt" with text'),
        ([{"prompt": " "}], 'line 1 has no "prompt" with text'),
        ([{"prompt": "a", "gold": "1"}], "line 1 has the column 'gold'"),
        ([{"prompt": "a"}, {"prompt": "a"}], "line 2 asks what an earlier line asks"),
        ([{"prompt": "a", "answer": [4]}], r"line 1 has the answer \[4\]: write a text or a number"),
        ([{"prompt": "a", "answer": True}], "line 1 has the answer true"),
        (['{"prompt": "a", "answer": NaN}'], "line 1 has the answer NaN"),
        (['{"prompt": "a", "prompt": "b"}'], "line 1 is not JSON: a name stands twice"),
        ([], "has no prompts"),
        ([{"prompt": "a", "answer": {"a": 1}}], "line 1 has the answer {"),
        ([{"prompt": "a"}, '{"prompt": "b", "answer": NaN}'], "line 2 has the answer NaN"),
        (['{"prompt": "a", "answer": 1e999}'], "line 1 has the answer Infinity"),
        (['{"prompt": "a", "answer": ' + "[" * 99999], "line 1 is not JSON"),
        ([r'{"prompt": "a\ud800"}'], "line 1 is not JSON: .*surrogates not allowed"),
    ],
)
def test_a_bad_file_is_named_with_its_line(rows: list[object], said: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=said):
        plan.grid("smoke", ["majority_vote"], [0], [], [written(tmp_path / "bad.jsonl", *rows)])


def test_a_file_of_other_letters_is_one_line_and_marks_of_utf_8_are_read(tmp_path: Path) -> None:
    latin, marked = tmp_path / "latin.jsonl", tmp_path / "marked.jsonl"
    latin.write_bytes('{"prompt": "a"}\n{"prompt": "é"}\n'.encode("latin-1"))
    with pytest.raises(UsageError, match=r"^latin.jsonl line 2 is not UTF-8: save the file as UTF-8$"):
        plan.grid("smoke", ["majority_vote"], [0], [], [str(latin)])
    marked.write_text('\ufeff{"prompt": "one\u2028two?", "answer": 0.5}\r\n', encoding="utf-8")
    (doc,) = tasks.load(tasks.adopt(f"{marked}@chain_addition")).docs("train")
    assert doc["public"] == "one\u2028two?" and doc["gold"] == "0.5"


def test_a_file_of_ones_own_answers_for_reward_functions(tmp_path: Path) -> None:
    file = written(tmp_path / "mine.jsonl", {"prompt": "1+1?", "answer": "2"})
    pay = reward_function("majority_vote", file, group_size=2)
    assert pay(["1+1?"] * 2, [r"\boxed{2}", r"\boxed{3}"]) != [0.0, 0.0]


def test_names_that_mean_something_else_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such file"):
        tasks.adopt(str(tmp_path / "none.jsonl"))
    with pytest.raises(UsageError, match="another task gsm8k; rename the file"):
        tasks.adopt(written(tmp_path / "gsm8k.jsonl", {"prompt": "a"}))
    (tmp_path / "a,b").mkdir()
    with pytest.raises(UsageError, match=r"a,b is no task; prompts of your own are a file that ends in \.jsonl"):
        tasks.adopt(str(tmp_path / "a,b"))
    assert tasks.adopt("gsm8k") == "gsm8k" and tasks.adopt("gsm8k@native") == "gsm8k@native"
    with pytest.raises(UsageError, match=r"a,b/sums\.jsonl: URLVR_DATA cannot name a path with a comma"):
        tasks.adopt(written(tmp_path / "a,b" / "sums.jsonl", {"prompt": "a"}))
    tasks.adopt(written(tmp_path / "mine.jsonl", {"prompt": "a"}))
    for like, said in (
        ("humaneval", "cannot be read as"),
        ("countdown", "cannot be read as"),
        ("nothing", "unknown task"),
    ):
        with pytest.raises(UsageError, match=said):
            tasks.load(f"mine@{like}")


def test_labels_that_are_not_there_are_not_asked_for(tmp_path: Path) -> None:
    file = written(tmp_path / "blind.jsonl", {"prompt": "a"}, {"prompt": "b"})
    with pytest.raises(UsageError, match=r"ground_truth reads labels, and not every prompt of blind"):
        plan.grid("smoke", ["majority_vote", "ground_truth"], [0], [], [file])
    with pytest.raises(UsageError, match="blind cannot judge"):
        plan.grid("smoke", ["majority_vote"], [0], [], [], {"evaluation.task": file})


@pytest.mark.lab
def test_unlabelled_prompts_train_and_another_task_judges(command, tmp_path: Path) -> None:
    prompts = [doc["prompt"] for doc in tasks.load("chain_addition").docs("train")[:8]]
    file = written(tmp_path / "blind.jsonl", *({"prompt": prompt} for prompt in prompts))
    arguments = ["--protocol", "smoke", "--task", f"{file}@chain_addition", "--method", "majority_vote"]
    for out, more in (("judged", ["--eval-task", "chain_addition"]), ("unjudged", [])):
        done = command("run", *arguments, *more, "--out", str(tmp_path / out))
        assert done.returncode == 0, done.stderr
        assert ("blind@chain_addition, judged on chain_addition" in " ".join(done.stderr.split())) == bool(more)
        assert ("no problem judges what is trained on blind@chain_addition" in done.stderr) != bool(more)
        assert command("check", str(tmp_path / out)).returncode == 0
        (one,) = record.read_all([tmp_path / out])
        assert set(one.steps.train_accuracy) == {None} == set(one.steps.reward_accuracy) and not one.labelled
        assert len(one.steps.majority_ratio) == 4 and None not in one.steps.majority_ratio
        assert one.task.name == "blind@chain_addition" and one.task.source == "own prompts"
        assert {found.task for found in one.evals} == ({"chain_addition"} if more else set())
        assert str(tmp_path) not in one.model_dump_json() and os.sep not in one.task.name


@pytest.mark.lab
def test_a_file_judges_a_model_alone(command, tmp_path: Path) -> None:
    known = written(
        tmp_path / "known.jsonl", {"prompt": "...12+34=", "answer": 46}, {"prompt": "...12+35=", "answer": 47}
    )
    blind = written(tmp_path / "blind.jsonl", {"prompt": "...12+34="})
    asked = ["eval", "pocket-6", "--samples", "2", "--json", "--out", tmp_path / "eval", "--task"]
    done = command(*asked, f"{known}@chain_addition")
    (found,) = json.loads(done.stdout)
    assert found["task"] == "known@chain_addition" and found["problems"] == 2
    done = command(*asked, f"{blind}@chain_addition")
    assert done.returncode == 2 and "cannot judge: not every prompt" in done.stderr
