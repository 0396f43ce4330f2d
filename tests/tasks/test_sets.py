"""Published sets: every row is asked or set aside with a count, and the first problems hold every subject."""

import json
import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from urlvr_bench import tasks
from urlvr_bench.errors import UsageError
from urlvr_bench.local_data import DATA_VARIABLE
from urlvr_bench.records.sets import told
from urlvr_bench.reports import task_docs
from urlvr_bench.running import counts
from urlvr_bench.tasks import latex, remote, selection

DATA = Path(os.environ.get("URLVR_TEST_DATA", Path(__file__).parents[3] / "shared" / "data"))
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="set URLVR_TEST_DATA to a folder with the published sets")
FILES = {
    "gsm8k_train": {"train": "gsm8k/train", "test": "math_train/test"},
    "math500": {"test": "math_train/test"},
}
"""Sets whose splits are those of others; all else lies in a folder of its own name."""
SIGNS = [(142, 167), (2617, 3199), (3419, 3876), (6422, 6494), (7048, 7158)]
"""Rows of MATH's training half that differ from each other in signs and answers."""
COURSES = [0, 53, 56, 61, 109, 135, 146, 243, 261]
"""Where each course begins in Minerva's rows: astronomy, information, ecology, ..., chemistry at 146, and so on."""
CHEMISTRY = range(146, 243)


def rows(path: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (DATA / f"{path}.jsonl").read_text().splitlines()]


@pytest.fixture
def sets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every counted set be read from DATA."""
    for name in task_docs.counted():
        (tmp_path / name).mkdir()
        for split in tasks.load(name).splits:
            source = FILES.get(name, {}).get(split, f"{name}/{split}")
            (tmp_path / name / f"{split}.jsonl").symlink_to((DATA / f"{source}.jsonl").resolve())
    folders = ",".join(f"{name}={tmp_path / name}" for name in task_docs.counted())
    monkeypatch.setenv(DATA_VARIABLE, folders)


def local(monkeypatch: pytest.MonkeyPatch, folder: Path, name: str, **splits: Sequence[dict[str, Any]]) -> tasks.Task:
    for split, given_rows in splits.items():
        (folder / f"{split}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in given_rows))
    monkeypatch.setenv(DATA_VARIABLE, f"{name}={folder}")
    return tasks.load(name)


@needs_data
@pytest.mark.parametrize("name", sorted(task_docs.counted()))
@pytest.mark.usefixtures("sets")
def test_every_set_loads_and_keeps_what_the_documents_say(name: str) -> None:
    task = tasks.load(name)
    assert counts.count({name: list(task.splits)}) == {name: task_docs.counted()[name]}
    for split in task.splits:
        found = task.selection(split)
        assert len(found.docs) == found.counts["rows"] - sum(found.counts["left_out"].values())


@needs_data
@pytest.mark.usefixtures("sets")
def test_problems_that_differ_in_signs_are_all_asked() -> None:
    heads = {doc["public"] for doc in tasks.load("humaneval").docs("test")}
    assert {row["prompt"] for row in rows("humaneval/test")} == heads
    train = {doc["public"]: doc["gold"] for doc in tasks.load("math_train").docs("train")}
    given_rows = rows("math_train/train")
    for one, other in SIGNS:
        assert train[given_rows[one]["problem"]] != train[given_rows[other]["problem"]]
    assert given_rows[7163]["problem"] in train  # differs from a test problem in one sign, and in its answer


@needs_data
def test_the_longest_published_answer_is_well_below_the_limit() -> None:
    published = [row["answer"] for row in rows("minerva/test")]
    published += [", ".join(row["final_answer"]) for row in rows("olympiadbench/test")]
    assert 200 < max(map(len, published)) < 0.8 * latex.MAX_LENGTH


@needs_data
@pytest.mark.usefixtures("sets")
def test_the_first_problems_of_minerva_hold_every_course() -> None:
    places = {row["question"]: i for i, row in enumerate(rows("minerva/test"))}
    first = [places[doc["public"]] for doc in tasks.load("minerva").docs("test")[:100]]
    assert {max(start for start in COURSES if start <= place) for place in first} == set(COURSES)
    assert 25 <= sum(place in CHEMISTRY for place in first) <= 45


@needs_data
@pytest.mark.parametrize(("name", "text"), [("olympiadbench", "question"), ("math500", "problem")])
@pytest.mark.usefixtures("sets")
def test_the_first_problems_hold_each_subjects_share(name: str, text: str) -> None:
    column = tasks.load(name).config["dataset_kwargs"]["sources"]["test"]["stratum"]
    subject = {row[text]: row[column] for row in rows(FILES.get(name, {}).get("test", f"{name}/test"))}
    docs = tasks.load(name).docs("test")
    for number in (16, 100, 128):
        found = Counter(subject[doc["public"]] for doc in docs[:number])
        shares = {key: size * number / len(docs) for key, size in Counter(subject.values()).items()}
        assert all(abs(found[key] - share) <= 1 for key, share in shares.items())


@given(st.lists(st.sampled_from("aaabbc"), min_size=1, max_size=80), st.randoms())
def test_every_beginning_is_spread_over_the_strata_whatever_the_order_of_the_rows(strata: list[str], rng: Any) -> None:
    given_rows = [({"id": str(i), "stratum": stratum}, stratum) for i, stratum in enumerate(strata)]
    docs = selection.in_turn(given_rows)
    rng.shuffle(given_rows)
    assert selection.in_turn(given_rows) == docs
    sizes = Counter(strata)
    for number in range(len(docs) + 1):
        found = Counter(doc["stratum"] for doc in docs[:number])
        assert all(abs(found[key] - size * number / len(docs)) <= 1 for key, size in sizes.items())


def test_a_set_that_stands_by_subject_is_asked_across_them(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    subjects = ["business"] * 90 + ["law"] * 60 + ["physics"] * 30
    given_rows = [
        {"question": f"{subject} {i}?", "options": ["yes", "no"], "answer_index": i % 2, "category": subject}
        for i, subject in enumerate(subjects)
    ]
    docs = local(monkeypatch, tmp_path, "mmlu_pro", test=given_rows).docs("test")
    first = [doc["public"].split()[0] for doc in docs[:18]]
    assert Counter(first) == {"business": 9, "law": 6, "physics": 3}
    assert first[:9] != ["business"] * 9
    assert local(monkeypatch, tmp_path, "mmlu_pro", test=given_rows[::-1]).docs("test") == docs


def test_configurations_of_a_set_are_its_strata(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        remote, "_load", lambda task, source, one: [{"input": f"{one} {i}?", "target": "x"} for i in range(9)]
    )
    docs = tasks.load("bbh").docs("test")
    kinds = tasks.load("bbh").config["dataset_kwargs"]["sources"]["test"]["config"]
    assert Counter(doc["public"].split()[0] for doc in docs[: 3 * len(kinds)]) == dict.fromkeys(kinds, 3)


LONG = "1+" * latex.MAX_LENGTH + "1"
TRAIN = [
    {"problem": "What is 1+1?", "solution": r"\boxed{2}"},
    {"problem": "What is 1-1?", "solution": r"\boxed{0}"},
    {"problem": "What is 1-1?", "solution": r"\boxed{0}"},
    {"problem": "What is 1-1?", "solution": r"\boxed{3}"},
    {"problem": "What is $2 + 2$?", "solution": r"\boxed{4}"},
    {"problem": "What is 2-2?", "solution": r"\boxed{0}"},
    {"problem": "Empty?", "solution": r"\boxed{}"},
]
TEST = [{"problem": "what is 2+2", "answer": "4"}, {"problem": "Sum?", "answer": LONG}]


def test_every_row_is_asked_or_counted_with_its_reason(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    task = local(monkeypatch, tmp_path, "math_train", train=TRAIN, test=TEST)
    assert [doc["public"] for doc in task.docs("train")] == ["What is 1+1?", "What is 1-1?", "What is 2-2?"]
    assert task.selection("train").counts == {
        "rows": 7,
        "left_out": {
            "an earlier row's text and answer": 1,
            "an earlier row's text, another answer": 1,
            "its text in the test split too": 1,
            "no answer": 1,
        },
    }
    assert told(task.selection("test").counts) == "1 of 2 problems (1 set aside: an answer too long to compare)"


def test_a_set_of_which_no_row_can_be_asked_gets_one_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    task = local(monkeypatch, tmp_path, "math_train", test=TEST[1:])
    with pytest.raises(UsageError, match="test row 0 has an answer too long to compare; none of its 1 rows can be"):
        task.docs("test")


def test_a_plan_says_how_many_problems_of_each_set_are_asked(command: Any, tmp_path: Path) -> None:
    for split, given_rows in (("train", TRAIN), ("test", TEST)):
        (tmp_path / f"{split}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in given_rows))
    arguments = ("--protocol", "smoke", "--model", "pocket-6", "--method", "majority_vote", "--dry-run")
    names = ("--task", "math_train@boxed-plain", "--set", "ood=[aime24@native]", "--data", f"math_train={tmp_path}")
    done = command("run", *arguments, *names, "--out", tmp_path / "runs", HF_HOME=str(tmp_path / "home"))
    assert done.returncode == 0, done.stderr
    assert "math_train@boxed-plain: train 3 of 7 problems (1 set aside: an earlier row's text" in done.stderr
    assert "test 1 of 2 problems (1 set aside: an answer too long to compare)" in done.stderr
    assert "aime24: cannot load" in done.stderr and "HF_HUB_OFFLINE is set, and there is no copy" in done.stderr
    done = command("run", *arguments, *names, "--out", tmp_path / "runs", "--json")
    assert json.loads(done.stdout)["sets"]["math_train@boxed-plain"]["test"]["rows"] == 2


def test_a_run_leaves_the_counts_in_its_record_and_its_tables(command: Any, tmp_path: Path) -> None:
    given_rows = [{"question": f"{i}+{i}", "answer": f"#### {2 * i}"} for i in range(10, 50)]
    (tmp_path / "train.jsonl").write_text("".join(json.dumps(row) + "\n" for row in given_rows[8:]))
    lost = [*given_rows[:4], {"question": "1+1", "answer": "?"}]
    (tmp_path / "test.jsonl").write_text("".join(json.dumps(row) + "\n" for row in lost))
    arguments = ("--protocol", "smoke", "--model", "pocket-6", "--method", "majority_vote", "--jobs", "1")
    data = ("--task", "gsm8k@native", "--data", f"gsm8k={tmp_path}", "--out", tmp_path / "runs")
    done = command("run", *arguments, *data)
    assert done.returncode == 0, done.stderr
    (path,) = (tmp_path / "runs").rglob("record.json")
    assert json.loads(path.read_text())["task"]["sets"] == {
        "gsm8k@native": {
            "train": {"rows": 32, "left_out": {}},
            "test": {"rows": 5, "left_out": {"no answer after '####'": 1}},
        }
    }
    note = "- gsm8k@native: test 4 of 5 problems (1 set aside: no answer after '####')"
    assert note in command("table", tmp_path / "runs", "--kind", "pass").stdout
