"""What an answer is once it is read: its kind, its value or parts, and the one spelling that is compared as text."""

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from urlvr_bench.tasks import words

Kind = Literal["number", "based", "words", "choice", "list", "set", "tuple", "union", "equation", "formula", "text"]
MAX_BITS = 400
"""Of a number that is written out as its canonical spelling; a larger one keeps its LaTeX."""


@dataclass(frozen=True)
class Answer:
    """An answer: its canonical spelling, what kind it is, and what that kind has."""

    text: str
    kind: Kind
    value: Fraction | None = None
    """Of a number, however large."""
    parts: tuple["Answer", ...] = ()
    """Of a list, a set, a tuple, a union; the sides of an equation."""
    name: str = ""
    """Brackets of a tuple, the left side of an equation that only names what is on the right."""


def number(value: Fraction, text: str) -> Answer:
    """Return the answer that is a number, spelled in lowest terms unless it is very large."""
    short = max(value.numerator.bit_length(), value.denominator.bit_length()) <= MAX_BITS
    return Answer(str(value) if short else tidy(words.without_unit(text)), "number", value)


def listed(parts: list[Answer], kind: Kind = "list") -> Answer:
    """Return a list or a set; lists among its parts become parts of it."""
    flat = [one for part in parts for one in (part.parts if part.kind in ("list", "set") else (part,))]
    text = ", ".join(part.text for part in flat)
    return Answer(rf"\{{{text}\}}" if kind == "set" else text, kind, parts=tuple(flat))


def named(name: str, value: Answer) -> Answer:
    """Return an equation of a system, whose name tells it from the others."""
    return Answer(f"{tidy(name)}={value.text}", "equation", parts=(value,), name=tidy(name))


def union(parts: list[Answer]) -> Answer:
    """Return a union of intervals and sets."""
    return Answer(r"\cup".join(part.text for part in parts), "union", parts=tuple(parts))


def is_interval(part: Answer) -> bool:
    """Return whether a pair can be nothing but an interval: half open, or without an end."""
    infinite = any(end.text.endswith(r"\infty") for end in part.parts)
    return part.kind == "tuple" and len(part.parts) == 2 and (infinite or part.name in ("[)", "(]"))


def meet(parts: list[Answer]) -> Answer | None:
    """Return the interval in which two rays meet, None where they do not."""
    rays = sorted(parts, key=lambda part: part.parts[0].text != r"-\infty" if part.kind == "tuple" else 2)
    if len(rays) != 2 or any(ray.kind != "tuple" for ray in rays):
        return None
    (below, high), (low, above) = (ray.parts for ray in rays)
    if below.text != r"-\infty" or above.text != r"\infty" or low.value is None or high.value is None:
        return None
    return ordered([low, high], rays[1].name[0] + rays[0].name[1]) if low.value < high.value else None


def ordered(parts: list[Answer], brackets: str) -> Answer:
    """Return a tuple, a point or an interval."""
    inside = ", ".join(part.text for part in parts)
    return Answer(f"{brackets[0]}{inside}{brackets[1]}", "tuple", parts=tuple(parts), name=brackets)


def tidy(text: str) -> str:
    """Drop the blanks that LaTeX does not need."""
    return re.sub(r"(?<![a-zA-Z0-9,]) | (?![a-zA-Z0-9])", "", text.strip())
