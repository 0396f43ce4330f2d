"""One-step word problems with small numbers, drawn so that no split asks another one's sum of the same things."""

import random

from urlvr_bench.pocket.problems import Problem

NAMES = (
    "Anna", "Ben", "Clara", "David", "Emma", "Frank", "Grace", "Henry", "Ida", "Jack", "Kate", "Leo", "Mary",
    "Nick", "Olive", "Paul", "Rose", "Sam", "Tina", "Will",
)  # fmt: skip
THINGS = (
    "apples", "balls", "books", "boxes", "buttons", "cakes", "candles", "cards", "coins", "cookies", "cups", "eggs",
    "flowers", "hats", "keys", "lemons", "marbles", "oranges", "pears", "pencils", "pens", "plates", "rings",
    "shells", "shoes", "stamps", "stars", "stickers", "stones", "toys",
)  # fmt: skip
STORIES = {
    "+": (
        "{name} has {a} {things} and gets {b} more. How many {things} does {name} have?",
        "{name} has {a} {things} and finds {b} more. How many {things} does {name} have?",
        "{name} has {a} {things} and buys {b} more. How many {things} does {name} have?",
    ),
    "-": (
        "{name} has {a} {things} and gives away {b}. How many {things} are left?",
        "{name} has {a} {things} and loses {b}. How many {things} are left?",
        "{name} has {a} {things} and sells {b}. How many {things} are left?",
    ),
}


def draw(rng: random.Random, largest: int, signs: str) -> Problem:
    """Draw a story with two numbers from 2 to `largest` of which the sum or the difference is asked."""
    sign = rng.choice(signs)
    a, b = rng.randint(2, largest), rng.randint(2, largest)
    if sign == "-":
        a, b = max(a, b) + (a == b), min(a, b)
    gold = a + b if sign == "+" else a - b
    things = rng.choice(THINGS)
    text = rng.choice(STORIES[sign]).format(a=a, b=b, name=rng.choice(NAMES), things=things)
    first, second = (a, b) if sign == "-" else sorted((a, b))
    return Problem(text, str(gold), text, f"story:{first}{sign}{second} {things}")
