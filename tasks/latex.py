r"""The last box of a text, and a plain spelling of LaTeX: the same formula without its typesetting."""

import functools
import re

MAX_LENGTH = 500
"""Characters; the longest published answer that is known has 210."""
BOX = re.compile(
    r"\\(?:boxed|fbox)(?![a-zA-Z])(?:\s*(\{)"
    r"|[ \t]*(\\[dtc]?frac\s*[0-9]{2}|\\[a-zA-Z]+(?:\{[^{}]*\})*|[-+.0-9(][^\s{}$\\]*|[a-zA-Z]\b))"
)
BRACE = re.compile(r"\\.|[{}]", re.DOTALL)
EMPTY = re.compile(r"(?:\s|\\[,;:! ])*")
BLANK = re.compile(r"(?:[\s~$]|\\[,;:! ]|\\q?quad(?![a-zA-Z]))+")

GROUP = r"\{(?:[^{}]|\{(?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*\})*\}"
"""Braces that nest up to four deep."""
ARGUMENT = rf"{GROUP}|\\[a-zA-Z]+|[0-9a-zA-Z]"
FRACTION = re.compile(rf"\\(frac|binom)\s*({ARGUMENT})\s*({ARGUMENT})")
UPRIGHT = re.compile(rf"\\text({GROUP})")
ROOT = re.compile(r"\\sqrt\s*(\[[^\[\]]*\])?\s*([0-9a-zA-Z]|\\[a-zA-Z]+(?:\s*\{[^{}]*\})*)")
THOUSANDS = re.compile(r"(?<![0-9.,])([0-9]{1,3}(?:(?:\{\\?,\}|,\\!|\\[,! ]|[~ ])\s*[0-9]{3}(?![0-9]))+)(?![~ ]*[0-9])")

BREAK = "\ue000"
"""Stands for the end of a row while commands are looked at."""
ROWS = re.compile(r"\\begin\{(cases|aligned|align\*?|array|gathered)\}(?:\{[lcr| ]*\})?([^&]*?)\\end\{\1\}")
MATRIX = re.compile(
    r"[(\[]\s*\\begin\{(array|matrix|smallmatrix)\}(?:\{[lcr| ]*\})?(.*?)\\end\{\1\}\s*[)\]]"
    r"|\\begin\{([bB]matrix)\}(.*?)\\end\{\3\}"
)
SIGNS = {
    "\u2212\u2013\ufe63\uff0d": "-",
    "\u00a0\u202f\u2009\u3000": " ",
    "\uff0c": ",",
    "\u00d7": r"\times ",
    "\u00b7\u22c5": r"\cdot ",
    "\u00f7": r"\div ",
    "\u00b1": r"\pm ",
    "\u2264": r"\le ",
    "\u2265": r"\ge ",
    "\u2260": r"\ne ",
    "\u2248": r"\approx ",
    "\u2208": r"\in ",
    "\u03c0": r"\pi ",
    "\u221e": r"\infty ",
    "\u222a": r"\cup ",
    "\u221a": r"\sqrt ",
    "\u00b0": r"^\circ ",
    "\u00c5\u212b": r"\text{A}",
    "\u00bc": r"\frac{1}{4}",
    "\u00bd": r"\frac{1}{2}",
    "\u00be": r"\frac{3}{4}",
    "\u2026": r"\ldots ",
}
TABLE = {ord(sign): plain for signs, plain in SIGNS.items() for sign in signs}
TABLE |= {0xFF10 + digit: str(digit) for digit in range(10)}
SUPERSCRIPTS = str.maketrans("\u207b\u2070\u00b9\u00b2\u00b3\u2074\u2075\u2076\u2077\u2078\u2079", "-0123456789")
RAISED = re.compile(f"[{''.join(map(chr, SUPERSCRIPTS))}]+")
FONTS = "text|textbf|textrm|textit|textnormal|textsf|texttt|mathrm|mathbf|mathit|mathsf|mathtt|mbox|boldsymbol|bm"
SIMPLER = tuple(
    (re.compile(pattern), plain)
    for pattern, plain in (
        (r"\\?\$|\\[()\[\]]", " "),
        (r"\\(?:left|right)\.", ""),
        (r"\\left\\\{\s*(?=\\begin)", ""),
        (r"\\(?:left|right|[bB]igg?[lrm]?|(?:display|text|script)style|(?:no)?limits|[lL]arge)(?![a-zA-Z])", ""),
        (r"\\phantom\s*(?:\{[^{}]*\}|.)|\\(?:boxed|fbox)(?![a-zA-Z])", ""),
        (r"\\(?:[dtcsx]|nice)frac(?![a-zA-Z])", r"\\frac"),
        (r"(?<![a-zA-Z\\.])(sqrt(?=\s*[({])|(?:arc)?(?:sin|cos|tan)(?=\s*\()|ln(?=\s*\()|pi(?![a-zA-Z]))", r"\\\1"),
        (r"(?<=[0-9a-zA-Z)])\*\*(?=[-0-9a-zA-Z({])", "^"),
        (r"\{([-+=<>])\}", r"\1"),
        (r"\\not\s*=", r"\\ne "),
        (r"\\sqrt\s*\(([^()]*)\)", r"\\sqrt{\1}"),
        (r"\\lg(?![a-zA-Z])", r"\\log"),
        (r"\\log\s*_\s*(?:e(?![a-zA-Z])|\{\s*e\s*\})", r"\\ln "),
        (r"\\color\s*\{[^{}]*\}|\\textcolor\s*\{[^{}]*\}|\\underline(?![a-zA-Z])", ""),
        (r"^\s*\\(?:therefore|Rightarrow|implies)(?![a-zA-Z])", ""),
        (r"\\colon(?![a-zA-Z])", ":"),
        (r"\{([^{}]*)\\choose(?![a-zA-Z])([^{}]*)\}", r"\\binom{\1}{\2}"),
        (r"\\dot\s*\{?([0-9])\}?([0-9]*)\\dot\s*\{?([0-9])\}?", r"\\overline{\1\2\3}"),
        (r"\\(overline|bar|dot)\s*([0-9])", r"\\\1{\2}"),
        (r"\\[dt]binom(?![a-zA-Z])", r"\\binom"),
        (r"\\(?:leq|leqslant|leqq)(?![a-zA-Z])|<=", r"\\le "),
        (r"\\(?:geq|geqslant|geqq)(?![a-zA-Z])|>=", r"\\ge "),
        (r"\\lt(?![a-zA-Z])", "<"),
        (r"\\gt(?![a-zA-Z])", ">"),
        (r"\\neq(?![a-zA-Z])", r"\\ne "),
        (r"\\([lr])brace(?![a-zA-Z])", lambda match: r"\{" if match[1] == "l" else r"\}"),
        (r"\\[lr]?vert(?![a-zA-Z])", "|"),
        (r"\\varnothing(?![a-zA-Z])", r"\\emptyset "),
        (r"\\(?:dots|dotsc|dotsb|cdots|ldots)(?![a-zA-Z])|\.{3,}", r"\\ldots "),
        (r"\^\s*(?:\{\s*\\circ\s*\}|\\circ(?![a-zA-Z]))|\\degree(?![a-zA-Z])", r"^\\circ "),
        (r"\{\\(?:rm|bf|it)\s+([^{}]*)\}", r"\\text{\1}"),
        (r"\\(?:rm|bf|it)(?![a-zA-Z])", ""),
        (rf"\\(?:{FONTS})\s*\{{", r"\\text{"),
        (r"\\text\{([^{}a-zA-Z\\]*)\}", r"\1"),
        (r"([_^])\s*\{([0-9a-zA-Z])\}(?![0-9])", r"\1\2"),
        (r"(?<=[0-9])\s*[xX]\s*(?=10\s*\^)", r"\\times "),
        (r"\\%", "%"),
    )
)


def box_span(text: str) -> tuple[int, int] | None:
    r"""Return the range inside the last filled box; None if there is none, or one that never closes or is over-long.

    `\boxed{5}`, `\boxed {5}`, `\boxed 5` and `\fbox{5}` are boxes.
    """
    at = len(text)
    while (at := max(text.rfind(r"\boxed", 0, at), text.rfind(r"\fbox", 0, at))) >= 0:
        if (match := BOX.match(text, at)) is None:
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
    text = RAISED.sub(lambda match: f"^{{{match[0].translate(SUPERSCRIPTS)}}}", text.translate(TABLE)).replace(
        BREAK, ""
    )
    if r"\\begin" in text:
        text = text.replace(r"\\", "\\")
    if r"\begin" in text:
        text = re.sub(r"(?:\\\\|\\cr(?![a-zA-Z]))+(?:\[[^\[\]]*\])?", BREAK, text)
    text = re.sub(r"\\\\(?=[a-zA-Z%$,;!{}()])", r"\\", text).replace(r"\\", " ")
    for pattern, simpler in SIMPLER:
        text = pattern.sub(simpler, text)
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
