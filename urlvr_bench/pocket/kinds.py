"""Priors that differ in kind: what each pre-training is shown, beside its size and seed."""

import random
from dataclasses import dataclass

from urlvr_bench.pocket.corpora import Text
from urlvr_bench.pocket.problems import DIRECT_SHARE, GIVE_UP_SHARE, addition_problem, chain_addition, reversed_digits


@dataclass(frozen=True)
class Mix:
    """How the sums of a corpus are drawn and worked; the defaults are those of the pocket priors."""

    two_terms: float = 0.5
    """Share of sums with two numbers; the others have three."""
    direct: float = DIRECT_SHARE
    """Share of solutions that skip the partial sum."""
    give_up: float = GIVE_UP_SHARE
    """Share of solutions that answer 0 at once."""
    slips: float = 0.0
    """Share of worked solutions with a slip: one sum in it has one digit wrong, and the working goes on from there."""
    last_first: bool = False
    """Whether the partial sum is that of the last two numbers, not of the first two."""


def worked(numbers: tuple[int, ...], mix: Mix, rng: random.Random) -> str:
    """Write a solution as a mix has it: the partial sum, then `#answer`, each at times with a slip."""
    if rng.random() < mix.give_up:
        return "#0"
    terms = numbers[::-1] if mix.last_first else numbers
    sums = [sum(terms[: count + 1]) for count in range(1, len(terms))]
    if rng.random() < mix.direct:
        sums = sums[-1:]
    if rng.random() < mix.slips:
        place = rng.randrange(len(sums))
        off = rng.choice((-1, 1)) * 10 ** rng.randrange(len(str(sums[place])))
        sums = [*sums[:place], *(abs(value + off) for value in sums[place:])]
    *steps, answer = map(reversed_digits, sums)
    return "".join(f"{step}," for step in steps) + f"#{answer}"


def mixed_text(rng: random.Random, mix: Mix) -> Text:
    """Draw a sum of two or three terms with its solution, as a mix has them."""
    numbers = chain_addition(rng, (2,) if rng.random() < mix.two_terms else (3,))
    problem = addition_problem(numbers)
    return Text(problem.prompt, worked(numbers, mix, rng), problem.key)
