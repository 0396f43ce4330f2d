"""Formulas are compared by math-verify in a child process that neither hangs nor takes us with it."""

import multiprocessing
import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

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


def test_what_a_limit_ends_is_named_and_the_next_question_does_not_wait_for_the_imports() -> None:
    assert grading.verdict("x+2", "2+x") is True
    process = grading._judges.idle[-1]._process
    assert grading.verdict("8", ENDLESS) is None
    assert grading._judges.idle[-1]._process is process
    assert grading.verdict("x+3", "3+x") is True


@pytest.mark.parametrize(
    "answer", ["9^{9^{9}}", "10000000!", "(5!)!", "7^{50000000}", "1" * 40, "1\0", r"2^{2^{2^{2^{9}}}}"]
)
def test_towers_and_large_factorials_are_told_from_a_number(answer: str) -> None:
    assert not grading.equivalent("7", answer)


@pytest.mark.parametrize(
    ("first", "second", "equal"),
    [
        ("9^{9^{9}}", "9^{387420489}", True),
        ("9^{9^{9}}", "9^{387420488}", False),
        (r"2^{10^9}", r"2\cdot2^{10^9-1}", True),
        (r"e^{-1000}", "0", False),
        (r"e^{-1000}x", r"2e^{-1000}x", False),
        (r"\sqrt{2}+10^{-100}", r"\sqrt{2}", False),
        (r"10^{-50}\pi", r"10^{-51}\pi", False),
        (r"e^{x^{2}}", r"\exp(x^2)", True),
        (r"2^{2^{n}}", r"4^{2^{n-1}}", True),
        (r"\frac{(2n)!}{n!}", r"(2n)!/n!", True),
        (r"\frac{(2n)!}{n!}", r"\frac{(2n)!}{(n-1)!}", False),
        (r"\binom{2n}{n}", r"\frac{(2n)!}{(n!)^2}", True),
        (r"\frac{d!}{2k(d-k)!}", r"\frac{d!}{3k(d-k)!}", False),
        (r"\lceil n/2\rceil", r"\lfloor (n+1)/2\rfloor", True),
        (r"\lfloor\sqrt{n-1}\rfloor", r"\lfloor\sqrt{n-2}\rfloor", False),
        (r"\sqrt{x^2}", "x", False),
        (r"\sqrt{x^2}", "|x|", True),
        (r"2\pi R", r"2\pi r", False),
        ("(1+i)(1-i)", "2", True),
        (r"4e^{2\pi i/3}", r"-2+2\sqrt{3}i", True),
        ("y'", "y", False),
        (r"\tan 15^\circ", r"2-\sqrt{3}", True),
        ("2k", "2", False),
        (r"\frac{dv}{dt}=g-v", r"g=\frac{dv}{dt}+v", True),
        ("2x+3>y", "y<2x+3", True),
        ("2x+3>y", "y>2x+3", False),
        ("x+2y=5", "x+3y=5", False),
        (r"x^2+y^2=1", r"2y^2+2x^2=2", True),
    ],
)  # fmt: skip
def test_formulas_are_compared_exactly_and_symmetrically(first: str, second: str, equal: bool) -> None:
    assert grading.equivalent(first, second) is equal
    assert grading.equivalent(second, first) is equal
