"""Generated problems of the pocket lab: chain addition and Countdown, with worked solutions to pre-train on.

Every problem belongs to one split, decided by a hash of its content, so train, validation and test never meet
whatever the seed.
"""

import hashlib
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

Split = Literal["train", "validation", "test"]

SEED = 4
"""Seed of the corpus and the pre-training of the priors; docs/statistics.md has how it came to be this one."""
GIVE_UP_SHARE = 0.05
"""Share of pre-training solutions that answer 0 at once: the constant answer that a policy can later fall into."""
DIRECT_SHARE = 0.10
"""Share of pre-training solutions that skip the chain of thought."""


@dataclass(frozen=True)
class Problem:
    """One pocket problem; `public` is all that the prompt shows, `gold` what only the evaluator may read."""

    prompt: str
    gold: str
    public: str
    key: str


def split_of(key: str) -> Split:
    """Return the one split that a problem key belongs to (10 % test, 10 % validation, the rest train)."""
    bucket = hashlib.sha256(key.encode()).digest()[0]
    return "test" if bucket < 26 else "validation" if bucket < 52 else "train"


def reversed_digits(number: int, width: int = 0) -> str:
    """Write a number least significant digit first, which lets a tiny model carry from left to right."""
    return f"{number:0{width}d}"[::-1]


def chain_addition(rng: random.Random, terms: tuple[int, ...] = (2, 3), width: int = 2) -> tuple[int, ...]:
    """Draw the numbers of one sum: as many as one of `terms`, each of at most `width` digits, none zero."""
    return tuple(rng.randint(10 ** (width - 1) if width > 2 else 1, 10**width - 1) for _ in range(rng.choice(terms)))


def addition_problem(numbers: tuple[int, ...], width: int = 2) -> Problem:
    """Return the sum of `numbers` as a problem; prompts are filled to nine characters with dots on the left."""
    public = "+".join(reversed_digits(number, width) for number in numbers)
    return Problem(f"{public}=".rjust(9, "."), reversed_digits(sum(numbers)), public, f"add:{public}")


def addition_solution(numbers: tuple[int, ...], rng: random.Random) -> str:
    """Write a solution: partial sums, then `#answer`; at times the bare answer, at times a give-up."""
    total = f"#{reversed_digits(sum(numbers))}"
    if rng.random() < GIVE_UP_SHARE:
        return "#0"
    if rng.random() < DIRECT_SHARE:
        return total
    partial, steps = numbers[0], ""
    for number in numbers[1:-1]:
        partial += number
        steps += f"{reversed_digits(partial)},"
    return steps + total


OPERATIONS: dict[str, Callable[[int, int], int]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
}


def countdown_value(digits: tuple[int, ...], operators: tuple[str, ...]) -> int:
    """Return the value of `d0 o0 d1 o1 d2` with the usual precedence of `*`."""
    (a, b, c), (first, second) = digits, operators
    if second == "*" and first != "*":
        return OPERATIONS[first](a, b * c)
    return OPERATIONS[second](OPERATIONS[first](a, b), c)


@dataclass(frozen=True)
class Countdown:
    """Three digits, a target between 1 and 99, and one expression over them that reaches it."""

    digits: tuple[int, ...]
    target: int
    expression: str

    @property
    def head(self) -> str:
        """What solving and verifying prompts share: the digits and the target."""
        return f"{''.join(map(str, self.digits))}>{self.target:02d}"


def expression_of(digits: tuple[int, ...], rng: random.Random) -> tuple[str, int]:
    """Draw an expression over the digits in a random order; return it with its value."""
    order = tuple(rng.sample(digits, len(digits)))
    operators = (rng.choice("+-*"), rng.choice("+-*"))
    text = f"{order[0]}{operators[0]}{order[1]}{operators[1]}{order[2]}"
    return text, countdown_value(order, operators)


def countdown(rng: random.Random) -> Countdown:
    """Draw a Countdown problem that is solvable by construction."""
    while True:
        digits = tuple(rng.randint(1, 9) for _ in range(3))
        expression, value = expression_of(digits, rng)
        if 1 <= value <= 99:
            return Countdown(digits, value, expression)


def countdown_problem(drawn: Countdown) -> Problem:
    """Return the solving problem; its key ignores the order of the digits, so no split shares a puzzle."""
    puzzle = "".join(sorted(map(str, drawn.digits)))
    return Problem(f"{drawn.head}=".rjust(9, "."), drawn.expression, drawn.head, f"countdown:{puzzle}>{drawn.target}")


def verification_prompt(digits: tuple[int, ...], target: int, expression: str) -> str:
    """Return the prompt that asks a pocket model whether an expression solves a puzzle; it answers `y` or `n`."""
    return f"{Countdown(digits, target, '').head}?{expression}="


def holds(digits: tuple[int, ...], target: int, expression: str) -> bool:
    """Whether `d0 o0 d1 o1 d2` uses exactly the digits and reaches the target."""
    used = tuple(int(char) for char in expression[::2])
    return sorted(used) == sorted(digits) and countdown_value(used, (expression[1], expression[3])) == target


def distinct(draw: Callable[[random.Random], Problem], split: str, seed: int) -> Iterator[Problem]:
    """Yield problems of one split, no prompt twice, in an order fixed by the split and the seed.

    Ends when 10,000 draws in a row bring nothing new: the split is used up.
    """
    rng = random.Random(f"{split}:{seed}")
    seen: set[str] = set()
    misses = 0
    while misses < 10_000:
        problem = draw(rng)
        misses += 1
        if problem.prompt not in seen and split_of(problem.key) == split:
            seen.add(problem.prompt)
            misses = 0
            yield problem
