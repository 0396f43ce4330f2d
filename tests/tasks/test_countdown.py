"""Countdown: puzzles that can be solved, splits that never meet, and a verifier without the known holes."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from urlvr_bench import tasks
from urlvr_bench.pocket.problems import split_of
from urlvr_bench.tasks import expression, puzzle

BOTH = ("countdown", "countdown_hard")
PUBLIC = puzzle.shown([3, 5, 7], 8)
DOC = {"id": "", "prompt": puzzle.question(PUBLIC), "public": PUBLIC, "gold": ""}
STYLES = ("countdown", "countdown@boxed-plain", "countdown@native")


@pytest.mark.parametrize("name", BOTH)
@given(seed=st.integers(0, 2**32))
@settings(max_examples=50, deadline=None)
def test_every_puzzle_is_solved_by_its_gold_and_lies_in_one_split(name: str, seed: int) -> None:
    arguments = tasks.load(name).config["dataset_kwargs"]["arguments"]
    problem = puzzle.draw(random.Random(seed), **arguments)
    numbers, target = puzzle.given(problem.public)
    assert expression.solves(problem.gold, numbers, target)
    assert arguments["count"][0] <= len(numbers) <= arguments["count"][1]
    assert max(numbers) <= arguments["largest"]
    assert arguments["targets"][0] <= target <= arguments["targets"][1]
    assert target not in numbers
    turned = puzzle.shown(numbers[1:] + numbers[:1], target)
    assert split_of(problem.key) == split_of(f"countdown:{sorted(puzzle.given(turned)[0])}>{target}")


@pytest.mark.parametrize("name", BOTH)
def test_splits_share_no_puzzle_in_whatever_order(name: str) -> None:
    task = tasks.load(name)
    seen: set[tuple[tuple[int, ...], int]] = set()
    for split in task.splits:
        shown = [puzzle.given(doc["public"]) for doc in task.docs(split)]
        puzzles = {(tuple(sorted(numbers)), target) for numbers, target in shown}
        assert len(puzzles) == len(shown)
        assert seen.isdisjoint(puzzles)
        seen |= puzzles


@given(st.lists(st.integers(1, 12), min_size=2, max_size=4), st.integers(-20, 60))
@settings(max_examples=50, deadline=None)
def test_the_solver_finds_only_solutions(numbers: list[int], target: int) -> None:
    found = puzzle.solve(numbers, target)
    assert found is None or expression.solves(found, numbers, target)
    assert puzzle.solve([*numbers, 1], sum(numbers) + 1) is not None


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize(
    "right",
    [
        "3 + 5 * 7 / 7",
        "3*5-7",
        "-7+3*5",
        "5*3-7",
        "( 3*5 ) - 7",
        r"3 \times 5 - 7",
        r"3 \cdot 5 - 7",
        "3\u00d75\u22127",
        r"\big(3 \cdot 5\big) - 7",
        "\uff13\uff0a\uff15\uff0d\uff17",
        "3 \u22c5 5 - 7",
        "3\u22175-7",
        r"3\quad\times 5-7",
        r"\text{3*5-7}",
        r"\(3\times5-7\)",
        "`3*5-7`",
        r"{3\times5}-7",
        "3*5-7.",
    ],
)
def test_any_expression_over_exactly_the_numbers_is_right(style: str, right: str) -> None:
    task = tasks.load(style)
    holds = "7 / 7" not in right
    assert task.correct(DOC, rf"So \boxed{{{right}}}.") is holds
    assert task.verify(PUBLIC, rf"So \boxed{{{right}}}.") is holds


HOLES = {
    "a float literal": "2.5*3+0.5",
    "a float for a whole number": "3.0*5-7",
    "a power": "3**5-7",
    "a power in LaTeX": "3^5-7",
    "a floor division": "35//3-7",
    "an unused number": "3+5",
    "a number used twice": "3*5-7+7-7",
    "digits joined": "35-7",
    "a number of its own": "3*5-7+0",
    "the target": "8",
    "the equation": "3*5-7=8",
    "text after the expression": "3*5-7 is right",
    "a comment": "3*5-7#",
    "a second expression": "3*5-7, 3+5",
    "a call": "int(3*5-7)",
    "a division by zero": "3/(5-5)+7",
    "another target": "3+5*7",
    "two signs": "3*5--7+1",
    "digits of another script": "\u0663*\u0665-\u0667",
    "an underscore": "3*5-7_0",
    "a root": r"\sqrt{9}*5-7",
    "a power in braces": r"{3}^{5}-7",
    "braces after braces": r"3*{5}{7}",
    "a remark": r"3*5-7 \text{ is right}",
    "two stops": "3*5-7..",
}


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("hole", HOLES.values(), ids=HOLES)
def test_no_hole_is_right(style: str, hole: str) -> None:
    task = tasks.load(style)
    for text in (rf"\boxed{{{hole}}}", rf"\boxed{{3*5-7}} or rather \boxed{{{hole}}}"):
        assert not task.correct(DOC, text)
        assert not task.verify(PUBLIC, text)


@pytest.mark.parametrize(
    ("text", "right"),
    [(r"\frac63", True), (r"\dfrac 6 3", True), (r"\frac{{6}}{3}", True), (r"\frac36", False), (r"\binom63", False)],
)
def test_a_fraction_divides(text: str, right: bool) -> None:
    assert tasks.load("countdown").verify(puzzle.shown([3, 6], 2), rf"\boxed{{{text}}}") is right


def test_what_follows_the_box_neither_helps_nor_harms() -> None:
    task = tasks.load("countdown")
    assert task.correct(DOC, r"\boxed{3*5-7} and 3+5 is wrong")
    assert not task.correct(DOC, r"\boxed{3+5} and 3*5-7 is right")
    assert not task.correct(DOC, "3*5-7")
    plain = tasks.load("countdown@boxed-plain")
    assert plain.correct(DOC, "\\boxed{3*5-7}\nQuestion: 1, 2\nAnswer: \\boxed{1+2}")


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("3 * 5 = 15, so 3 * 5 - 7 = 8.", True),
        ("The answer is (3*5)-7.", True),
        ("3*5-7, checked: 3+5+7 = 15", False),
        ("3.0*5-7", False),
        ("3*5-7.5", False),
        ("3**5-7", False),
        ("Found it: **3*5-7**", True),
        ("**3*5-7**.", True),
        ("3+5+7 **3*5-7", False),
        ("3*5-7x", False),
        ("3, 5, 7 and 8", False),
        ("3*5-7\nQuestion: 1, 2 and 3\nAnswer: 1+2", True),
    ],
)
def test_without_a_box_the_last_expression_counts(text: str, right: bool) -> None:
    assert tasks.load("countdown@native").correct(DOC, text) is right


def test_a_rephrasing_turns_the_numbers() -> None:
    task = tasks.load("countdown")
    doc = task.docs("test")[0]
    other = {**doc, "public": task.rephrase(doc, 1).partition("equals the target.\n")[2].partition("\nOnly")[0]}
    assert other["public"] != doc["public"]
    assert task.correct(other, task.scorer.solution(doc))
