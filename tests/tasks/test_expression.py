"""Arithmetic expressions have one exact value, and nothing else is one."""

import pytest

from urlvr_bench.tasks import expression


@pytest.mark.parametrize(
    ("text", "value"),
    [("1+2*3", 7), ("8-2-4", 2), ("8/2/2", 2), ("(1+2)*3", 9), (" 3 / 2 * 4 ", 6), ("((7))", 7)],
)
def test_expressions_have_their_exact_value(text: str, value: int) -> None:
    found = expression.read(text)
    assert found is not None
    assert found.value == value


@pytest.mark.parametrize(("text", "value"), [("-3+5", 2), ("2*(-3+5)", 4), ("+3-1", 2), ("-2*3", -6)])
def test_a_sign_in_front_of_a_sum_is_read_where_that_is_asked_for(text: str, value: int) -> None:
    assert expression.read(text) is None
    found = expression.read(text, signed=True)
    assert found is not None
    assert found.value == value


@pytest.mark.parametrize(
    "text",
    ["", "1+", "(1", "1)", "1 2", "2.5*4", "2**3", "7//2", "1/0", "5--3", "5*-3", "1+2=3", "1e3", "9**9**9",
     "\u0664+1", "1\n+2", "__import__('os')", "(" * 30 + "1" + ")" * 30, "1+" * 200 + "1"],
)  # fmt: skip
def test_anything_else_is_no_expression(text: str) -> None:
    assert expression.read(text) is None
    assert expression.read(text, signed=True) is None
