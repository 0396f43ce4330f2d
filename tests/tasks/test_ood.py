"""What is judged beside the training task: a frozen suite, questions with choices, phrases and instructions."""

import json
import math
import re
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from urlvr_bench import tasks
from urlvr_bench.errors import UsageError
from urlvr_bench.tasks import data, instructions, phrase

FROZEN = tasks.load("ood_reasoning")
ROWS = [json.loads(line) for line in (tasks.FOLDER / "ood" / "reasoning.jsonl").read_text().splitlines()]


def test_the_frozen_suite_has_all_kinds_in_turn_and_no_problem_twice() -> None:
    docs = FROZEN.docs("test")
    assert len(docs) == len(ROWS) == len({row["question"] for row in ROWS}) == 510
    kinds = len({row["family"] for row in ROWS})
    assert len({row["family"] for row in ROWS[:kinds]}) == kinds == 17
    assert set(Counter(row["family"] for row in ROWS).values()) == {30}


def numbers(text: str) -> list[int]:
    return [int(number) for number in re.findall("[0-9]+", text)]


def primes(low: int, high: int) -> int:
    return sum(n > 1 and all(n % d for d in range(2, math.isqrt(n) + 1)) for n in range(low, high + 1))


def chance(question: str) -> Decimal:
    heads, flips = numbers(question)
    wanted = range(heads, flips + 1) if "at least" in question else [heads]
    return Decimal(sum(bin(outcome).count("1") in wanted for outcome in range(2**flips))) / 2**flips


SOLVERS = {
    "coin_flip": chance,
    "chain_sum": lambda q: sum(int(n) for n in re.findall("[-+]?[0-9]+", q.partition(":")[2].replace(" ", ""))),
    "gcd": lambda q: math.gcd(*numbers(q)),
    "lcm": lambda q: math.lcm(*numbers(q)),
    "count_primes": lambda q: primes(*numbers(q)),
    "word_sorting": lambda q: ", ".join(
        sorted(q.rpartition("list: ")[2].split(", "), reverse="descending" in q.rpartition("Now")[2])
    ),
}


@pytest.mark.parametrize("family", SOLVERS)
def test_frozen_answers_are_what_we_compute(family: str) -> None:
    for row in ROWS:
        if row["family"] == family:
            assert row["answer"] == str(SOLVERS[family](row["question"]))


def test_a_changed_suite_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "ood").mkdir()
    lines = (tasks.FOLDER / "ood" / "reasoning.jsonl").read_bytes()
    (tmp_path / "ood" / "reasoning.jsonl").write_bytes(lines.replace(b"6126", b"6127", 1))
    monkeypatch.setattr(data, "FOLDER", tmp_path)
    with pytest.raises(UsageError, match="is not the file that its task was made for"):
        FROZEN.docs("test")


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("0.50", "1/2"), (r"\frac{1}{2}", "1/2"), ("(B)", "B"), ("b", "B"), (r"\text{(B)}", "B"), ("B. iron", "B"),
        ("(b) iron", "B"), ("Yes.", "yes"), ("pear,  fig", "pear fig"), ("0x819B0", "0x819b0"), ("07:11", "07:11"),
        (r"] \} >", "] } >"), ("a dog", "a dog"), ("", None), (".", None), ("00,", "0"), ("A. or B.", "a. or b"),
        ("(a) or (b)", "(a) or (b)"), ("option c", "C"), ("x" * 501, None),
    ],
)  # fmt: skip
def test_phrases_have_one_spelling(text: str, answer: str | None) -> None:
    assert phrase.canonical(text) == answer


@given(st.text(max_size=100))
def test_the_spelling_of_a_phrase_is_its_own_spelling(text: str) -> None:
    answer = phrase.canonical(text)
    assert answer is None or phrase.canonical(answer) == answer


@pytest.mark.parametrize("name", ["gpqa_diamond", "mmlu_pro"])
@pytest.mark.parametrize("style", ["", "@boxed-plain", "@native"])
def test_only_the_letter_of_the_right_choice_is_right(name: str, style: str) -> None:
    task = tasks.load(name + style)
    (doc,) = task.sample("test")
    listed = dict(re.findall(r"^([A-J])\. (.*)$", task.prompt(doc), re.MULTILINE))
    assert len(listed) in (4, 10)
    assert listed[doc["gold"]] in ("helium", "1024")
    assert [letter for letter in listed if task.correct(doc, rf"\boxed{{{letter}}}")] == [doc["gold"]]
    assert task.correct(doc, f"The answer is ({doc['gold']}).") is (style == "@native")


def test_bracket_sequences_differ_by_their_signs() -> None:
    forms = ["< {", "{ <", "( [ {"]
    rows = data.published(
        task="bbh",
        form="phrase",
        sources={"test": {"question": "input", "answer": "target"}},
        sample={"test": [{"input": f"Close: {text}", "target": "x"} for text in forms]},
    ).example("test")
    assert len(rows) == 3


FOLLOWED: list[tuple[str, dict[str, Any], str, str]] = [
    ("keywords:existence", {"keywords": ["sun", "Sea"]}, "SUN and sea", "sun only"),
    ("keywords:frequency", {"keyword": "ha", "frequency": 2, "relation": "at least"}, "ha Ha", "ha"),
    ("keywords:frequency", {"keyword": "ha", "frequency": 2, "relation": "less than"}, "ha", "ha ha"),
    ("keywords:forbidden_words", {"forbidden_words": ["can"]}, "a canal", "I Can."),
    ("keywords:letter_frequency", {"letter": "z", "let_frequency": 2, "let_relation": "at least"}, "Zz", "z"),
    ("length_constraints:number_paragraphs", {"num_paragraphs": 2}, "a\n***\nb", "a\n***\n***\nb"),
    ("length_constraints:number_words", {"num_words": 3, "relation": "less than"}, "one, two", "one two three"),
    (
        "length_constraints:nth_paragraph_first_word",
        {"num_paragraphs": 2, "nth_paragraph": 2, "first_word": "so"},
        "a\n\n'So, b",
        "so\n\nb",
    ),
    ("detectable_content:number_placeholders", {"num_placeholders": 2}, "[name] [day]", "[name] []"),
    ("detectable_content:postscript", {"postscript_marker": "P.S."}, "Bye.\nP.S. More", "Bye. PS"),
    ("detectable_format:number_bullet_lists", {"num_bullets": 2}, "* a\n- b", "* a\n**b**"),
    ("detectable_format:constrained_response", {}, "My answer is no.", "No."),
    ("detectable_format:number_highlighted_sections", {"num_highlights": 2}, "*a* and **b c**", "*a* and ** **"),
    ("detectable_format:multiple_sections", {"section_spliter": "Part", "num_sections": 2}, "Part 1 Part 2", "Part 1"),
    ("detectable_format:json_format", {}, '```json\n{"a": 1}\n```', "{a: 1}"),
    ("detectable_format:title", {}, "<<A title>>\ntext", "<< >>\ntext"),
    ("combination:two_responses", {}, "a\n******\nb", "a\n******\na"),
    ("combination:repeat_prompt", {"prompt_to_repeat": "Do it."}, "do it. Done.", "Done."),
    ("startend:end_checker", {"end_phrase": "Any questions?"}, 'x "any questions?"', "any questions? no"),
    ("startend:quotation", {}, '"x"', '"x'),
    (
        "change_case:capital_word_frequency",
        {"capital_frequency": 2, "capital_relation": "at least"},
        "ONE TWO three",
        "ONE two",
    ),
    ("change_case:english_capital", {}, "ALL, 1", "All"),
    ("change_case:english_lowercase", {}, "all, 1", "All"),
    ("punctuation:no_comma", {}, "a b", "a, b"),
]


@pytest.mark.parametrize(("name", "arguments", "good", "bad"), FOLLOWED)
def test_instructions_are_followed_to_the_letter(name: str, arguments: dict[str, Any], good: str, bad: str) -> None:
    task = tasks.load("ifeval")
    doc = {"id": "", "prompt": "", "public": "", "gold": "", "instructions": json.dumps([[name, arguments]])}
    assert task.correct(doc, good)
    assert not task.correct(doc, bad)
    assert not task.correct(doc, "")


def test_every_instruction_is_tried_and_prompts_that_cannot_be_judged_are_left_out() -> None:
    assert {name for name, *_ in FOLLOWED} == instructions.CHECKS.keys()
    task = tasks.load("ifeval")
    (doc,) = task.sample("test")
    assert task.correct(doc, "* red\n* blue")
    assert not task.correct(doc, "* red, blue")
    assert not task.correct(doc, "* red, dark\n* blue")
