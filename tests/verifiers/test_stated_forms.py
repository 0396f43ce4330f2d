"""What stated values, puzzles and choices are read as, in the notations that models write."""

import pytest

from urlvr_bench.tasks import equality, scoring

STATED = [
    ("It is 2\u03c0.", r"2\pi"), ("So x > 5.", r"(5, \infty)"), ("The point is (1, 2).", "(1, 2)"),
    ("The range is [1,3].", "[1, 3]"), ("The ratio is 3 : 4.", "3/4"), ("The answer is \u221a144.", "12"),
    ("#### <<3*4=12>>12", "12"), ("The answer is 6 x 10^23.", str(6 * 10**23)),
    ("The answer is twelve dollars.", "12"), ("The answer is one million.", "1000000"), ("It is 2x.", "2x"),
    ("It is 3+2i.", "3+2i"),
    ("It is 101_2.", "101_{2}"), ("It is -3.", "-3"), ("The answer is - 3.", "-3"), ("He has 7 + 5 = 12 apples.", "12"),
]  # fmt: skip
BOUNDED = ["The answer is 12 or more.", "The answer is up to 12.", "The answer is 12 to 13.", "There are n+12 ways."]


@pytest.mark.parametrize(("said", "answer"), STATED)
def test_a_stated_value_is_read_whole(said: str, answer: str) -> None:
    assert scoring.boxed_native.answer(said) == answer


@pytest.mark.parametrize("said", BOUNDED)
def test_a_bound_is_no_value(said: str) -> None:
    found = scoring.boxed_native.answer(said)
    assert found is None or not equality.compare(found, "12").same


SUMS = [
    r"\big(3+4\big)*2", "\uff083\uff0b4\uff09*2", "{3+4}*2", r"\(3+4\)*2".replace("*2", ""),
    r"\displaystyle (3+4)\quad*2", "`(3+4)*2`", "(3+4)\u22c52.", r"\text{(3+4)*2}",
]  # fmt: skip


@pytest.mark.parametrize("text", SUMS)
def test_a_puzzle_is_read_through_its_typesetting(text: str) -> None:
    assert scoring.countdown_boxed.canonical(text) in ("(3+4)*2", "3+4")


@pytest.mark.parametrize(("text", "read"), [(r"\frac63", "((6)/(3))"), (r"\tfrac{6}3", "((6)/(3))"), ("3.5+4", None)])
def test_fractions_of_a_puzzle(text: str, read: str | None) -> None:
    assert scoring.countdown_boxed.canonical(text) == read


@pytest.mark.parametrize(
    "said", ["C - Paris", "{C}", "\uff23", "The answer is C", "C (Paris)", "(C) Paris", "C!", "C."]
)
def test_a_choice_is_read_by_its_letter(said: str) -> None:
    assert scoring.phrase.canonical(said) == "C"


@pytest.mark.parametrize("said", ["a cat", "Carbon", "C or D", "the answer is carbon"])
def test_a_phrase_is_no_choice(said: str) -> None:
    assert len(scoring.phrase.canonical(said) or "") > 1
