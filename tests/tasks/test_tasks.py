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
from hypothesis import example, given, settings
from hypothesis import strategies as st

from urlvr_bench import protocol, tasks
from urlvr_bench.errors import UsageError
from urlvr_bench.local_data import DATA_VARIABLE
from urlvr_bench.review import task_check, verdicts
from urlvr_bench.tasks import forms

GSM8K = Path(os.environ.get("URLVR_TEST_GSM8K", tasks.FOLDER.parent / "../shared/data/gsm8k"))
GENERATED = [name for name in tasks.names() if not tasks.load(name).revisions]
needs_gsm8k = pytest.mark.skipif(not GSM8K.is_dir(), reason="set URLVR_TEST_GSM8K to a folder with GSM8K")
OFFLINE = [*GENERATED, pytest.param("gsm8k", marks=needs_gsm8k)]

ONE_PER_SCORER = sorted({tasks.load(name).config["process_results"]: name for name in tasks.names()}.values())
ONE_PER_SCORER += [f"{name}@{style}" for name in ONE_PER_SCORER for style in tasks.prompt_styles(name)[1:]]
LIMIT = 7473
"""Problems of a split whose gold is scored: all of GSM8K."""
EXPENSIVE = {"pocket_lemmas": 2, "mbpp": 2, "humaneval": 2}
"""Fewer of them where each completion starts a program."""
needs_coq = pytest.mark.needs("coq")
SCORED = [pytest.param(name, marks=needs_coq) if name == "pocket_lemmas" else name for name in tasks.names()]

HOSTILE = [
    "", "#", "#\0", "\0", "9**9**9", "#" + "1" * 1_000_000, "\\boxed{" * 200_000, "\\boxed{" + "{" * 1_000_000,
    "\\boxed{" + "9" * 1_000_000 + "}", "\\boxed{9^{9^{9}}}", "\\boxed{10000000!}", "(" * 1_000_000, "1+" * 500_000,
    "#\u0664\u0662", "\\boxed{\u0664\u0662}", "\\boxed{\ud800}", "\\boxed{\\frac{1}{0}}", "\\boxed{1/0}", "1/0",
    "\u00b2+1", "5" + "1/\\," * 300 + " !", *(
        f"\\boxed{{5{text}}}" for text in (
            " \\text{a}" * 50 + "!", " \\cdot \\text{a}" * 30 + "!", "\\frac{1}{" + "\\text{a} " * 50 + "!}",
            " days" * 90 + "!", " km/hr" * 80 + "!",
        )
    ),
]  # fmt: skip


@pytest.fixture(autouse=True)
def local_gsm8k(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(DATA_VARIABLE, f"gsm8k={GSM8K}")


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


@needs_gsm8k
def test_every_worked_solution_of_gsm8k_is_right_as_it_is_written_where_no_format_is_asked_for() -> None:
    task = tasks.load("gsm8k@native")
    for split in task.splits:
        lines = (GSM8K / f"{split}.jsonl").read_text().splitlines()
        worked = {row["question"]: row["answer"] for row in map(json.loads, lines)}
        docs = task.docs(split)
        assert len(docs) == len(worked)
        assert all(task.correct(doc, worked[doc["public"]]) for doc in docs)
        assert not any(task.correct(doc, worked[doc["public"]].partition("####")[0] + "#### 0.5") for doc in docs)


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
    assert any("its prompts have changed: raise metadata.version where records exist" in line for line in failures)
    assert task_check.check_tasks(["nothing"]) != []


def test_a_protocol_must_not_judge_on_what_it_trains_on() -> None:
    smoke = protocol.load("smoke")
    train, test = problems("chain_addition", "train")[:3], problems("chain_addition", "test")[:3]
    told = smoke.model_copy(
        update={"evaluation": smoke.evaluation.model_copy(update={"ood": ("gsm8k@native", "nowhere")})}
    )
    known = {"chain_addition": {"train": train, "test": test}, "gsm8k": {"test": problems("gsm8k", "test")}}
    assert task_check.check_protocol(told, known) == ["its task nowhere is unknown"]
    leak = {**known, "gsm8k": {"test": [*test, train[1]]}}
    assert "chain_addition trains on 1 problems of gsm8k@native" in task_check.check_protocol(told, leak)
    test_time = told.model_copy(update={"training": told.training.model_copy(update={"split": "test"})})
    assert "chain_addition trains on 3 problems of gsm8k@native" in task_check.check_protocol(test_time, leak)


def test_words_that_differ_in_signs_only_are_one_problem() -> None:
    spec = protocol.load("smoke").model_copy(update={"task": "math_train"})
    spec = spec.model_copy(update={"evaluation": spec.evaluation.model_copy(update={"ood": ("amc23",)})})
    one, other = ({"public": text} for text in ("What is $2 + 2$?", "what is 2+2"))
    found = task_check.check_protocol(spec, {"math_train": {"train": [one]}, "amc23": {"test": [other]}})
    assert found == ["math_train trains on 1 problems of amc23 but for blanks, case and signs"]


@pytest.mark.parametrize("name", ONE_PER_SCORER)
@given(
    text=st.one_of(st.text(), st.text("0123456789+-*/()#.,\\boxed{}$^!%=frac "), st.text().map("\\boxed{{{}}}".format))
)
@example(text="*0,0")
@settings(max_examples=100, deadline=None)
def test_any_text_has_a_short_canonical_answer_or_none(name: str, text: str) -> None:
    task = tasks.load(name)
    answer = task.answer(text)
    assert answer is None or 0 < len(answer) <= max(500, len(text))
    assert answer is None or task.answer(task.scorer.completion(answer)) == answer


@pytest.mark.parametrize("style", ["boxed", "native", "native-countdown"])
def test_an_answer_that_repeats_itself_is_read_in_time(style: str) -> None:
    """A pattern that can read one piece in two ways takes twice as long for each further one."""
    scorer, golds = verdicts.scorer(style=style), {"native-countdown": "numbers [3, 4, 5] target 17"}
    before = time.process_time()
    for text in HOSTILE:
        if len(text) < 2000:
            assert not verdicts.grade(scorer, golds.get(style, "7"), text).correct
    assert time.process_time() - before < 10


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=needs_coq) if name == "pocket_lemmas" else name for name in ONE_PER_SCORER]
)
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
        "instructions": '[["detectable_format:title", {}]]',
    }
    before = time.perf_counter()
    assert not any(task.correct(doc, text) for text in HOSTILE)
    assert time.perf_counter() - before < 10


def test_unknown_names_suggest_the_nearest() -> None:
    with pytest.raises(UsageError, match="unknown task 'gsmk8'; did you mean 'gsm8k'"):
        tasks.load("gsmk8")
    with pytest.raises(UsageError, match="unknown split of gsm8k 'tset'; did you mean 'test'"):
        tasks.load("gsm8k").docs("tset")


GSM = {"id": "", "prompt": "", "public": "6 + 6?", "gold": "12"}


def test_a_prompt_style_changes_wording_scoring_and_version_but_no_problem() -> None:
    styles = {name: tasks.load(name) for name in ("gsm8k", "gsm8k@boxed-plain", "gsm8k@native")}
    assert [task.version for task in styles.values()] == ["2-boxed-chat", "2-boxed-plain", "2-native"]
    docs = [task.sample("test")[0] for task in styles.values()]
    assert len({doc["prompt"] for doc in docs}) == 3
    assert len({(doc["id"], doc["public"], doc["gold"]) for doc in docs}) == 1
    assert all(task.name == task.config["task"] == name for name, task in styles.items())
    boxed, free, next_question = r"\boxed{12}", "So the answer is 12.", "\nQuestion: 1?\nAnswer: \\boxed{1} 1"
    right = {
        name: [task.correct(GSM, text) for text in (boxed, free, boxed + next_question)]
        for name, task in styles.items()
    }
    assert right == {
        "gsm8k": [True, False, False],
        "gsm8k@boxed-plain": [True, False, True],
        "gsm8k@native": [True, True, True],
    }


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("3+4=7. The answer is 7.", "7"), ("It is 1,080 dollars", "1080"), ("#### -12", "-12"),
        ("The final answer is: $\\frac12$.", "1/2"), ("pages 3-4", "4"), ("Answer: 5 of 6 apples", "5"),
        ("none", None), ("the answer is 4, so \\boxed{3}", "3"), ("\nQuestion: 1?", None), ("1/2 or 0.5", "1/2"),
    ],
)  # fmt: skip
def test_without_a_format_the_stated_answer_counts(text: str, answer: str | None) -> None:
    task = tasks.load("gsm8k@native")
    assert task.answer(text) == answer
    span = task.answer_span(text)
    assert (span is None) == (answer is None)


def test_a_chat_style_needs_a_chat_template() -> None:
    with pytest.raises(UsageError, match="gsm8k asks in the style boxed-chat, but the model's tokenizer has no chat"):
        tasks.load("gsm8k").chats(None)
    with pytest.raises(UsageError, match="take countdown@boxed-plain, or a model with a chat template"):
        tasks.load("countdown").chats(None)
    template = "{{ messages }}"
    assert [tasks.load(f"gsm8k{style}").chats(template) for style in ("", "@boxed-plain", "@native")] == [
        True,
        False,
        True,
    ]
    assert [tasks.load(name).chats(None) for name in ("gsm8k@boxed-plain", "gsm8k@native", "mbpp")] == [False] * 3
    assert tasks.load("mbpp").chats(template)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("gsm8k@boxed-chat", "asks in the style boxed-chat already: write gsm8k without @boxed-chat"),
        ("gsm8k@natve", "unknown prompt style of gsm8k 'natve'; did you mean 'native'"),
        ("mbpp@native", "asks in one way only: write mbpp without @native"),
        ("gsm9k@native", "unknown task 'gsm9k'; did you mean 'gsm8k'"),
    ],
)
def test_a_style_that_is_not_there_gets_one_line(name: str, message: str) -> None:
    assert not tasks.exists(name)
    with pytest.raises(UsageError, match=message):
        tasks.load(name)


def local(monkeypatch: pytest.MonkeyPatch, folder: Path, name: str, text: str) -> tasks.Task:
    (folder / name).write_text(text)
    monkeypatch.setenv(DATA_VARIABLE, f"other=/nowhere,gsm8k={folder}")
    return tasks.load("gsm8k")


ROW = {"question": "1 + 1?", "answer": "Two.\n#### 1,002.0"}


@pytest.mark.parametrize(("name", "text"), [("test.jsonl", json.dumps(ROW) + "\n"), ("test.json", json.dumps([ROW]))])
def test_local_copies_are_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, text: str) -> None:
    (doc,) = local(monkeypatch, tmp_path, name, text).docs("test")
    assert doc["gold"] == "1002"
    assert doc["public"] == "1 + 1?"
    assert doc["prompt"].startswith("1 + 1?\n")


def test_published_spellings_of_answers_become_one() -> None:
    spelled = {"142.0": "142", "025": "25", "336^\\circ": "336", "$3,-3$": "3, -3", "27.0": "27", "\\frac{2}{4}": "1/2"}
    source = {"question": "question", "answer": "answer"}
    for i, (text, canonical) in enumerate(spelled.items()):
        row = forms.FORMS["math"]("row", {"question": f"{i}?", "answer": text}, source)
        assert row is not None and row["gold"] == canonical


def test_local_parquet_gives_the_same_rows(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import pandas

    rows = local(monkeypatch, tmp_path, "test.jsonl", json.dumps(ROW)).docs("test")
    (tmp_path / "test.jsonl").unlink()
    pandas.DataFrame([ROW]).to_parquet(tmp_path / "test.parquet")
    assert tasks.load("gsm8k").docs("test") == rows


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        (
            "test.jsonl",
            '{"problem": "1", "solution": "2"}',
            "no column 'question'; it has problem, solution: take the data of the pinned",
        ),
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
    monkeypatch.setenv(DATA_VARIABLE, "gsm8k")
    with pytest.raises(UsageError, match="URLVR_DATA: 'gsm8k' does not read as task=folder"):
        tasks.load("gsm8k").docs("test")


def in_child(code: str, **environment: str) -> str:
    env = {**os.environ, "PYTHONPATH": str(tasks.FOLDER.parent), DATA_VARIABLE: "", **environment}
    return subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True).stdout


REFUSALS = {
    "401 GatedRepo": "gated dataset on the Hub. You must be authenticated to access it. Accept its conditions at ",
    "403 GatedRepo": "/datasets/Idavidrein/gpqa and sign in: hf auth login, or set HF_TOKEN. Give a folder with ",
    "404 RevisionNotFound": "Its owners removed the commit that the task is pinned to; do not take another",
    "404 RepoNotFound": "'Idavidrein/gpqa' doesn't exist on the Hub or cannot be accessed. Give a folder with",
    "closed": " does not answer, and there is no copy in the cache. Give a folder with a local copy: --data gpqa_",
    "offline": "HF_HUB_OFFLINE is set, and there is no copy in the cache. Give a folder with a local copy",
}
ASK_THE_HUB = """
import os, sys, threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

class Refusing(BaseHTTPRequestHandler):
    def do_GET(self):
        status, code = case.split()
        self.send_response(int(status))
        for header, value in (("X-Error-Code", code), ("X-Error-Message", code), ("Content-Length", "0")):
            self.send_header(header, value)
        self.end_headers()
    do_HEAD = do_GET
    def log_message(self, *_): pass

server = ThreadingHTTPServer(("127.0.0.1", 0), Refusing)
threading.Thread(target=server.serve_forever, daemon=True).start()
os.environ["HF_ENDPOINT"] = f"http://127.0.0.1:{server.server_address[1]}"
from huggingface_hub import constants
from urlvr_bench import errors, tasks
from urlvr_bench.tasks import remote
for case in sys.argv[1:] or CASES:
    if case == "closed":
        server.shutdown(), server.server_close(), remote._answers.cache_clear()
    constants.HF_HUB_OFFLINE = case == "offline"
    try:
        tasks.load("gpqa_diamond").docs("test")
    except errors.UsageError as error:
        print(error)
"""


def test_a_hub_that_refuses_or_is_away_gets_one_line_with_the_fix(tmp_path: Path) -> None:
    code = ASK_THE_HUB.replace("CASES", repr(list(REFUSALS)))
    lines = in_child(code, HF_HUB_OFFLINE="", HF_HOME=str(tmp_path), HF_TOKEN="").splitlines()
    assert len(lines) == len(REFUSALS)
    for line, expected in zip(lines, REFUSALS.values(), strict=True):
        assert line.startswith("gpqa_diamond: cannot load Idavidrein/gpqa (revision 633f5ee8) from the hub: ")
        assert expected in line
        assert line.endswith("--data gpqa_diamond=DIR or URLVR_DATA=gpqa_diamond=DIR")


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
