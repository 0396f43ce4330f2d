r"""The last box of a text, and a plain spelling of LaTeX: the same formula without its typesetting."""

import functools
import re

from urlvr_bench.tasks import typesetting
from urlvr_bench.tasks.typesetting import GROUP

MAX_LENGTH = 500
"""Characters; the longest published answer that is known has 210."""
BOX = re.compile(
    r"\\(?:boxed|fbox)(?![a-zA-Z])(?:\s*(\{)"
    r"|[ \t]*(\\[dtc]?frac\s*[0-9]{2}|\\[a-zA-Z]+(?:\{[^{}]*\})*|[-+.0-9(][^\s{}$\\]*|[a-zA-Z]\b))"
)
STARTS = re.compile(r"\\(?:boxed|fbox)")
BRACE = re.compile(r"\\.|[{}]", re.DOTALL)
EMPTY = re.compile(r"(?:\s|\\[,;:! ])*")
BLANK = re.compile(r"(?:[\s~$]|\\[,;:! ]|\\q?quad(?![a-zA-Z]))+")

ARGUMENT = rf"{GROUP}|\\[a-zA-Z]+|[0-9a-zA-Z]"
FRACTION = re.compile(rf"\\(frac|binom)\s*({ARGUMENT})\s*({ARGUMENT})")
UPRIGHT = re.compile(rf"\\text({GROUP})")
ROOT = re.compile(r"\\sqrt\s*(\[[^\[\]]*\])?\s*([0-9a-zA-Z]|\\[a-zA-Z]+(?:\s*\{[^{}]*\})*)")
THOUSANDS = re.compile(r"(?<![0-9.,])([0-9]{1,3}(?:(?:\{\\?,\}|,\\!|\\[,! ]|[~ ])\s*[0-9]{3}(?![0-9]))+)(?![~ ]*[0-9])")

BREAK = "\ue000"
"""Stands for the end of a row while commands are looked at."""
ROWS = re.compile(r"\\begin\{(cases|aligned|align\*?|array|gathered)\}(?:\{[lcr| ]*\})?([^&]*?)\\end\{\1\}")
MATRIX = re.compile(
    r"[(\[]\s*\{?\s*\\begin\{(array|matrix|smallmatrix)\}(?:\{[lcr| ]*\})?(.*?)\\end\{\1\}\s*\}?\s*[)\]]"
    r"|\\begin\{([bB]matrix|psmallmatrix)\}(.*?)\\end\{\3\}"
)


def box_span(text: str) -> tuple[int, int] | None:
    r"""Return the range inside the last filled box; None if there is none, or one that never closes or is over-long.

    `\boxed{5}`, `\boxed {5}`, `\boxed 5` and `\fbox{5}` are boxes.
    """
    for start in reversed([found.start() for found in STARTS.finditer(text)]):
        if (match := BOX.match(text, start)) is None:
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


def balanced(text: str) -> bool:
    """Return whether every brace is closed, and none that was not opened."""
    depth = 0
    for match in BRACE.finditer(text):
        depth += {"{": 1, "}": -1}.get(match[0], 0)
        if depth < 0:
            return False
    return depth == 0


def _closing(text: str, start: int) -> int:
    """Return where the brace that was opened before `start` closes, -1 if it does not do so soon."""
    depth = 1
    for match in BRACE.finditer(text, start, start + MAX_LENGTH + 1):
        depth += {"{": 1, "}": -1}.get(match[0], 0)
        if depth == 0:
            return match.start()
    return -1


@functools.lru_cache(maxsize=1 << 14)
def plain(text: str) -> str:
    r"""Return LaTeX in one spelling of commands, fractions, blanks and thousands; what it says stays the same.

    Fonts become `\text{...}`, which is dropped around anything but words; the rows of a system become a list.
    """
    text = typesetting.signs(text).replace(BREAK, "")
    if r"\\begin" in text:
        text = text.replace(r"\\", "\\")
    if r"\begin" in text:
        text = re.sub(r"(?:\\\\|\\cr(?![a-zA-Z]))+(?:\[[^\[\]]*\])?", BREAK, text)
    text = re.sub(r"(=(?:[^=,\\]|\\(?!\\))*)\\\\(?=\s*[a-zA-Z]\w?\s*=)", r"\1, ", text)
    text = re.sub(r"\\\\(?=[a-zA-Z%$,;!{}()])", r"\\", text).replace(r"\\", " ")
    text = typesetting.simpler(text)
    text = UPRIGHT.sub(lambda match: match[1] if _is_formula(match[1]) else match[0], text)
    text = MATRIX.sub(lambda match: rf"\begin{{pmatrix}}{match[2] or match[4]}\end{{pmatrix}}", text)
    text = ROWS.sub(lambda match: match[2].strip(BREAK + " ").replace(BREAK, ", "), re.sub("&(?==)|(?<==)&", "", text))
    text = THOUSANDS.sub(lambda match: re.sub("[^0-9]", "", match[1]), text)
    text = _braced(re.sub(r"\s+", " ", BLANK.sub(" ", text)))
    return text.replace(BREAK, r"\\").rstrip("\\ ").lstrip()


def _is_formula(text: str) -> bool:
    """Return whether what is set upright is neither words nor a unit."""
    signs = re.search(r"[0-9]", text) and re.search(r"[+=]|\\(?:frac|sqrt|pi)(?![a-zA-Z])", text)
    return bool(signs) and re.search("[a-zA-Z]{2}", re.sub(r"\\[a-zA-Z]+", "", text)) is None


def _braced(text: str) -> str:
    """Write the arguments of every fraction, binomial and root in braces."""
    for _ in range(10):
        before = text
        text = FRACTION.sub(lambda match: rf"\{match[1]}" + "".join(map(_in_braces, match.groups()[1:])), text)
        text = ROOT.sub(lambda match: rf"\sqrt{match[1] or ''}{{{match[2]}}}", text)
        if text == before:
            break
    return re.sub(r"(\\(?:frac|sqrt))\s+(?=[\[{])", r"\1", text)


def _in_braces(text: str) -> str:
    return text if text[0] == "{" else f"{{{text}}}"
