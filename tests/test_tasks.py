"""One contract for every task: what its YAML says, what its problems are, and how completions are scored."""

import json
import os
import re
import subprocess
import sys
import time
from functools import cache
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from urlvr_bench import proofs, task_check, tasks
from urlvr_bench.errors import UsageError

GSM8K = Path(os.environ.get("URLVR_TEST_GSM8K", tasks.FOLDER.parent / "../shared/data/gsm8k"))
GENERATED = [name for name in tasks.names() if not tasks.load(name).revisions]
needs_gsm8k = pytest.mark.skipif(not GSM8K.is_dir(), reason="set URLVR_TEST_GSM8K to a folder with GSM8K")
OFFLINE = [*GENERATED, pytest.param("gsm8k", marks=needs_gsm8k)]

ONE_PER_SCORER = sorted({tasks.load(name).config["process_results"]: name for name in tasks.names()}.values())
LIMIT = 7473
"""Problems of a split whose gold is scored: all of GSM8K."""
EXPENSIVE = {"pocket_lemmas": 2, "mbpp": 2, "humaneval": 2}
"""Fewer of them where each completion starts a program."""
needs_coq = pytest.mark.skipif(bool(proofs.missing("coq")), reason=proofs.missing("coq"))
SCORED = [pytest.param(name, marks=needs_coq) if name == "pocket_lemmas" else name for name in tasks.names()]

HOSTILE = [
    "", "#", "#\0", "\0", "9**9**9", "#" + "1" * 1_000_000, "\\boxed{" * 200_000, "\\boxed{" + "{" * 1_000_000,
    "\\boxed{" + "9" * 1_000_000 + "}", "\\boxed{9^{9^{9}}}", "\\boxed{10000000!}", "(" * 1_000_000, "1+" * 500_000,
    "#\u0664\u0662", "\\boxed{\u0664\u0662}", "\\boxed{\ud800}", "\\boxed{\\frac{1}{0}}", "\\boxed{1/0}", "1/0",
    "\u00b2+1",
]  # fmt: skip


@pytest.fixture(autouse=True)
def local_gsm8k(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(tasks.DATA_VARIABLE, f"gsm8k={GSM8K}")


@cache
def problems(name: str, split: str) -> list[tasks.Doc]:
    """Return the problems of a split, read once for all tests; of hub tasks, all but GSM8K, the sample rows."""
    task = tasks.load(name)
    here = name in GENERATED or (name == "gsm8k" and GSM8K.is_dir())
    return task.docs(split) if here else task.sample(split)


def test_every_yaml_is_listed_and_described() -> None:
    assert tasks.names() == sorted(path.stem for path in tasks.FOLDER.glob("*.yaml") if path.stem[0] != "_")
    for name in tasks.names():
        task = tasks.load(name)
        assert task.name == name
        assert all((task.version, task.source, task.license, task.description))
        assert task.max_tokens > 0
        assert "test" in task.splits
        assert all(re.fullmatch("[0-9a-f]{40}", commit) for commit in task.revisions.values())
        assert not task.revisions or task.source in task.revisions


@pytest.mark.parametrize("name", OFFLINE)
def test_splits_never_meet(name: str) -> None:
    task = tasks.load(name)
    prompts = {split: [task.prompt(doc) for doc in problems(name, split)] for split in task.splits}
    for split, shown in prompts.items():
        assert shown, split
        assert len(set(shown)) == len(shown)
    for one, other in combinations(prompts.values(), 2):
        assert set(one).isdisjoint(other)


@pytest.mark.parametrize("name", tasks.names())
def test_problems_are_stable_and_named_by_their_content(name: str) -> None:
    docs = problems(name, "test")
    assert name not in GENERATED or docs == tasks.load(name).docs("test")
    assert len({doc["id"] for doc in docs}) == len(docs)
    assert all(set(doc) >= {"id", "prompt", "public", "gold"} and doc["public"] in doc["prompt"] for doc in docs)


@pytest.mark.parametrize("name", SCORED)
def test_a_solution_is_right_and_corrupted_and_empty_are_wrong(name: str) -> None:
    task = tasks.load(name)
    for doc in (doc for split in task.splits for doc in problems(name, split)[: EXPENSIVE.get(name, LIMIT)]):
        solution, corrupted = task.scorer.solution(doc), task.scorer.corrupted(doc)
        assert (solution is None) == (corrupted is None)
        if doc["gold"]:
            assert task.answer(task.scorer.completion(task.gold(doc))) == task.gold(doc)
        if solution is not None:
            assert task.correct(doc, solution)
            assert not task.correct(doc, corrupted)
        assert not task.correct(doc, "")
        assert task.answer("") is None


@needs_gsm8k
def test_gsm8k_reads_all_its_rows_and_its_own_solutions_have_no_box() -> None:
    task = tasks.load("gsm8k")
    assert (len(task.docs("train")), len(task.docs("test"))) == (7473, 1319)
    assert "\\boxed{}" in task.prompt(task.docs("test")[0])


@pytest.mark.parametrize("name", SCORED)
def test_metrics_of_the_yaml_are_those_of_the_scorer(name: str) -> None:
    config = tasks.load(name).config
    n = config["repeats"]
    metrics = tasks.load(name).scorer({"public": "123>6", "gold": "x"}, [[""] * n])
    assert list(metrics) == [entry["metric"] for entry in config["metric_list"]]
    assert config["filter_list"] == [{"name": "all", "filter": [{"function": "take_first_k", "k": n}]}]
    assert {"temperature", "top_p", "top_k", "do_sample", "until", "max_gen_toks"} == set(config["generation_kwargs"])


def test_metrics_count_samples() -> None:
    task = tasks.load("chain_addition")
    metrics = task.scorer({"gold": "41"}, [["#41", "#410", "9,#41", "#14", "#", "41", "#4x", ""]])
    assert metrics == {
        "n": 8, "correct": 3, "unparsed": 4,
        "pass@1": 3 / 8, "pass@2": pytest.approx(1 - 10 / 28), "pass@4": pytest.approx(1 - 5 / 70), "pass@8": 1.0,
        "maj@8": 1.0,
    }  # fmt: skip


def test_a_filter_that_drops_samples_is_an_error() -> None:
    with pytest.raises(TypeError, match="take_first_k"):
        tasks.load("chain_addition").scorer({"gold": "41"}, ["#41"])


@pytest.mark.parametrize(
    ("completion", "right"),
    [
        ("3*5-7", True), ("5*3-7", True), (" 3 * 5 - 7 ", True), ("(3*5)-7", True), ("3*5-7+0", False), ("3+5", False),
        ("3*5-7*1", False), ("33*5-7", False), ("8", False), ("3*5-7=8", False), ("3*5-7 ", True), ("3*5-7.", False),
        ("2.5*3", False), ("3**5-7", False), ("15-7", False), ("7-3*5", False), ("3*5-7\n", False),
    ],
)  # fmt: skip
def test_countdown_takes_any_expression_over_exactly_the_digits(completion: str, right: bool) -> None:
    task = tasks.load("countdown_pocket")
    doc = {"id": "", "prompt": "..357>08=", "public": "357>08", "gold": "3*5-7"}
    assert task.correct(doc, completion) is right
    assert task.verify("357>08", completion) is right


@pytest.mark.parametrize("name", SCORED)
def test_the_checker_sees_only_what_the_prompt_shows(name: str) -> None:
    task = tasks.load(name)
    if not task.has_checker:
        with pytest.raises(UsageError, match=r"no label-free checker; tasks that have one: .*countdown.*pocket_lemmas"):
            task.verify("", "")
        return
    for doc in problems(name, "test")[:50]:
        assert not task.verify(doc["public"], "")
        if (solution := task.scorer.solution(doc)) is not None:
            assert task.verify(doc["public"], solution)
            assert not task.verify(doc["public"], task.scorer.corrupted(doc))


@needs_coq
def test_a_lemma_is_right_when_coq_says_so_and_no_proof_is_gold() -> None:
    task = tasks.load("pocket_lemmas")
    text = "Lemma goal : forall P Q R : Prop, P -> Q -> P."
    doc = {"id": "", "prompt": "", "public": text, "gold": ""}
    for proof, right in (
        ("intros P Q R p q. exact p.", True),
        ("intros. assumption.", True),
        ("intros. exact q.", False),
    ):
        completion = f"So:\n```coq\nProof.\n  {proof}\nQed.\n```"
        assert task.correct(doc, completion) is task.verify(text, completion) is right
    with pytest.raises(UsageError, match="pocket_lemmas has no gold answers"):
        task.gold(doc)


def test_a_missing_coq_is_one_clear_line_before_anything_is_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda _: None)
    task = tasks.load("pocket_lemmas")
    for judge in (lambda: task.correct({"public": ""}, ""), lambda: task.scorer({"public": "", "gold": ""}, [[""]])):
        with pytest.raises(UsageError, match="proofs cannot be checked: coqc is not on the PATH: install Coq"):
            judge()


def test_text_goes_on_from_the_prompt_and_only_the_whole_rest_is_right() -> None:
    task = tasks.load("pocket_text")
    for doc in problems("pocket_text", "test"):
        rest = doc["continuation"]
        assert rest
        assert rest not in (doc["gold"], doc["public"])
        assert re.fullmatch(r"\.*[0-9+]+=([0-9]+,)*#[0-9]+", doc["prompt"] + rest)
        assert task.correct(doc, rest)
        assert not task.correct(doc, rest + "0")


def test_a_program_that_leaves_or_cheats_is_wrong() -> None:
    task = tasks.load("mbpp")
    (doc,) = problems("mbpp", "test")
    for code in ("import os\nos._exit(0)", "raise SystemExit", "def _sum(xs):\n    while True: pass", "_sum = len"):
        assert not task.correct(doc, f"```python\n{code}\n```")
    assert task.correct(doc, "Use the built-in.\n```python\n_sum = sum\n```")


def test_check_tasks_finds_what_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[str] = []
    assert task_check.check_tasks(["amc23", "mbpp", "countdown_pocket"], heard.append) == []
    assert ["only the sample rows" in line for line in heard] == [True, True, False]
    task = tasks.load("countdown_pocket")
    docs = task.docs("test")[:3]
    wrong = [{**docs[0], "gold": docs[1]["gold"]}, docs[1], docs[1]]
    monkeypatch.setattr(tasks.Task, "docs", lambda self, split: wrong)
    failures = task_check.check_tasks(["countdown_pocket"])
    for split in ("train", "validation", "test"):
        assert f"countdown_pocket: {split} problem {docs[0]['id']}: its solution is wrong" in failures
        assert f"countdown_pocket: {split} shows a problem twice" in failures
    assert sum("share 2 prompts" in line for line in failures) == 6
    assert task_check.check_tasks(["nothing"]) != []


@pytest.mark.parametrize("name", ONE_PER_SCORER)
@given(
    text=st.one_of(st.text(), st.text("0123456789+-*/()#.,\\boxed{}$^!%=frac "), st.text().map("\\boxed{{{}}}".format))
)
@settings(max_examples=100, deadline=None)
def test_any_text_has_a_short_canonical_answer_or_none(name: str, text: str) -> None:
    task = tasks.load(name)
    answer = task.answer(text)
    assert answer is None or 0 < len(answer) <= max(220, len(text))
    assert answer is None or task.answer(task.scorer.completion(answer)) == answer


@pytest.mark.parametrize("name", ONE_PER_SCORER)
def test_hostile_texts_neither_hang_nor_raise(name: str) -> None:
    task = tasks.load(name)
    doc = {
        "id": "",
        "prompt": "",
        "public": "357>08",
        "gold": "7",
        "continuation": "7",
        "setup": "",
        "tests": "assert 0",
    }
    before = time.perf_counter()
    assert not any(task.correct(doc, text) for text in HOSTILE)
    assert time.perf_counter() - before < 10


def test_unknown_names_suggest_the_nearest() -> None:
    with pytest.raises(UsageError, match="unknown task 'gsmk8'; did you mean 'gsm8k'"):
        tasks.load("gsmk8")
    with pytest.raises(UsageError, match="unknown split of gsm8k 'tset'; did you mean 'test'"):
        tasks.load("gsm8k").docs("tset")


def local(monkeypatch: pytest.MonkeyPatch, folder: Path, name: str, text: str) -> tasks.Task:
    (folder / name).write_text(text)
    monkeypatch.setenv(tasks.DATA_VARIABLE, f"other=/nowhere,gsm8k={folder}")
    return tasks.load("gsm8k")


ROW = {"question": "1 + 1?", "answer": "Two.\n#### 1,002.0"}


@pytest.mark.parametrize(("name", "text"), [("test.jsonl", json.dumps(ROW) + "\n"), ("test.json", json.dumps([ROW]))])
def test_local_copies_are_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, text: str) -> None:
    (doc,) = local(monkeypatch, tmp_path, name, text).docs("test")
    assert doc["gold"] == "1002"
    assert doc["public"] == "1 + 1?"
    assert doc["prompt"].startswith("1 + 1?\n")


def test_local_parquet_gives_the_same_rows(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import pandas

    rows = local(monkeypatch, tmp_path, "test.jsonl", json.dumps(ROW)).docs("test")
    (tmp_path / "test.jsonl").unlink()
    pandas.DataFrame([ROW]).to_parquet(tmp_path / "test.parquet")
    assert tasks.load("gsm8k").docs("test") == rows


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("test.jsonl", '{"problem": "1", "solution": "2"}', "no column 'question'; it has problem, solution"),
        ("test.jsonl", '{"question": "1", "answer": "####"}', "test row 0 has no answer after '####'"),
        ("test.jsonl", '{"question"', r"cannot read .*test\.jsonl"),
        ("test.json", "{}", r"test\.json: not a list of rows"),
        ("train.jsonl", "", r"has no test\.jsonl or test\.json or test\.parquet; it has train\.jsonl"),
    ],
)
def test_bad_local_copies_get_one_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, text: str, message: str
) -> None:
    with pytest.raises(UsageError, match=message) as error:
        local(monkeypatch, tmp_path, name, text).docs("test")
    assert "\n" not in str(error.value)


def test_a_misread_data_variable_gets_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(tasks.DATA_VARIABLE, "gsm8k")
    with pytest.raises(UsageError, match="URLVR_DATA: 'gsm8k' does not read as task=folder"):
        tasks.load("gsm8k").docs("test")


def in_child(code: str, **environment: str) -> str:
    env = {**os.environ, "PYTHONPATH": str(tasks.FOLDER.parent), tasks.DATA_VARIABLE: "", **environment}
    return subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True).stdout


def test_no_hub_and_no_local_copy_names_the_fix(tmp_path: Path) -> None:
    code = """
from urlvr_bench import errors, tasks
try:
    tasks.load("gsm8k").docs("test")
except errors.UsageError as error:
    print(error)
"""
    line = in_child(code, HF_HUB_OFFLINE="1", HF_HOME=str(tmp_path))
    assert line.count("\n") == 1
    assert "cannot load openai/gsm8k (revision e53f0488) from the hub" in line
    assert "--data gsm8k=DIR" in line


def test_listing_tasks_and_making_pocket_problems_imports_nothing_heavy() -> None:
    code = """
import sys
from urlvr_bench import tasks
for name in tasks.names():
    tasks.load(name).description
tasks.load("chain_addition").docs("test")
print(sorted({"torch", "transformers", "datasets", "lm_eval", "math_verify"} & set(sys.modules)))
"""
    assert in_child(code) == "[]\n"
