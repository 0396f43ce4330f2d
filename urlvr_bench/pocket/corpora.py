"""What the pocket models are pre-trained on: texts drawn without end, each a prompt and a response."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from urlvr_bench.pocket import problems

WRONG_VERDICT_SHARE = 0.5
NEAR_MISS_SHARE = 0.5
"""Share of the wrong candidates whose value misses the target by little; the rest are other expressions."""


@dataclass(frozen=True)
class Text:
    """A pre-training text and the problem it shows, whose key decides its split."""

    prompt: str
    response: str
    key: str


def addition_text(rng: random.Random) -> Text:
    """A sum of two or three terms with its solution; longer chains and larger numbers are left for testing."""
    numbers = problems.chain_addition(rng)
    problem = problems.addition_problem(numbers)
    return Text(problem.prompt, problems.addition_solution(numbers, rng), problem.key)


def solving_text(rng: random.Random) -> Text:
    """A Countdown puzzle with a solution."""
    drawn = problems.countdown(rng)
    problem = problems.countdown_problem(drawn)
    return Text(problem.prompt, drawn.expression, problem.key)


def countdown_text(rng: random.Random) -> Text:
    """A Countdown puzzle with a solution, or a candidate with the verdict whether it holds; half and half."""
    drawn = problems.countdown(rng)
    problem = problems.countdown_problem(drawn)
    if rng.random() < 0.5:
        return Text(problem.prompt, drawn.expression, problem.key)
    expression, target = drawn.expression, drawn.target
    if rng.random() < WRONG_VERDICT_SHARE:
        if rng.random() < NEAR_MISS_SHARE:
            target = max(1, min(99, target + rng.choice((-1, 1)) * rng.randint(1, 12)))
        else:
            expression, _ = problems.expression_of(drawn.digits, rng)
    verdict = problems.holds(drawn.digits, target, expression)
    return Text(problems.verification_prompt(drawn.digits, target, expression), "y" if verdict else "n", problem.key)


def corpus(draw: Callable[[random.Random], Text], seed: int) -> Iterator[Text]:
    """Yield texts of the train split without end."""
    rng = random.Random(seed)
    while True:
        text = draw(rng)
        if problems.split_of(text.key) == "train":
            yield text
