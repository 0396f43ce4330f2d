"""Scorers of answers that are a word, a letter, a number or a short list: the same text, or it is wrong."""

import re
import unicodedata

from urlvr_bench.tasks import exact, latex, stated, typesetting
from urlvr_bench.tasks.boxed import Boxed, PlainBoxed, Span
from urlvr_bench.tasks.scorer import Verdict
from urlvr_bench.tasks.stated import Stated

FONT = re.compile(rf"\\(?:{typesetting.FONTS})\s*\{{([^{{}}]*)\}}")
WHOLE = "[0-9]+"
NUMBER = re.compile(
    rf"[-+\u2212]?\s*(?:{exact.THOUSANDS}|{exact.DECIMAL}|(?:{WHOLE}\s+)?{WHOLE}/{WHOLE}"
    rf"|(?:{WHOLE})?\s*\\[dt]?frac(?:\{{-?{WHOLE}\}}\{{{WHOLE}\}}|\s*[0-9]{{2}}))"
)
"""A number by itself; sums and dates are no numbers here, nor are digits that stand apart."""
CHOICE = re.compile(
    r"(?:(?:so |thus |hence |therefore )?"
    r"(?:the )?(?:correct |right |final )?(?:option|choice|answer)(?: is)?:? )?(?:[(\[{](?P<inside>[a-z])[)\]}]|"
    r"(?P<alone>[a-z])(?=[.:)]|$| [-\u2013(]))[.:)]?(?: (?:[-\u2013] )?(?P<text>.+))?"
)
"""A choice by its letter, alone or with its text after it."""
FURTHER = re.compile(r"(?:or|and|&|/)\b|[a-j]$|\b.*(?<!\w)\(?[a-j][.:)](?!\w)|\([a-j]\)")
"""What makes more than one choice of it."""


def canonical(text: str) -> str | None:
    """Return one spelling: of numbers by value, of choices by letter, of all else without capitals, commas, blanks."""
    if len(text) > latex.MAX_LENGTH:
        return None
    unset = FONT.sub(r"\1", unicodedata.normalize("NFKC", text))
    words = re.sub(r"[\s,]+", " ", unset.replace("\\", "").lower()).strip(" .\"'$`*")
    words = re.sub(r"(?<=[a-z])[!?]+$", "", words)
    for spelled in (unset, unset.replace("\\", "").lower()):
        bare = re.sub(r"\\?[$%]|\{,\}|[*`\"']", lambda match: "," if match[0] == "{,}" else "", spelled)
        bare = bare.rstrip(" \n,.").lstrip(" \n,")
        if NUMBER.fullmatch(bare) and (number := exact.value(latex.plain(bare))) is not None:
            return str(number)
    found = CHOICE.fullmatch(words)
    if found and not FURTHER.match(found["text"] or ""):
        return str(found["inside"] or found["alone"]).upper()
    return words or None


class Phrase(Boxed):
    """What the last box holds, in the one spelling that `canonical` knows."""

    def canonical(self, text: str) -> str | None:
        return canonical(text)

    def exact(self, answer: str) -> bool:
        return True

    def compared(self, first: str, second: str) -> Verdict:
        numbers = all(re.fullmatch("-?[0-9]+(?:/[0-9]+)?", answer) for answer in (first, second))
        choices = re.fullmatch("[A-Z]", first) and re.fullmatch("[A-Z]", second)
        return Verdict(first == second, "exact number" if numbers else "choice" if choices else "words")

    def completion(self, answer: str) -> str:
        return super().completion(re.sub(r"[{}]", r"\\\g<0>", answer))


class PlainPhrase(Phrase, PlainBoxed):
    """The same of a base model, which may go on with further questions."""


REASON = re.compile(r",?\s+(?:because|since)\b|(?<=\b[A-J]),\s+(?!(?:and|or|but|not)\b)(?=[a-z]{2})")
"""Where a statement goes on about the answer that it has given: why it is right, what the choice says."""


class StatedPhrase(Phrase, Stated):
    """Where no format was asked for: the last box, else the last statement of an answer, else the last line."""

    LINE = re.compile(r"[^\n]*\S")

    def _stated(self, text: str, first: int) -> Span | None:
        if said := stated.statement(text, first):
            reason = REASON.search(text, said[0] + 1, said[1])
            return said[0], reason.start() if reason else said[1]
        lines = [line.span() for line in self.LINE.finditer(text, first)]
        return lines[-1] if lines else None
