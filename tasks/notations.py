r"""Answers in a notation of their own, which no arithmetic is to touch: a base, a ratio of several, a time, a date."""

import math
import re

from urlvr_bench.tasks import words
from urlvr_bench.tasks.answer import Answer

BASED = re.compile(
    r"(?:\\text\{\s*|\()?([0-9A-F]*[0-9][0-9A-F]*|[0-9][0-9a-f]*|[A-F]{2,}(?=\}?_\{16\}))\s*[})]?\s*"
    r"(?:_\s*(?:([2-9])|\{\s*(?:\\text\{\s*)?([0-9]+|[a-z]+)\s*\}?\s*\})"
    r"|(?:\\text\{)?[ (]*(?:in )?base[ -]*\}?\s*([0-9]+|[a-z]+)[ )}]*)"
)
RATIO = re.compile(r"[0-9]{1,9}(?:\s*:\s*[0-9]{1,9}){2,9}")
CLOCK = re.compile(r"0?([0-9]{1,2})(?::([0-5][0-9]))?\s*(?:\\text\{\s*)?([ap])\.?\s?m\.?\s*\}?", re.IGNORECASE)
DATE = re.compile(r"[0-9]{1,2}([/-])[0-9]{1,2}\1(?:19|20)[0-9]{2}|(?:19|20)[0-9]{2}([/-])[0-9]{2}\2[0-9]{2}")


def based(text: str) -> Answer | None:
    """Read a number that says its base: `31_4`, `BEE_{16}`, `101 base two`."""
    found = BASED.fullmatch(text)
    base = found and (found[2] or found[3] or found[4])
    if not found or not base or not (base.isdigit() or base in words.NUMBERS):
        return None
    return Answer(f"{found[1].upper().lstrip('0') or '0'}_{{{words.NUMBERS.get(base, base)}}}", "based")


def ratio(text: str) -> Answer | None:
    """Read a ratio of three numbers or more, in lowest terms; that of two is a fraction."""
    if RATIO.fullmatch(text) is None:
        return None
    parts = [int(part) for part in text.split(":")]
    least = math.gcd(*parts) or 1
    return Answer(":".join(str(part // least) for part in parts), "text")


def hours(text: str) -> list[str]:
    """Return how else the time in a text is written where nothing says which half of the day is meant."""
    found = CLOCK.fullmatch(text)
    return [] if found is None else [f"{found[1]}:{found[2]}", *([found[1]] if found[2] == "00" else [])]


def moment(text: str) -> Answer | None:
    """Read a time with its half of the day, or a date in digits."""
    if found := CLOCK.fullmatch(text):
        return Answer(f"{found[1]}:{found[2] or '00'} {found[3].lower()}m", "text")
    return Answer(text, "text") if DATE.fullmatch(text) else None
