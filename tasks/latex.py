r"""The last \boxed{...} of a text, and one canonical way to write the number or formula in it."""

import functools
import re
from fractions import Fraction

MAX_LENGTH = 300
"""Characters; the longest published answer that is known has 210."""
BOX = r"\boxed{"
BRACE = re.compile(r"\\.|[{}]", re.DOTALL)

NUMBER = re.compile(r"([-+]?)((?:[0-9]+|[0-9]{1,3}(?:,[0-9]{3})+)(?:\.[0-9]*)?|\.[0-9]+)")
SLASH = re.compile(r"([-+]?[0-9]+)/([0-9]+)")
FRACTION = re.compile(r"([-+]?)\\frac\{([-+]?[0-9]+)\}\{([-+]?[0-9]+)\}")
TEXT = re.compile(r"\\(?:text|textbf|textrm|mathrm|mathbf|mbox)\{([^{}]*)\}")
SHORT_FRACTION = re.compile(r"\\frac(?:\{([^{}]*)\}|([0-9a-zA-Z]))(?:\{([^{}]*)\}|([0-9a-zA-Z]))")
SIMPLER = (
    (re.compile(r"\\(?:left|right|displaystyle|[,;:! ])|\\?[$]|\\[()\[\]]|[~\s]"), ""),
    (re.compile(r"\^(?:\{\\circ\}|\\circ)|\\degree|°|\\?%"), ""),
    (re.compile(r"\\[dtc]frac"), r"\\frac"),
    (re.compile(r"\{,\}"), ","),
    (re.compile("[\u2212\u2013]"), "-"),
)


def last_box(text: str) -> str | None:
    r"""Return what stands in the last `\boxed{...}`; None if there is none, it never closes or it is over-long."""
    start = text.rfind(BOX)
    if start < 0:
        return None
    start += len(BOX)
    depth = 1
    for match in BRACE.finditer(text, start, start + MAX_LENGTH + 1):
        depth += {"{": 1, "}": -1}.get(match[0], 0)
        if depth == 0:
            return text[start : match.start()]
    return None


def solution_box(text: str) -> str | None:
    r"""Return what a written solution boxes; besides `\boxed{x}` some write `\fbox{x}` and `\boxed x`."""
    box = last_box(text.replace(r"\fbox{", BOX))
    bare = re.findall(r"\\boxed\s+([^\s$]+)", text)
    return bare[-1] if box is None and bare else box


@functools.lru_cache(maxsize=1 << 16)
def canonical(text: str) -> str | None:
    r"""Return one spelling for all ways of writing an answer: "1,080.0", "\$1080" and "1080" are all "1080".

    Numbers become exact fractions in lowest terms; anything else keeps its LaTeX, without blanks, units and dollars.
    """
    if len(text) > MAX_LENGTH or not text.strip():
        return None
    bare = _simplify(TEXT.sub("", text))
    if (value := number(bare)) is not None:
        return str(value)
    whole = _simplify(TEXT.sub(r"\1", text))
    value = number(whole)
    return whole or None if value is None else str(value)


@functools.lru_cache(maxsize=1 << 16)
def number(text: str) -> Fraction | None:
    r"""Return the value of a whole number, decimal, `a/b` or `\frac{a}{b}` in plain ASCII digits, else None."""
    if match := NUMBER.fullmatch(text):
        return Fraction(match[1] + match[2].replace(",", ""))
    if match := SLASH.fullmatch(text):
        above, below = int(match[1]), int(match[2])
    elif match := FRACTION.fullmatch(text):
        above, below = int(match[1] + "1") * int(match[2]), int(match[3])
    else:
        return None
    return Fraction(above, below) if below else None


def _simplify(text: str) -> str:
    """Drop blanks, dollars, degrees, percent signs and size commands, and write every fraction with braces."""
    for pattern, replacement in SIMPLER:
        text = pattern.sub(replacement, text)
    text = SHORT_FRACTION.sub(lambda m: rf"\frac{{{m[1] or m[2]}}}{{{m[3] or m[4]}}}", text)
    if re.fullmatch(r"[a-zA-Z]=.+", text) and number(text[2:]) is not None:
        text = text[2:]
    return text.removesuffix(".")
