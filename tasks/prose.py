r"""Values in prose: the formulas between dollars, the numbers and the runs of signs outside of them."""

import re

from urlvr_bench.tasks import typesetting, words
from urlvr_bench.tasks.typesetting import GROUP

Span = tuple[int, int]
"""A half-open range of characters."""

MONEY = r"[0-9][0-9.,]*(?:\s+[a-zA-Z(]|[;:!?]?\s*(?:$|\n)|\s+[A-Z])"
FORMULA = re.compile(rf"\$\$[^$]+\$\$|\\\[.+?\\\]|\\\(.+?\\\)|(?<!\\)\$(?!{MONEY})[^$\n]+?(?<!\\)\$", re.DOTALL)
"""Mathematics between dollars, which alone before a number are a currency, or `\(` and `\[`."""
DIGITS = r"(?:(?:[0-9]{1,3}(?:,[0-9]{3})+(?![0-9])|[0-9]+)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+(?![0-9a-zA-Z]))?|\.[0-9]+)"
COMMAND = rf"\\(?:[dtc]?frac|sqrt|pi|infty|binom|log|ln|sin|cos|tan)(?![a-zA-Z])(?:\[[^\[\]]*\])?(?:\s*{GROUP})*"
FACTOR = rf"(?:{DIGITS}|{COMMAND})(?:\^(?:{GROUP}|-?[0-9]+))?!?"
VALUE = re.compile(
    rf"(?:(?<![0-9a-zA-Z)\\.])(?:[-+\u2212]\s?|negative\s))?(?:\\?\$)?(?<![0-9a-zA-Z\\.^])(?<!\^\{{)(?:{FACTOR})"
    rf"(?:\s*{COMMAND}(?:\^(?:{GROUP}|-?[0-9]+))?|\s*/\s*(?:{DIGITS})|\s+[0-9]+/[0-9]+|:[0-9]+"
    rf"|\s*(?:\\times|\\cdot|[\u00d7*xX])\s*10\^(?:{GROUP}|-?[0-9]+)|\s+(?:million|billion|trillion)\b)*"
)
"""A number, or a product of numbers and LaTeX, in the middle of prose."""

NAMED = r"(?:(?<![a-zA-Z\\])(?:sqrt|pi|ln|log|sin|cos|tan)(?![a-zA-Z])(?:\s(?=[0-9]))?|[\u03c0\u221a\u221e])"
LETTER = rf"(?<![a-zA-Z'\u2019\\]){typesetting.VARIABLE}(?![a-zA-Z'\u2019])"
ATOM = rf"(?:(?>{DIGITS})|{COMMAND}|{LETTER}|{NAMED}|(?<=[0-9])\s{NAMED})"
SIGN = (
    r"\s?(?:[-+\u2212\u2013\u00b1]|\*\*?|[/^_\u00d7\u00b7\u22c5\u00f7]|[<>]=?|[\u2264\u2265]"
    r"|\\(?:times|cdot|div|pm|leq?|geq?|lt|gt)(?![a-zA-Z])|(?<=\s):(?=\s)|(?<=[0-9]):(?=[0-9]))\s?"
)
SUM = rf"[-+\u2212\u00b1]?{ATOM}++(?:{SIGN}[-\u2212]?{ATOM}++)*+"
PART = rf"(?:{ATOM}|[(\[]\s?{SUM}(?:,\s?{SUM})*+\s?[)\]])++"
RUN = re.compile(
    rf"(?<![0-9a-zA-Z'\u2019\\.])(?<![0-9)}}]\s)(?:[-+\u2212\u00b1]\s?)?"
    rf"(?:{PART}|[a-zA-Z](?=\s?[<>\u2264\u2265^]))(?:{SIGN}[-\u2212]?{PART})*+"
)
"""A formula outside of dollars: numbers, single letters that are no units, and brackets, without blanks but at signs.

All is possessive, so that each is read once.
"""
PAGES = re.compile(r"[0-9.,]+[-\u2013][0-9.,]+")
"""Two numbers with a hyphen between them, which in prose is no minus."""
POWER = re.compile(r"[a-zA-Z]\^")
BEFORE = re.compile(
    r"\b(?:(?P<bound>at least|at most|up to|(?:more|less|fewer|greater) than)|(?P<start>from|between))\s+\Z",
    re.IGNORECASE,
)
AFTER = re.compile(
    r"\s+(?:or (?:more|less|fewer|greater|higher|above|below)\b|(?:squared|cubed)\b|(?P<to>to\s+\$?[0-9][0-9.,]*\b)"
    r"|(?:dollar|hour|minute|pound|week|day|year)s?,? (?:and )?[0-9]+ (?:cent|minute|second|ounce|day|hour|month)s?\b"
    r"|(?:feet|foot) (?:and )?[0-9]+ inch(?:es)?\b)"
)
"""What makes a bound, a range or a part of a value; from one value to another, the other is reached."""


def values(text: str, start: int, end: int) -> list[Span]:
    """Return the ranges of all formulas and, outside of them, of all values of a text, in order."""
    found: list[Span] = []
    at = start
    for formula in FORMULA.finditer(text, start, end):
        if is_maths(formula[0]):
            found += _plain(text, at, formula.start())
            found.append(formula.span())
            at = formula.end()
    return found + _plain(text, at, end)


def is_maths(text: str) -> bool:
    """Return whether there is a formula between two dollars: no prose between two sums of money, no power of a unit."""
    prose = re.search(r"(?<![a-zA-Z\\])[a-z]{3,}\s", words.TEXT.sub("", text))
    return prose is None and re.match(r"\$\s*\^", text) is None


def value_at(text: str, start: int, end: int) -> Span | None:
    """Return the range of the value that a part of a text begins with."""
    first = VALUE.match(text, start, end) or RUN.match(text, start, end)
    found = _plain(text, start, end) if first else []
    return found[0] if found and found[0][0] == start else None


def _plain(text: str, start: int, end: int) -> list[Span]:
    """Return the ranges of all values of a text without dollars, with the signs and letters that belong to them."""
    numbers = [_with_bounds(text, match.span(), start, end) for match in VALUE.finditer(text, start, end)]
    runs = [match.span() for match in RUN.finditer(text, start, end) if not PAGES.fullmatch(match[0])]
    valued = {*numbers, *(run for run in runs if POWER.search(text, *run))}
    found: list[tuple[Span, bool]] = []
    for span in sorted({*numbers, *runs}):
        if found and span[0] < found[-1][0][1]:
            (low, high), holds = found.pop()
            found.append(((low, max(high, span[1])), holds or span in valued))
        else:
            found.append((span, span in valued))
    return [span for span, holds in found if holds]


def _with_bounds(text: str, span: Span, start: int, end: int) -> Span:
    """Return the range of a value with what makes a bound or a range of it."""
    low, high = span
    before, after = BEFORE.search(text, max(start, low - 20), low), AFTER.match(text, high, end)
    if before and before["start"] and after and after["to"]:
        return span
    return before.start() if before and before["bound"] else low, after.end() if after else high
