r"""Plain signs and commands for typeset ones, which mean the same: tables that `latex.plain` applies in order."""

import re
import unicodedata

GROUP = r"\{(?:[^{}]|\{(?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*\})*\}"
"""Braces that nest up to four deep."""
SIGNS = {
    "\u2010\u2011\u2212\u2013\ufe63": "-",
    "\u00a0\u202f\u2009\u3000": " ",
    "\u2705\u2713\u2714\u2611\ufe0f\u220e\u25a0": " ",
    "\u200b\u200c\u200d\u200e\u200f\u2060\ufeff": "",
    "\u2044\u2215": "/",
    "\u3002": ".",
    "\u3001": ", ",
    "\u6216": r"\text{ or }",
    "\u548c": r"\text{ and }",
    "\u00d7": r"\times ",
    "\u2217": "*",
    "\u00b7\u22c5": r"\cdot ",
    "\u00f7": r"\div ",
    "\u00b1": r"\pm ",
    "\u2264": r"\le ",
    "\u2265": r"\ge ",
    "\u2260": r"\ne ",
    "\u2248": r"\approx ",
    "\u2208": r"\in ",
    "\u2220": r"\angle ",
    "\u00b5\u03bc": r"\mu ",
    "\u03c0": r"\pi ",
    "\u221e": r"\infty ",
    "\u222a": r"\cup ",
    "\u221a": r"\sqrt ",
    "\u00b0\u00ba\u02da": r"^\circ ",
    "\u00c5\u212b": r"\text{A}",
    "\u2026": r"\ldots ",
    "\u2205": r"\emptyset ",
    "\u2216": r"\setminus ",
    "\u211d": r"\mathbb{R}",
    "\u2124": r"\mathbb{Z}",
}
TABLE = {ord(sign): plain for signs, plain in SIGNS.items() for sign in signs}
TABLE |= {0xFEE0 + plain: chr(plain) for plain in range(0x21, 0x7F)} | {0xFF5B: r"\{", 0xFF5D: r"\}"}
"""Full-width signs are those of plain text; their braces are meant to be seen."""
TABLE |= {
    sign: rf"\frac{{{'}{'.join(unicodedata.normalize('NFKC', chr(sign)).split(chr(0x2044)))}}}"
    for sign in (0xBC, 0xBD, 0xBE, *range(0x2150, 0x215F))
}
SUPERSCRIPTS = str.maketrans("\u207b\u2070\u00b9\u00b2\u00b3\u2074\u2075\u2076\u2077\u2078\u2079", "-0123456789")
SUBSCRIPTS = str.maketrans("\u2080\u2081\u2082\u2083\u2084\u2085\u2086\u2087\u2088\u2089", "0123456789")
SHIFTED = tuple(
    (re.compile(f"[{''.join(map(chr, table))}]+"), table, mark)
    for table, mark in ((SUPERSCRIPTS, "^"), (SUBSCRIPTS, "_"))
)
RADICAL = re.compile(
    r"(?:([\u221a\u221b\u221c])|(?<![\\a-zA-Z])sqrt)\s*([0-9]+(?:\.[0-9]+)?|[a-zA-Z](?![a-zA-Z])|(?=\())"
)
"""A root outside of LaTeX, which is of the whole number after it, or of what stands in parentheses."""
DEGREES = {"\u221b": "[3]", "\u221c": "[4]"}
BOLD = "mathbf|mathit|boldsymbol|bm"
"""Fonts of variables and vectors; no unit is set in them."""
FONTS = f"text|textbf|textrm|textit|textnormal|textsf|texttt|mathrm|mathsf|mathtt|mbox|hbox|emph|{BOLD}"
VARIABLE = "(?![msghdLlNJWVAKCTFH])[a-zA-Z]"
"""A letter that is no unit by itself, and so a variable though it is set upright."""
FUNCTION = "(?:arc)?(?:sin|cos|tan)|cot|sec|csc|ln|log|exp"


def _unset(match: re.Match[str]) -> str:
    """Return what is set in a font without it, unless there are words in it."""
    content = match[2].strip("{ }") if match[2].count("{") == 1 else match[2][1:-1]
    words = re.search("[a-zA-Z]{3}", re.sub(r"\\[a-zA-Z]+", "", content))
    if words:
        return match[0]
    return f"{match[1]} {content}" if match[1] else content


SIMPLER = tuple(
    (re.compile(pattern), plain)
    for pattern, plain in (
        (r"\\?\$|\\[()\[\]]", " "),
        (r"\\(?:left|right)\.", ""),
        (r"\\left\\\{\s*(?=\\begin)", ""),
        (
            r"\\(?:left|middle|right|[bB]igg?[lrm]?|(?:display|text|script)style|(?:no)?limits|[lL]arge|LARGE|[hH]uge"
            r"|ensuremath)(?![a-zA-Z])",
            "",
        ),
        (r"(=[^=,]*)\\q?quad\s*(?=[a-zA-Z]\w?\s*=)", r"\1, "),
        (r"^\s*\](?=[^\[\]]*,[^\[\]]*[\[\]]\s*$)", "("),
        (r"^(\s*[\[(][^\[\]]*,[^\[\]]*)\[\s*$", r"\1)"),
        (r"\\hspace\*?\s*\{[^{}]*\}|\\tag\*?\s*\{[^{}]*\}", " "),
        (r"^\s*(?:\\text\{\s*(?:negative|minus)\s*\}|(?:negative|minus)\s)\s*(?=[0-9.]|\\[dt]?frac)", "-"),
        (r"\\pounds(?![a-zA-Z])", "\u00a3"),
        (r"\\euro(?![a-zA-Z])", "\u20ac"),
        (r"\\textdollar(?![a-zA-Z])", ""),
        (r"\\phantom\s*(?:\{[^{}]*\}|.)|\\(?:boxed|fbox)(?![a-zA-Z])", ""),
        (r"\\(?:[dtcsx]|nice)frac(?![a-zA-Z])", r"\\frac"),
        (
            r"(?<![a-zA-Z\\.])(sqrt(?=\s*[({])|exp(?=\s*\()|pi(?![a-zA-Z])"
            r"|(?:(?:arc)?(?:sin|cos|tan)|ln|log)(?=\s*[({0-9_^\\]|\s+[a-zA-Z](?![a-zA-Z])))",
            r"\\\1 ",
        ),
        (r"(?<![0-9a-zA-Z.^_/)}\\])([0-9]+)/([0-9]+)(?=\s*i(?![a-zA-Z])|\s+[a-zA-Z](?![a-zA-Z]))", r"\\frac{\1}{\2}"),
        (r"(?<![0-9a-zA-Z.^_/)}\\])(?!1/)([0-9]+)/([0-9]+)(?=\s*\\pi(?![a-zA-Z]))", r"\\frac{\1}{\2}"),
        (r"(?<=[0-9a-zA-Z)])\*\*(?=[-0-9a-zA-Z({])", "^"),
        (r"\{([-+=<>:])\}", r"\1"),
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
        (r"^\s*([0-9a-z]+)\s*\\choose\s*([0-9a-z]+)\s*$", r"\\binom{\1}{\2}"),
        (r"(?:\{\}|(?<![0-9a-zA-Z}]))\s*[_^]\s*\{?([0-9]+)\}?\s*C\s*_\s*\{?([0-9]+)\}?", r"\\binom{\1}{\2}"),
        (r"\\(?:mathbb|Bbb)\s+([CNQRZ])(?![a-zA-Z])", r"\\mathbb{\1}"),
        (r"\s*\\(?:blacksquare|square|Box|checkmark|qed)(?![a-zA-Z])\s*$", ""),
        (r"\\(?:leq|leqslant|leqq)(?![a-zA-Z])|<=", r"\\le "),
        (r"\\(?:geq|geqslant|geqq)(?![a-zA-Z])|>=", r"\\ge "),
        (r"\\lt(?![a-zA-Z])", "<"),
        (r"\\gt(?![a-zA-Z])", ">"),
        (r"\\neq(?![a-zA-Z])", r"\\ne "),
        (r"\\([lr])brace(?![a-zA-Z])", lambda match: r"\{" if match[1] == "l" else r"\}"),
        (r"\\[lr]?vert(?![a-zA-Z])", "|"),
        (r"\\varnothing(?![a-zA-Z])", r"\\emptyset "),
        (r"\\(?:dots|dotsc|dotsb|cdots|ldots)(?![a-zA-Z])|\.{3,}", r"\\ldots "),
        (
            r"(?:\{\}\s*)?\^\s*(?:\{\s*\\circ\s*\}|\\circ(?![a-zA-Z]))|\\(?:text)?degree(?![a-zA-Z])"
            r"|(?<=[0-9])\s*\\deg(?![a-zA-Z])",
            r"^\\circ ",
        ),
        (r"([_^]\s*)\{\\(?:rm|bf|it)\s+([^{}]*)\}", r"\1{\\text{\2}}"),
        (r"\{\\(?:rm|bf|it)\s+([^{}]*)\}", r"\\text{\1}"),
        (r"\\(?:rm|bf|it)(?![a-zA-Z])", ""),
        (rf"\\({FONTS}|hat|vec|bar|tilde)\s+([0-9a-zA-Z])", r"\\\1{\2}"),
        (rf"(?:\\operatorname\*?|\\(?:{FONTS}))\s*\{{\s*({FUNCTION})\s*\}}", r"\\\1 "),
        (rf"(\\[a-zA-Z]+)?\\(?:{BOLD})\s*({GROUP})", _unset),
        (rf"\\(?:{FONTS})\s*\{{", r"\\text{"),
        (rf"(?!\A\s*\\text\{{[^{{}}]*\}}\s*\Z)(\\[a-zA-Z]+)?\\text(\{{\s*{VARIABLE}\s*\}})(?!\s*\\Omega)", _unset),
        (r"\\text\{([^{}a-zA-Z\\]*)\}", r"\1"),
        (r"([_^])\s*\{([0-9a-zA-Z])\}(?![0-9])", r"\1\2"),
        (r"(?<=[0-9])\s*[xX]\s*(?=10\s*\^)", r"\\times "),
        (r"\\%", "%"),
        (r"\\bigcup(?![a-zA-Z])|(?<=[)\]])\s*U\s*(?=[(\[][^()\[\]]*,)", r"\\cup "),
        (r"\+/-", r"\\pm "),
        (r"(?<=[0-9])\s*\^\s*o(?![a-zA-Z])", r"^\\circ "),
    )
)


def signs(text: str) -> str:
    """Return a text with plain signs and LaTeX for those of Unicode."""
    text = RADICAL.sub(
        lambda root: rf"\sqrt{DEGREES.get(root[1] or '', '')}{{{root[2]}}}" if root[2] else r"\sqrt", text
    )
    for pattern, table, mark in SHIFTED:
        text = pattern.sub(lambda match: f"{mark}{{{match[0].translate(table)}}}", text)  # noqa: B023
    return text.translate(TABLE)


def simpler(text: str) -> str:
    """Return LaTeX with one command for those that mean the same, and without its fonts and spaces."""
    for pattern, plain in SIMPLER:
        text = pattern.sub(plain, text)
    return text
