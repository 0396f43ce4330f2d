"""Formulas are compared by math-verify in a child process that neither hangs nor takes us with it."""

import multiprocessing
import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from urlvr_bench.tasks import expression, latex
from urlvr_bench.verifiers import grading

ENDLESS = r"\binom{1000000000}{100000000}"
"""Takes hours to work out."""


@pytest.mark.parametrize(
    ("gold", "answer", "equal"),
    [
        (r"\frac{\sqrt{3}}{2}", r"\frac{1}{2}\sqrt{3}", True),
        ("x^2+y^2", "y^2+x^2", True),
        ("(1,2)", "(1,2)", True),
        ("(1,2)", "(2,1)", False),
        (r"\frac{\sqrt{3}}{2}", r"\frac{\sqrt{3}}{3}", False),
        ("5", "{{{{", False),
        ("5", "", False),
    ],
)
def test_formulas_are_equal_when_they_mean_the_same(gold: str, answer: str, equal: bool) -> None:
    assert grading.equivalent(gold, answer) is equal


def test_a_comparison_without_end_counts_as_different_and_the_next_one_works() -> None:
    before = time.perf_counter()
    assert not grading.equivalent("7", ENDLESS)
    assert time.perf_counter() - before < 15 * grading.SECONDS
    assert grading.equivalent("x+1", "1+x")


def test_a_killed_child_is_replaced_before_the_next_comparison() -> None:
    assert grading.equivalent("a+b", "b+a")
    child = grading._judges.idle[-1]._process
    assert child is not None
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    assert grading.equivalent("a+c", "c+a")


def test_askers_at_the_same_time_have_a_child_each_and_those_in_turn_share_one() -> None:
    for i in range(3):
        assert grading.equivalent(f"z+{i}", f"{i}+z")
    assert len(grading._judges.idle) == 1
    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(grading.equivalent, "89", [ENDLESS] * 2)) == [False, False]
    assert len(grading._judges.idle) == 2


def test_a_forked_process_asks_children_of_its_own() -> None:
    assert grading.equivalent("a+e", "e+a")
    with multiprocessing.get_context("fork").Pool(1) as pool:
        assert pool.apply(grading.equivalent, ("a+f", "f+a"))
    assert grading.equivalent("a+g", "g+a")


@pytest.mark.parametrize("answer", ["9^{9^{9}}", "9^9^9", "10000000!", "(5!)!", "7^{50000000}", "1" * 40, "1\0"])
def test_hostile_answers_never_reach_the_child(answer: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grading._judges, "ask", lambda *_: pytest.fail("asked"))
    assert not grading.equivalent("7", answer)


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("18", "18"),
        ("018", "18"),
        ("-0", "0"),
        ("+7", "7"),
        ("\u22127", "-7"),
        ("1,080", "1080"),
        ("109,200,000.00", "109200000"),
        ("1{,}080", "1080"),
        (r"1\,080", "1080"),
        (r"\$1,080.", "1080"),
        ("$18$", "18"),
        (r"18 \text{ dollars}", "18"),
        (r"\text{18}", "18"),
        (r"\text{Evelyn}", "Evelyn"),
        ("142.0", "142"),
        (".5", "1/2"),
        ("0.50", "1/2"),
        ("2/4", "1/2"),
        (r"\frac{2}{4}", "1/2"),
        (r"\dfrac24", "1/2"),
        (r"-\tfrac{1}{2}", "-1/2"),
        (r"336^\circ", "336"),
        (r"336^{\circ}", "336"),
        (r"50\%", "50"),
        ("x = 5", "5"),
        ("x = y", "x=y"),
        ("1,08", "1,08"),
        ("(1, 2)", "(1,2)"),
        ("1/0", "1/0"),
        ("\u0664\u0662", "\u0664\u0662"),
        (r"\frac12\sqrt{3}", r"\frac{1}{2}\sqrt{3}"),
        ("", None),
        (" \n", None),
        ("$", None),
        ("9" * 201, None),
    ],
)
def test_one_canonical_spelling_per_answer(text: str, canonical: str | None) -> None:
    assert latex.canonical(text) == canonical
    if canonical is not None:
        assert latex.canonical(canonical) == canonical


@pytest.mark.parametrize(
    ("text", "box"),
    [
        (r"so \boxed{18}", "18"),
        (r"\boxed{2} wait, \boxed{3}.", "3"),
        (r"\boxed{\frac{1}{2}}", r"\frac{1}{2}"),
        (r"\boxed{\{1,2\}}", r"\{1,2\}"),
        (r"\boxed{}", ""),
        (r"\boxed{2} and \boxed{3", None),
        (r"\boxed{" + "1" * 201 + "}", None),
        ("18", None),
    ],
)
def test_the_last_box_counts(text: str, box: str | None) -> None:
    assert latex.last_box(text) == box


@pytest.mark.parametrize(
    ("text", "value"),
    [("1+2*3", 7), ("8-2-4", 2), ("8/2/2", 2), ("(1+2)*3", 9), (" 3 / 2 * 4 ", 6), ("((7))", 7)],
)
def test_expressions_have_their_exact_value(text: str, value: int) -> None:
    found = expression.read(text)
    assert found is not None
    assert found.value == value


@pytest.mark.parametrize(
    "text",
    ["", "1+", "(1", "1)", "1 2", "2.5*4", "2**3", "7//2", "1/0", "-3+5", "1+2=3", "1e3", "9**9**9", "\u0664+1",
     "1\n+2", "__import__('os')", "(" * 30 + "1" + ")" * 30, "1+" * 200 + "1"],
)  # fmt: skip
def test_anything_else_is_no_expression(text: str) -> None:
    assert expression.read(text) is None
