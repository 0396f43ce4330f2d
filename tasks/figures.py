r"""What is written in figures and is one thing: a number, a ratio, a number in another base, a time, a date."""

import math
import re
from fractions import Fraction

from urlvr_bench.tasks import exact, words
from urlvr_bench.tasks.answer import Answer, number

BASED = re.compile(
    r"(?:\\text\{\s*|[({])?([0-9A-F]*[0-9][0-9A-F]*|[A-F]{2,}|[0-9a-f]*[0-9][a-f][0-9a-f]+)\s*[})]?\s*"
    r"(?:_\s*(?:([2-9])|\{\s*(?:\\text\{\s*)?(?:base[ -]*\}?\s*|\()?([0-9]+|[a-z]+)\)?\s*\}?\s*\})"
    r"|[ (]*(?:\\text\{)?[ (]*(?:in )?base[ -]*\}?\s*([0-9]+|[a-z]+)[ )}]*)"
)
LEAST_OF_LETTERS = 11
"""The least base whose digits may be letters; a letter with a smaller index is a variable."""
CLOCK = re.compile(
    r"0?([0-9]{1,2})(?::([0-5][0-9]))?(?::([0-5][0-9]))?(?:\s*(?:\\text\{)?\s*([apAP])\.?\s?[mM]\.?\s*\}?)?"
)
"""A time of day: hours, minutes, seconds, and which half of the day."""
COLON = re.compile(r"\s*:\s*")
TO = re.compile(r"\s*\\text\{\s*(?:to|out of)\s*\}\s*|\s+(?:to|out of)\s+")
HALF, DAY = 12 * 3600, 24 * 3600
DATE = re.compile(r"0?([1-9]|1[0-2])/0?([1-9]|[12][0-9]|3[01])/([0-9]{4})|[0-9]{4}-[01][0-9]-[0-3][0-9]")


def figure(text: str) -> Answer | None:
    """Return a number, however it is written, None where a text is none."""
    bare = words.without_unit(text)
    value = exact.value(bare)
    if value is None:
        part, times = words.scale(text)
        value = exact.value(part) if times > 1 else None
        value = None if value is None else value * times
    return _ratio(bare) if value is None else number(value, text)


def _ratio(text: str) -> Answer | None:
    """Return a ratio: of two numbers it is what they come to, of more in its lowest terms."""
    text = COLON.sub(":", TO.sub(":", text))
    terms = [exact.value(part) for part in text.split(":")]
    given = [term for term in terms if term]
    if len(given) < max(2, len(terms)):
        return None
    if len(given) > 2:
        scale = math.lcm(*(term.denominator for term in given))
        least = Fraction(math.gcd(*(int(term * scale) for term in given)), scale)
        return None if CLOCK.fullmatch(text) else Answer(":".join(str(term / least) for term in given), "text")
    value = given[0] / given[1]
    if CLOCK.fullmatch(text):
        return Answer(re.sub(r"^0(?=[0-9])", "", text), "number", value)  # 2:30 may be a time, for it to be told
    return number(value, text)


def moment(text: str) -> Answer | None:
    """Return a time of day of which the half is said, or a date; neither is worked out."""
    text = COLON.sub(":", text)
    if date := DATE.fullmatch(text):
        return Answer("/".join(date.groups()) if date[1] else text, "text")
    found = CLOCK.fullmatch(text)
    if found is None or not found[4]:
        return None
    figures = ":".join(part for part in found.groups()[:3] if part)
    return Answer(rf"{figures}\text{{{found[4].lower()}m}}", "text")


def seconds(text: str) -> set[int] | None:
    """Return at which seconds of the day a time may be, two where its half is not known; None where it is no time."""
    found = CLOCK.fullmatch(text)
    if found is None:
        return None
    hours, minutes, rest = (int(part or 0) for part in found.groups()[:3])
    at = hours * 3600 + minutes * 60 + rest
    if found[4]:
        return {at % HALF + (HALF if found[4] == "p" else 0)}
    return {at % DAY} if not 0 < hours <= 12 else {at % DAY, (at + HALF) % DAY}


def based(text: str) -> Answer | None:
    """Return a number in another base than ten."""
    found = BASED.fullmatch(text)
    base = found and (found[2] or found[3] or found[4])
    if not found or not base or not (base.isdigit() or base in words.NUMBERS):
        return None
    base = words.NUMBERS.get(base, base)
    letters = found[1].isalpha() or found[1] != found[1].upper()
    if letters and int(base) < LEAST_OF_LETTERS:
        return None
    return Answer(f"{found[1].upper().lstrip('0') or '0'}_{{{base}}}", "based")
