"""Countdown puzzles: drawn so that they can be solved, and a solver for those that others drew."""

import random
import re
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import combinations
from typing import Any

from urlvr_bench.pocket.problems import Problem

QUESTION = "Write an arithmetic expression that uses each of these numbers exactly once and equals the target."
RULES = "Only +, -, *, / and parentheses are allowed, and the answer is the expression alone."

Tree = tuple[int, str, Any, Any]
"""A value, the operation that gave it (empty for a number), and the trees on its left and right."""
BINDING = {"+": 1, "-": 1, "*": 2, "/": 2, "": 3}


def question(public: str) -> str:
    """Return what is asked of a puzzle, before any wording about how to answer."""
    return f"{QUESTION}\n{public}\n{RULES}"


def shown(numbers: Sequence[int], target: int) -> str:
    """Return all that a prompt shows of a puzzle."""
    return f"Numbers: {', '.join(map(str, numbers))}\nTarget: {target}"


def given(public: str) -> tuple[list[int], int]:
    """Return the numbers and the target, the last number of all, that `shown` or `brief` wrote."""
    *numbers, target = map(int, re.findall("[0-9]+", public))
    return numbers, target


def brief(numbers: Sequence[int], target: int) -> str:
    """Return the same in one line, the largest number first, so that differences need no other order."""
    return f"{' and '.join(map(str, sorted(numbers, reverse=True)))} make {target}"


def draw(rng: random.Random, count: tuple[int, int], largest: int, targets: tuple[int, int]) -> Problem:
    """Draw a puzzle of `count` (from, to) numbers up to `largest` whose target lies in `targets` (from, to).

    All intermediate values are positive whole numbers; the target is none of the numbers.
    """
    while True:
        numbers = [1 + int(rng.random() * largest) for _ in range(rng.randint(*count))]
        trees: list[Tree] = [(number, "", None, None) for number in numbers]
        while len(trees) > 1:
            one, other = (trees.pop(int(rng.random() * len(trees))) for _ in range(2))
            trees.append(_joined(rng, max(one, other), min(one, other), targets[1]))
        value = trees[0][0]
        if targets[0] <= value <= targets[1] and value not in numbers:
            public = shown(sorted(numbers), value)  # sorted, so that a puzzle has one prompt
            return Problem(question(public), _written(trees[0]), public, f"countdown:{sorted(numbers)}>{value}")


def draw_brief(rng: random.Random, **ranges: Any) -> Problem:
    """Draw the same kind of puzzle, asked in one line."""
    problem = draw(rng, **ranges)
    public = brief(*given(problem.public))
    return replace(problem, prompt=public, public=public)


def _joined(rng: random.Random, high: Tree, low: Tree, limit: int) -> Tree:
    """Join two trees by an operation whose result is a positive whole number, and no product far beyond the limit."""
    a, b = high[0], low[0]
    signs = "+" + "*" * (a * b <= 2 * limit) + "-" * (a > b) + "/" * (a % b == 0)
    sign = signs[int(rng.random() * len(signs))]
    value = a + b if sign == "+" else a - b if sign == "-" else a * b if sign == "*" else a // b
    return value, sign, high, low


def _written(tree: Tree, around: str = "", right: bool = False) -> str:
    """Return a tree's text, in parentheses where the operation around it would change its value."""
    value, sign, left, right_tree = tree
    if not sign:
        return str(value)
    text = f"{_written(left, sign)}{sign}{_written(right_tree, sign, True)}"
    loose = bool(around) and BINDING[sign] < BINDING[around]
    return f"({text})" if loose or (right and around in "-/" and BINDING[sign] == BINDING[around]) else text


def solve(numbers: Sequence[int], target: int) -> str | None:
    """Return an expression over exactly the numbers that equals the target, None where there is none."""
    return _search([(Fraction(number), str(number)) for number in numbers], target)


def _search(terms: list[tuple[Fraction, str]], target: int) -> str | None:
    if len(terms) == 1:
        return terms[0][1] if terms[0][0] == target else None
    for pair in combinations(range(len(terms)), 2):
        (a, left), (b, right) = (terms[i] for i in pair)
        rest = [term for i, term in enumerate(terms) if i not in pair]
        results = [(a + b, f"({left}+{right})"), (a * b, f"({left}*{right})")]
        results += [(a - b, f"({left}-{right})"), (b - a, f"({right}-{left})")]
        results += [(a / b, f"({left}/{right})")] if b else []
        results += [(b / a, f"({right}/{left})")] if a else []
        for result in results:
            if (found := _search([*rest, result], target)) is not None:
                return found
    return None
