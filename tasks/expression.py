"""Arithmetic expressions over whole numbers, read by recursive descent and valued exactly."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

MAX_LENGTH = 200
MAX_DEPTH = 20
TOKEN = re.compile(r"[0-9]+|[-+*/()]")
ALLOWED = re.compile(r"[-+*/() 0-9]+")


@dataclass(frozen=True)
class Expression:
    """An expression: its text without blanks, its numbers in order and its value."""

    text: str
    numbers: tuple[int, ...]
    value: Fraction


def read(text: str, signed: bool = False) -> Expression | None:
    """Return the expression that is all of `text`; None if there is more, or less, or it divides by zero.

    `signed` allows a sign in front of a sum, as in `-3 + 5` and `2 * (-3 + 5)`.
    """
    text = text.strip(" ")
    if len(text) > MAX_LENGTH or ALLOWED.fullmatch(text) is None or text.count("(") > MAX_DEPTH:
        return None
    tokens = [str(int(part)) if part.isdigit() else part for part in TOKEN.findall(text)]
    rest = tokens[::-1]
    try:
        value = _sum(rest, signed)
    except (_MalformedError, ZeroDivisionError):
        return None
    return None if rest else Expression("".join(tokens), tuple(int(part) for part in tokens if part.isdigit()), value)


def solves(text: str, numbers: Sequence[int], target: int, signed: bool = False) -> bool:
    """Return whether a text is an expression over exactly these numbers that equals the target."""
    found = read(text, signed)
    return found is not None and sorted(found.numbers) == sorted(numbers) and found.value == target


class _MalformedError(ValueError):
    """The text is not an expression."""


def _sum(rest: list[str], signed: bool) -> Fraction:
    """Take `[sign] product ((+|-) product)*` off the end of the reversed tokens and return its value."""
    sign = -1 if signed and rest and rest[-1] in "+-" and rest.pop() == "-" else 1
    value = sign * _product(rest, signed)
    while rest and rest[-1] in "+-":
        value = value + _product(rest, signed) if rest.pop() == "+" else value - _product(rest, signed)
    return value


def _product(rest: list[str], signed: bool) -> Fraction:
    """Take `atom ((*|/) atom)*` off the end of the reversed tokens and return its value."""
    value = _atom(rest, signed)
    while rest and rest[-1] in "*/":
        value = value * _atom(rest, signed) if rest.pop() == "*" else value / _atom(rest, signed)
    return value


def _atom(rest: list[str], signed: bool) -> Fraction:
    """Take a number or a sum in parentheses off the end of the reversed tokens and return its value."""
    first = rest.pop() if rest else ""
    if first.isdigit():
        return Fraction(int(first))
    if first != "(":
        raise _MalformedError
    value = _sum(rest, signed)
    if not rest or rest.pop() != ")":
        raise _MalformedError
    return value
