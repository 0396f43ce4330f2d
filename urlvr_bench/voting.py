"""Votes over answers, and advantages of rewards. No rule here depends on the order of the rollouts."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from statistics import fmean, stdev

EPSILON = 1e-4
"""What TRL adds to a standard deviation before it divides by it."""


def count(answers: Iterable[str | None]) -> Counter[str]:
    """Return how often each answer was given; a rollout without an answer does not vote."""
    return Counter(answer for answer in answers if answer is not None)


def leaders(weights: Mapping[str, float | Fraction]) -> set[str]:
    """Return the answers with the largest weight."""
    top = max(weights.values(), default=0)
    return {answer for answer, weight in weights.items() if weight == top}


def winner(weights: Mapping[str, float | Fraction], prompt: str) -> str | None:
    """Return the answer with the largest weight, or None if there is none.

    Ties fall to the smallest hash of prompt and answer: a fixed choice that favours no kind of answer.
    """

    def rank(answer: str) -> bytes:
        return hashlib.sha256(f"{prompt}\0{answer}".encode()).digest()

    return min(leaders(weights), key=rank, default=None)


def agreement(answers: Iterable[str | None], label: str | None) -> list[float]:
    """Return 1 for each answer that is the label, else 0; a rollout without an answer agrees with none."""
    return [float(answer is not None and answer == label) for answer in answers]


def advantages(rewards: Sequence[float]) -> list[float]:
    """Return what GRPO in TRL trains on: deviations from the group's mean over their spread by n - 1, plus 0.0001."""
    mean = fmean(rewards)
    spread = (stdev(rewards) if len(rewards) > 1 else 0.0) + EPSILON
    return [(reward - mean) / spread for reward in rewards]
