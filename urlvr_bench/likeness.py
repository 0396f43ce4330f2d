"""How alike two texts are: by the character n-grams that they share."""

import math
from collections import Counter


def grams(text: str, n: int) -> Counter[str]:
    """Return how often each n-gram is in a text; a shorter text is one gram."""
    return Counter(text[i : i + n] for i in range(max(1, len(text) - n + 1)))


def cosine(one: Counter[str], other: Counter[str]) -> float:
    """Return the cosine of the angle between two counts, 1 for the same proportions and 0 for nothing in common."""
    shared = sum(number * other[gram] for gram, number in one.items() if gram in other)
    return shared / math.sqrt(sum(n * n for n in one.values()) * sum(n * n for n in other.values()))
