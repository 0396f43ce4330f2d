"""Draw the offline OOD suite from Reasoning Gym, once: `pip install reasoning-gym==0.1.25`, then run this file.

Only questions and answers are taken; its scorers, some of which execute the text that they are given, are never called.
Left out are sets whose items depend on the hash seed, have several right answers or need a rounding rule, and those
that stand under another licence. Chances of coin flips are rounded there; they are computed here, exactly. What a run
writes is the same, byte for byte.
"""

import hashlib
import json
import re
from decimal import Decimal
from math import comb
from pathlib import Path

import reasoning_gym

PER_FAMILY = 30
SEED = 10_000_000
FAMILIES = (
    "chain_sum", "gcd", "lcm", "simple_equations", "base_conversion", "count_primes", "time_intervals", "leg_counting",
    "coin_flip", "bitwise_arithmetic", "knights_knaves", "zebra_puzzles", "syllogism", "self_reference",
    "circuit_logic", "family_relationships", "word_sorting",
)  # fmt: skip
MAX_ANSWER = 150
"""Characters: what a box holds must be short enough to be read."""


def items(family: str) -> list[dict[str, str]]:
    """Return the first different questions of a family with their answers."""
    found: dict[str, dict[str, str]] = {}
    for drawn in reasoning_gym.create_dataset(family, seed=SEED, size=4 * PER_FAMILY):
        question = drawn["question"].strip()
        answer = chance(question) if family == "coin_flip" else str(drawn["answer"])
        if len(answer) <= MAX_ANSWER:
            found.setdefault(question, {"family": family, "question": question, "answer": answer})
        if len(found) == PER_FAMILY:
            break
    return list(found.values())


def chance(question: str) -> str:
    """Return the exact chance of `exactly` or `at least` some heads in some fair flips, as a decimal."""
    heads, flips = map(int, re.findall("[0-9]+", question))
    ways = sum(comb(flips, k) for k in range(heads, flips + 1 if "at least" in question else heads + 1))
    return str(Decimal(ways) / 2**flips)


def main() -> None:
    """Write the suite beside this file, one family after the other in turn, and print the hash for the YAML."""
    rows = [row for turn in zip(*map(items, FAMILIES), strict=True) for row in turn]
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    Path(__file__).with_name("reasoning.jsonl").write_text(text, encoding="utf-8")
    print(len(rows), "problems, sha256", hashlib.sha256(text.encode()).hexdigest())


if __name__ == "__main__":
    main()
