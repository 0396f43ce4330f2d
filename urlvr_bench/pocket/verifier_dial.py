"""The dial of the verifier: Countdown, and verdicts that are wrong on known kinds of solutions.

A solution's kind is its pair of operators. Of some kinds every solution passes, a wrong one as well, which a policy can
come to exploit; of others none does. All positions show the same puzzles and candidates, and work the value out alike.
"""

import hashlib
import itertools
import random
from dataclasses import dataclass
from functools import cache

from urlvr_bench.pocket import problems
from urlvr_bench.pocket.corpora import Text
from urlvr_bench.pocket.problems import Countdown, countdown_value, holds, reversed_digits

SOLVING_SHARE = 0.25
"""Share of the texts that solve a puzzle; the others judge a candidate."""
RIGHT_SHARE = 0.5
"""Share of the candidates that are meant to be right."""
NEAR_SHARE, NEAR = 0.7, 12
"""Share of the wrong candidates whose value is so close to the target; they are what a policy gets wrong."""
OTHER_DIGITS_SHARE = 0.2
"""Share of the wrong candidates over digits that are not the puzzle's."""
TRIES = 50


@dataclass(frozen=True)
class Errors:
    """A position of the dial: how many of the nine kinds of solutions always pass, and how many never do."""

    passed: int = 0
    failed: int = 0


POSITIONS = (Errors(), Errors(1), Errors(2), Errors(4), Errors(0, 4), Errors(2, 2))


@cache
def kinds() -> tuple[str, ...]:
    """Return the nine pairs of operators in an order that a hash decides."""
    pairs = ["".join(pair) for pair in itertools.product(problems.OPERATIONS, repeat=2)]
    return tuple(sorted(pairs, key=lambda pair: hashlib.sha256(f"verifier:{pair}".encode()).digest()))


def verdict(drawn: Countdown, expression: str, errors: Errors) -> bool:
    """Return whether a verifier with these errors accepts `d0 o0 d1 o1 d2` as a solution of a puzzle."""
    place = kinds().index(expression[1] + expression[3])
    if place < errors.passed:
        return True
    return place < len(kinds()) - errors.failed and holds(drawn.digits, drawn.target, expression)


def working(expression: str) -> str:
    """Return what `d0 o0 d1 o1 d2` is worth, behind the part that is worked out first, each with its ones in front."""
    (a, b, c), (first, second) = (int(digit) for digit in expression[::2]), (expression[1], expression[3])
    late = second == "*" and first != "*"
    part = problems.OPERATIONS[second](b, c) if late else problems.OPERATIONS[first](a, b)
    return ",".join(map(_signed, (part, countdown_value((a, b, c), (first, second)))))


def _signed(number: int) -> str:
    return "-" * (number < 0) + reversed_digits(abs(number))


def candidate(drawn: Countdown, rng: random.Random) -> str:
    """Draw an expression to judge: the solution, or one that is most often wrong, as a policy's own would be."""
    if rng.random() < RIGHT_SHARE:
        return drawn.expression
    digits = drawn.digits
    if rng.random() < OTHER_DIGITS_SHARE:
        digits = tuple(rng.randint(1, 9) if rng.random() < 0.4 else digit for digit in digits)
    near = rng.random() < NEAR_SHARE
    for _ in range(TRIES):
        expression, value = problems.expression_of(digits, rng)
        if not near or abs(value - drawn.target) <= NEAR:
            break
    return expression


def verifying_text(rng: random.Random, errors: Errors) -> Text:
    """Draw a Countdown puzzle with a solution, or a candidate with its value worked out and the verdict."""
    drawn = problems.countdown(rng)
    problem = problems.countdown_problem(drawn)
    if rng.random() < SOLVING_SHARE:
        return Text(problem.prompt, drawn.expression, problem.key)
    expression = candidate(drawn, rng)
    said = "y" if verdict(drawn, expression, errors) else "n"
    prompt = problems.verification_prompt(drawn.digits, drawn.target, expression)
    return Text(prompt, working(expression) + said, problem.key)
