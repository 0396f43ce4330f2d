"""Plain text of the pocket language: worked sums as somebody may have written them down, cut at a random place."""

import random
from dataclasses import dataclass

from urlvr_bench.pocket.problems import Problem, addition_problem, addition_solution, chain_addition


@dataclass(frozen=True)
class Piece(Problem):
    """The beginning of a text as the prompt, and how the text goes on; there is no question and no gold answer."""

    continuation: str


def piece(rng: random.Random) -> Piece:
    """Draw a worked sum and cut it behind the equals sign; like all text it can be wrong (one in twenty gives up)."""
    numbers = chain_addition(rng)
    problem, working = addition_problem(numbers), addition_solution(numbers, rng)
    cut = rng.randrange(len(working))
    prompt = problem.prompt + working[:cut]
    return Piece(prompt, "", prompt.lstrip("."), problem.key, working[cut:])
