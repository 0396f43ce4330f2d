r"""Sets of real numbers that have a name, spelled as intervals: `\mathbb{R}`, "no solution", `x \ne 2`."""

import re

from urlvr_bench.tasks import separators, statements, words

EMPTY = re.compile(r"no (?:such )?solutions?(?: exists?)?|(?:the )?(?:empty|null) set", re.IGNORECASE)
REALS = re.compile(
    r"(?:(?:the )?set of )?(?:all|any|every)(?: of)?(?: the)? real(?: number| value)?s?(?: of [a-z])?"
    r"|(?:the )?(?:real numbers|reals)",
    re.IGNORECASE,
)
HALF = re.compile(
    r"(?:(?:the )?set of )?(?:all |any |every )?(?:the )?(non-?)?(positive|negative) real(?: number| value)?s?",
    re.IGNORECASE,
)
REAL = r"\\mathbb\{R\}"
DOMAIN = re.compile(rf"[a-z]\s*\\in\s*{REAL}\s*(?:,|\\text\{{\s*,?\s*(?:and|with|where)?\s*\}})\s*(?=[a-z])")
"""That a variable is real, before what else is said of it."""
SIGNED = re.compile(rf"{REAL}\s*[_^]\s*\{{?\s*(\+|-|>\s*0|<\s*0|\\ge\s*0|\\le\s*0)\s*\}}?(?:\s*_\s*\{{?(0)\}}?)?")
WITHOUT = re.compile(rf"{REAL}\s*(?:\\setminus|\\backslash|\\smallsetminus|-|/)\s*(\\\{{.*\\\}})")
PLUS_MINUS = re.compile(r"\\pm(?![a-zA-Z])\s*")
EXCEPT = re.compile(
    r"\\text\{\s*(?:all |the )?(?:real numbers|reals),? (?:except|excluding|other than|but not)(?: for)?\s*\}\s*(.+)"
)


def without_domain(text: str) -> str:
    """Drop that a variable is real from before a condition on it."""
    return DOMAIN.sub("", text, count=1) if DOMAIN.match(text) else text


def spelled_out(text: str) -> str | None:
    r"""Return a named set as intervals, `\emptyset` or what `\mathbb{R}` lacks; None where a text names none."""
    said = words.words(text) or text
    if EMPTY.fullmatch(said) or re.fullmatch(r"\\\{\s*\\\}", text):
        return r"\emptyset"
    if REALS.fullmatch(said) or re.fullmatch(REAL, text):
        return r"(-\infty, \infty)"
    if found := HALF.fullmatch(said):
        return _side("+" if (found[2].lower() == "positive") is (found[1] is None) else "-", found[1] is not None)
    if found := SIGNED.fullmatch(text):
        return _side(found[1].replace(" ", ""), bool(found[2]))
    if found := WITHOUT.fullmatch(text):
        plain = rf"\mathbb{{R}}\setminus{found[1]}"
        return None if text == plain else plain
    if found := EXCEPT.fullmatch(text):
        return rf"\mathbb{{R}}\setminus\{{{found[1].strip()}\}}"
    if r"\ne" not in text or separators.OR.search(text):
        return None
    missing = _missing(separators.pieces(text))
    return rf"\mathbb{{R}}\setminus\{{{', '.join(missing)}\}}" if missing else None


def _side(sign: str, zero: bool) -> str:
    """Return the numbers on one side of zero."""
    ends = r"\ge" in sign or r"\le" in sign or zero
    if sign[0] in "+>" or r"\ge" in sign:
        return rf"{'[' if ends else '('}0, \infty)"
    return rf"(-\infty, 0{']' if ends else ')'}"


def _missing(pieces: list[str]) -> list[str]:
    r"""Return what a variable is said not to be, as in `x \ne 1, x \ne 2` or `x \ne 1, 2`."""
    names: set[str] = set()
    missing: list[str] = []
    for piece in pieces:
        sides = re.split(statements.UNEQUAL, piece)
        if len(sides) > 2 or (len(sides) == 1 and not missing) or statements.has_variables(sides[-1]):
            return []
        names |= {sides[0].strip()} if len(sides) == 2 else set()
        both = PLUS_MINUS.match(value := sides[-1].strip())
        missing += [value[both.end() :], f"-{value[both.end() :]}"] if both else [value]
    return missing if len(names) == 1 and all(re.fullmatch("[a-zA-Z]", name) for name in names) else []
