r"""A plain spelling of LaTeX: the same formula without its typesetting."""

import functools
import re
import unicodedata

MAX_LENGTH = 500
"""Characters; the longest published answer that is known has 210."""
BRACE = re.compile(r"\\.|[{}]", re.DOTALL)
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
    "\u2010\u2011\u2212\u2013\ufe63\uff0d": "-",
    "\u200b\u200c\u200d\u2060\ufeff": "",
    "\u00a0\u202f\u2009\u3000": " ",
    "\uff0c": ",",
    "\u3001": ", ",
    "\u6216": r"\text{ or }",
    "\u548c": r"\text{ and }",
    "\u2044": "/",
    "\u2217": "*",
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
    "\u221b": r"\sqrt[3]",
    "\u00b0\u00ba\u02da": r"^\circ ",
    "\u2220": r"\angle ",
    "\u211d": r"\mathbb{R}",
    "\u2124": r"\mathbb{Z}",
    "\u2115": r"\mathbb{N}",
    "\u211a": r"\mathbb{Q}",
    "\u3002": ".",
    "\u00c5\u212b": r"\text{A}",
    "\u2026": r"\ldots ",
}
TABLE = {ord(sign): plain for signs, plain in SIGNS.items() for sign in signs}
RAISED, LOWERED = re.compile("[\u207b\u2070\u00b9\u00b2\u00b3\u2074-\u2079]+"), re.compile("[\u208b\u2080-\u2089]+")
VULGAR = re.compile("[\u00bc-\u00be\u2150-\u215e]")
RADICAL = re.compile(rf"\u221a\s*([0-9]+(?:\.[0-9]+)?|{GROUP})?")
FONTS = (
    "text|textbf|textrm|textit|textup|textnormal|textsf|texttt|emph|mathrm|mathbf|mathit|mathsf|mathtt|mbox|hbox"
    "|boldsymbol|bm"
)
BOLD = re.compile(rf"\\(?:mathbf|boldsymbol|bm|mathit)(?:\s*({GROUP})|\s+([a-zA-Z])(?![a-zA-Z]))")
"""Fonts of variables and vectors; a unit is set upright."""
FUNCTIONS = "arcsin|arccos|arctan|sin|cos|tan|cot|sec|csc|log|ln|exp"
SIMPLER = tuple(
    (re.compile(pattern), plain)
    for pattern, plain in (
        (r"\\?\$|\\[()\[\]]", " "),
        (r"\\(?:left|right)\.|\\tag\*?\s*\{[^{}]*\}", ""),
        (r"\\[hv]space\*?\s*\{[^{}]*\}", " "),
        (r"\\(?:pounds|(?:text)?(?:dollar|euro))(?![a-zA-Z])", "\u00a3"),
        (r"\\AA(?![a-zA-Z])", r"\\text{A}"),
        (r"\\text\{\s*infinity\s*\}|(?<![a-zA-Z\\])infinity(?![a-zA-Z])", r"\\infty "),
        (rf"\\(?:operatorname|mathrm|text)\*?\s*\{{({FUNCTIONS})\}}", r"\\\1 "),
        (r"\\(?:mathrm|text)\s*\{e\}(?=\s*\^)", "e"),
        (r"\\left\\\{\s*(?=\\begin)", ""),
        (
            r"\\(?:left|right|middle|[bB]igg?[lrm]?|(?:display|text|script)style|(?:no)?limits|[lL]arge|LARGE|[hH]uge|small|ensuremath)(?![a-zA-Z])",
            "",
        ),
        (r"\\phantom\s*(?:\{[^{}]*\}|.)|\\(?:boxed|fbox)(?![a-zA-Z])", ""),
        (r"\\(?:[dtcsx]|nice)frac(?![a-zA-Z])", r"\\frac"),
        (r"(?<![a-zA-Z\\.])(sqrt(?=\s*[({])|(?:arc)?(?:sin|cos|tan)(?=\s*\()|ln(?=\s*[(0-9])|pi(?![a-zA-Z]))", r"\\\1"),
        (r"(?<![a-zA-Z\\.])sqrt\s*([0-9]+)", r"\\sqrt{\1}"),
        (r"(?<![0-9a-zA-Z.}/])([0-9]{1,9})/([0-9]{1,9})\s*i(?![a-zA-Z])", r"\\frac{\1}{\2}i"),
        (r"(?<=[0-9a-zA-Z})])\s*(?:\\q?quad\s*)+(?=[a-zA-Z](?:_[0-9a-z]|_\{[0-9a-z]+\})?\s*=)", ", "),
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
        (r"\\(hat|vec|bar|tilde)\s+([a-zA-Z])(?![a-zA-Z])", r"\\\1{\2}"),
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
        (r"(?<=[0-9])\s*(?:\\text\{\s*to\s*\}|\bto\b)\s*(?=[0-9])", ":"),
        (r"\\%", "%"),
    )
)


def balanced(text: str) -> bool:
    """Return whether every brace is closed, and none that was not opened."""
    depth = 0
    for match in BRACE.finditer(text):
        depth += {"{": 1, "}": -1}.get(match[0], 0)
        if depth < 0:
            return False
    return depth == 0


@functools.lru_cache(maxsize=1 << 14)
def plain(text: str) -> str:
    r"""Return LaTeX in one spelling of commands, fractions, blanks and thousands; what it says stays the same.

    Fonts become `\text{...}`, which is dropped around anything but words; the rows of a system become a list.
    """
    text = _in_ascii(text.replace(BREAK, ""))
    if r"\\begin" in text:
        text = text.replace(r"\\", "\\")
    if r"\begin" in text:
        text = re.sub(r"(?:\\\\|\\cr(?![a-zA-Z]))+(?:\[[^\[\]]*\])?", BREAK, text)
    text = re.sub(r"\\\\(?=[a-zA-Z%$,;!{}()])", r"\\", text).replace(r"\\", " ")
    text = BOLD.sub(_unbold, text)
    for pattern, simpler in SIMPLER:
        text = pattern.sub(simpler, text)
    text = UPRIGHT.sub(lambda match: match[1] if _is_formula(match[1]) else match[0], text)
    text = MATRIX.sub(lambda match: rf"\begin{{pmatrix}}{match[2] or match[4]}\end{{pmatrix}}", text)
    text = ROWS.sub(lambda match: match[2].strip(BREAK + " ").replace(BREAK, ", "), re.sub("&(?==)|(?<==)&", "", text))
    text = THOUSANDS.sub(lambda match: re.sub("[^0-9]", "", match[1]), text)
    text = _braced(re.sub(r"\s+", " ", BLANK.sub(" ", text)))
    return text.replace(BREAK, r"\\").rstrip("\\ ").lstrip()


def _in_ascii(text: str) -> str:
    """Write what Unicode has a letter for as LaTeX does: raised and lowered digits, fractions, roots, wide letters."""
    text = RAISED.sub(lambda match: f"^{{{_wide(match[0])}}}", text)
    text = LOWERED.sub(lambda match: f"_{{{_wide(match[0])}}}", text)
    text = VULGAR.sub(lambda match: rf"\frac{{{_wide(match[0]).replace(chr(0x2044), '}{')}}}", text)
    text = RADICAL.sub(lambda match: rf"\sqrt{_in_braces(match[1])}" if match[1] else r"\sqrt ", text)
    return _wide(text.translate(TABLE)).translate(TABLE)


def _wide(text: str) -> str:
    """Return the letters that others are only variants of: 5 for a wide or a raised one."""
    return unicodedata.normalize("NFKC", text)


def _unbold(match: re.Match[str]) -> str:
    """Return a formula without its bold type; words keep theirs, and so does a letter that is all of a text."""
    inside = match[2] or match[1][1:-1].strip()
    whole = match[0] == match.string.strip()
    words = re.search("[a-zA-Z]{2}", re.sub(r"\\[a-zA-Z]+", "", inside))
    return match[0] if words or (whole and len(inside) == 1) else inside


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
