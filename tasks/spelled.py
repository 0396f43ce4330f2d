"""Numbers in words: "twenty-five", "one hundred and five", "two million", "two thirds"; also with a common measure."""

import re
from fractions import Fraction

SMALL = (
    "zero one two three four five six seven eight nine ten"
    " eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen"
)
ROUND = "twenty thirty forty fifty sixty seventy eighty ninety"
SHARES = "half third quarter fifth sixth seventh eighth ninth tenth"
ONES = {word: number for number, word in enumerate(SMALL.split())}
TENS = {word: 10 * number for number, word in enumerate(ROUND.split(), 2)}
SCALES = {"thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12}
PARTS = {word: number for number, word in enumerate(SHARES.split(), 2)} | {"halve": 2, "fourth": 4}
MEASURE = re.compile(
    r" (?:(?:dollar|cent|second|minute|hour|day|week|month|year|mile|meter|metre|pound|degree)s?|feet|inches|percent)$"
)
"""What may follow a number in words and is no thing, as in "two lines"."""
NEGATIVE = re.compile(r"\s*(?:negative|minus)\s+(?!negative|minus)", re.IGNORECASE)


def value(text: str) -> Fraction | None:
    """Return the number that all of a text spells, None where it is none."""
    if negated := NEGATIVE.match(text):
        size = value(text[negated.end() :])
        return None if size is None else -size
    *words, last = MEASURE.sub("", " ".join(text.lower().split())).replace("-", " ").split(" ")
    if below := PARTS.get(last.removesuffix("s")):
        above = _whole(words)
        return Fraction(above, below) if above and above < len(ONES) else None
    found = _whole([*words, last])
    return None if found is None else Fraction(found)


def _whole(words: list[str]) -> int | None:
    """Return the whole number that words spell, whose scales fall from one to the next."""
    total, group, least = 0, [], max(SCALES.values()) * 1000
    for word in words:
        if (scale := SCALES.get(word)) is None:
            group.append(word)
            continue
        part = _below_thousand(group)
        if not part or scale >= least:
            return None
        total, group, least = total + part * scale, [], scale
    if not group:
        return total or None
    part = _below_thousand(group)
    return None if part is None or (total and not part) else total + part


def _below_thousand(words: list[str]) -> int | None:
    """Return the number below a thousand that words spell."""
    hundreds = 0
    if len(words) > 1 and words[1] == "hundred":
        hundreds = 100 * ONES.get(words[0], 0)
        words = words[3:] if words[2:3] == ["and"] and words[3:] else words[2:]
        if not 0 < hundreds < 1000 or not words:
            return hundreds if 0 < hundreds < 1000 else None
    if len(words) == 2 and words[0] in TENS and 0 < ONES.get(words[1], 0) < 10:
        return hundreds + TENS[words[0]] + ONES[words[1]]
    return hundreds + {**ONES, **TENS}[words[0]] if len(words) == 1 and words[0] in {**ONES, **TENS} else None
