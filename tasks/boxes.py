r"""The last box of a text: `\boxed{5}`, `\boxed {5}`, `\boxed 5` and `\fbox{5}`."""

import re

from urlvr_bench.tasks.latex import BRACE, MAX_LENGTH

BOX = re.compile(
    r"\\(?:boxed|fbox)(?![a-zA-Z])(?:\s*(\{)"
    r"|[ \t]*(\\[dtc]?frac\s*[0-9]{2}|\\[a-zA-Z]+(?:\{[^{}]*\})*|[-+.0-9(][^\s{}$\\]*|[a-zA-Z]\b))"
)
OPENED = re.compile(r"\\boxed|\\fbox")
EMPTY = re.compile(r"(?:\s|\\[,;:! ])*")


def box_span(text: str) -> tuple[int, int] | None:
    r"""Return the range inside the last filled box; None if there is none, or one that never closes or is over-long.

    `\boxed{5}`, `\boxed {5}`, `\boxed 5` and `\fbox{5}` are boxes.
    """
    for begun in reversed(list(OPENED.finditer(text))):
        if (match := BOX.match(text, begun.start())) is None:
            continue
        span = (match.end(), _closing(text, match.end())) if match[1] else match.span(2)
        if span[1] < 0:
            return None
        if not EMPTY.fullmatch(text, *span):
            return span
    return None


def last_box(text: str) -> str | None:
    """Return what stands in the last filled box."""
    span = box_span(text)
    return None if span is None else text[slice(*span)]


def _closing(text: str, start: int) -> int:
    """Return where the brace that was opened before `start` closes, -1 if it does not do so soon."""
    depth = 1
    for match in BRACE.finditer(text, start, start + MAX_LENGTH + 1):
        depth += {"{": 1, "}": -1}.get(match[0], 0)
        if depth == 0:
            return match.start()
    return -1
