"""Answers as data sets publish them, and verdicts of readers, in folders that environment variables name."""

import json
import os
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import pytest

from urlvr_bench.review import verdicts
from urlvr_bench.tasks import answers, latex, scoring, statements
from urlvr_bench.tasks.answer import Answer

SHARED = Path(__file__).parents[3] / "shared"
CASES = Path(os.environ.get("URLVR_TEST_CASES", SHARED / "cases"))
DATA = Path(os.environ.get("URLVR_TEST_DATA", SHARED / "data"))
needs_cases = pytest.mark.skipif(not CASES.is_dir(), reason="set URLVR_TEST_CASES to a folder with answers.jsonl")
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="set URLVR_TEST_DATA to a folder with published problems")


@needs_cases
def test_verdicts_are_those_of_a_reader() -> None:
    path = CASES / "answers.jsonl"
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    graded = verdicts.grade_file(path)
    wrong = [(row, one) for row, one in zip(rows, graded, strict=True) if one.correct is not row["correct"]]
    assert wrong == []


@needs_cases
def test_equal_answers_are_one_vote_both_ways_round() -> None:
    scorer = verdicts.scorer()
    for row in map(json.loads, (CASES / "equal.jsonl").read_text().splitlines()):
        for pair in ((row["a"], row["b"]), (row["b"], row["a"])):
            assert verdicts.equal(scorer, *pair)["same"] is row["same"], pair


def rows(name: str) -> Iterator[dict[str, str]]:
    for path in sorted((DATA / name).glob("*.jsonl")):
        yield from map(json.loads, path.read_text().splitlines())


def golds(name: str) -> Iterator[str]:
    """Return the gold answers of a folder as they are published, each once; an empty box is none."""
    seen = set()
    for row in rows(name):
        answer = row.get("final_answer") or row.get("answer") or latex.last_box(row["solution"]) or ""
        text = ", ".join(answer) if isinstance(answer, list) else answer.rpartition("####")[2]
        if text.strip() and text not in seen:
            seen.add(text)
            yield text


def decimal(number: Fraction) -> str | None:
    """Return the finite decimal of a number, None where there is none."""
    for places in range(20):
        scaled = abs(number) * 10**places
        if scaled.denominator == 1:
            digits = str(scaled.numerator).rjust(places + 1, "0")
            whole, rest = digits[: len(digits) - places], digits[len(digits) - places :]
            return f"{'-' if number < 0 else ''}{whole}.{rest}"
    return None


def spellings(found: Answer) -> Iterator[str]:
    """Yield other ways to write an answer: set otherwise, with units, rearranged, as a decimal."""
    text = found.text
    yield rf"$ {text} $"
    if found.value is not None and found.value.numerator.bit_length() < 400:
        above, below = found.value.numerator, found.value.denominator
        yield rf"\dfrac{{{3 * above}}}{{{3 * below}}}"
        yield rf"{text}\text{{ cm}}^2"
        yield rf"x = {text}\ \mathrm{{kg}}/\mathrm{{m}}^3"
        yield rf"{above} \cdot \frac{{1}}{{{below}}}"
        yield decimal(found.value) or text
    elif found.kind in ("list", "set"):
        backward = [part.text for part in found.parts[::-1]]
        yield r" \text{ and } ".join(backward)
        yield rf"\left\{{ {', '.join(backward)} \right\}}"
    elif found.kind == "union":
        yield r" \cup ".join(part.text for part in found.parts[::-1])
    elif found.kind == "tuple":
        inside = r" ,\; ".join(part.text for part in found.parts)
        yield rf"\left{found.name[0]} {inside} \right{found.name[1]}"
    elif found.kind == "equation":
        yield " = ".join(statements.split(text, "=")[::-1])
    elif found.kind == "words":
        yield rf"\textbf{{{text[6:-1].capitalize()}}}"
    elif found.kind == "choice":
        yield rf"\text{{({text.lower()})}}"
    elif found.kind == "formula":
        yield text.replace(r"\frac", r"\dfrac").replace(r"\pi", r" \pi ")
        yield "+".join(statements.split(text, r"(?<=[^-+(])\+")[::-1])
        if not statements.has_variables(text) and r"\begin" not in text:
            yield rf"{text}\text{{ square units}}"


@needs_data
@pytest.mark.parametrize("name", ["minerva", "olympiadbench", "math_train", "gsm8k"])
def test_every_published_answer_is_right_in_all_its_spellings_and_wrong_when_corrupted(name: str) -> None:
    scorer = scoring.boxed
    for gold in golds(name):
        found = answers.read(gold)
        assert found is not None, gold
        doc = scorer.posed(gold)
        solution, corrupted = scorer.solution(doc), scorer.corrupted(doc)
        assert scorer.correct(doc, rf"\boxed{{{gold}}}"), gold
        assert solution and scorer.correct(doc, solution), gold
        assert corrupted and not scorer.correct(doc, corrupted), corrupted
        assert not scorer.correct(doc, "") and not scorer.correct(doc, r"\boxed{}")
        for spelled in spellings(found):
            answer = scorer.canonical(spelled)
            assert answer is not None and scorer.same(found.text, answer), (gold, spelled)
