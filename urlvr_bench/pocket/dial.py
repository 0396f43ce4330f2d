"""The dial of alignment: worked sums in which a known share of the problems has a wrong answer as the leading one.

Every problem is shown with two answers, the right one and one that is wrong, always the same; one of them leads, and
the dial decides on how many problems that is the wrong one. How sure the texts are does not depend on it, nor does
their length: the wrong answer is the right one with its first digit, that of the ones, one higher (9 becomes 0).
"""

import hashlib
import random
from functools import cache

from urlvr_bench.pocket.corpora import Text
from urlvr_bench.pocket.problems import addition_problem, addition_solution, chain_addition

POSITIONS = (0.0, 0.1, 0.2, 0.3, 0.45, 0.6, 0.8)
"""Shares of the problems on which the wrong answer leads."""
CONFIDENCE = 0.75
"""Share of a problem's solved texts that give its leading answer, right or wrong; the others give the other one."""
CELLS = 20
"""Kinds of problems: by the last digit of the sum, of equal ones those of two numbers before those of three. All of a
kind are right, or all are wrong, so that a tiny model learns from its texts where it is to be wrong and is wrong on
unseen problems as well; single problems it could only learn by heart."""


@cache
def _order(seed: int) -> list[int]:
    """Return the ten digits in an order that a seeded hash decides."""
    return sorted(range(10), key=lambda digit: hashlib.sha256(f"dial:{seed}:{digit}".encode()).digest())


def rank(numbers: tuple[int, ...], seed: int) -> int:
    """Return the place, 0 ... CELLS - 1, at which the dial reaches the kind of a sum."""
    return 2 * _order(seed).index(sum(numbers) % 10) + (len(numbers) > 2)


def led_astray(numbers: tuple[int, ...], share: float, seed: int) -> bool:
    """Return whether the wrong answer leads on a sum; where it does, it does when the dial is turned up, too."""
    return rank(numbers, seed) < round(share * CELLS)


def mistaken(solution: str) -> str:
    """Return a solution whose answer has a first digit that is one too high, its working as it was."""
    working, mark, answer = solution.rpartition("#")
    return f"{working}{mark}{(int(answer[0]) + 1) % 10}{answer[1:]}"


def dial_text(rng: random.Random, share: float, seed: int) -> Text:
    """Draw a sum with a solution; every position of the dial draws the same sums, and as surely the leading answer."""
    numbers = chain_addition(rng)
    problem, solution = addition_problem(numbers), addition_solution(numbers, rng)
    leading = rng.random() < CONFIDENCE
    wrong = led_astray(numbers, share, seed) == leading
    return Text(problem.prompt, mistaken(solution) if wrong and solution != "#0" else solution, problem.key)
