"""Scorers of answers that are a word, a letter, a number or a short list: the same text, or it is wrong."""

import re

from urlvr_bench.tasks import latex
from urlvr_bench.tasks.boxed import Boxed, PlainBoxed, Span, Stated
from urlvr_bench.tasks.scorer import Doc

CHOICE = re.compile(r"\(([a-z])\)(?: .*)?|([a-z])(?:[.:)] ?.*)?")
"""A choice by its letter, alone or with its text after it."""


def canonical(text: str) -> str | None:
    """Return one spelling: of numbers by value, of choices by letter, of all else without capitals, commas, blanks."""
    if len(text) > latex.MAX_LENGTH:
        return None
    number = latex.canonical(text) or ""
    if latex.number(number) is not None:
        return number
    plain = latex.TEXT.sub(r"\1", text).replace("\\", "").lower()
    words = re.sub(r"[\s,]+", " ", plain).strip(" .\"'$`*")
    if found := CHOICE.fullmatch(words):
        return str(found[1] or found[2]).upper()
    return words or None


class Phrase(Boxed):
    """What the last box holds, in the one spelling that `canonical` knows."""

    def _canonical(self, text: str) -> str | None:
        return canonical(text)

    def same(self, first: str, second: str) -> bool:
        return first == second

    def completion(self, answer: str) -> str:
        return super().completion(re.sub(r"[{}]", r"\\\g<0>", answer))


class PlainPhrase(Phrase, PlainBoxed):
    """The same of a base model, which may go on with further questions."""


class StatedPhrase(Phrase, Stated):
    """Where no format was asked for: the last box, else the line after the last "answer is", else the last line."""

    LINE = re.compile(r"[^\n]*\S")

    def _stated(self, text: str, first: int) -> Span | None:
        said = list(self.SAYS.finditer(text, first))
        if said:
            return said[-1].span(1)
        lines = list(self.LINE.finditer(text, first))
        return lines[-1].span() if lines else None
