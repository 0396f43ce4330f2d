r"""The parts of a statement in LaTeX: its pieces outside of brackets, what only names a value, what is constant."""

import re

BRACKET = re.compile(
    r"(?P<open>\\\{|\\begin(?![a-zA-Z])|\\l(?:angle|floor|ceil)(?![a-zA-Z])|[({\[])"
    r"|(?P<close>\\\}|\\end(?![a-zA-Z])|\\r(?:angle|floor|ceil)(?![a-zA-Z])|[)}\]])"
)
CONSTANT = re.compile(
    r"\\(?:frac|sqrt|pi|cdot|times|div|binom|infty|log|ln|lg|sin|cos|tan|cot|sec|csc|arcsin|arccos|arctan|exp|pm|mp"
    r"|circ|overline|bar|dot|ldots|cup|cap|lfloor|rfloor|lceil|rceil|emptyset|langle|rangle)(?![a-zA-Z])"
    r"|\\text\{(?:[^{}]|\{[^{}]*\})*\}|\\(?:begin|end)\{[a-z*]*\}|(?<![a-zA-Z])[ei](?![a-zA-Z])"
)
INDEX = r"(?:_\s*(?:[0-9a-zA-Z]|\{(?:[^{}]|\{[^{}]*\})*\}))?'*"
SYMBOL = rf"(?:\\text\{{[^{{}}]*\}}|\\(?!frac|sqrt|pi|infty)[a-zA-Z]+(?:\{{[^{{}}]*\}})?|[a-zA-Z]){INDEX}"
NAME = re.compile(
    rf"(?:m?\s*\\(?:angle|triangle|measuredangle)\s*)?"
    rf"(?:{SYMBOL}(?:(?:\^\{{-1\}})?\s*\([^()=]*\))?|[A-Z]{INDEX}(?:\s*[A-Z]{INDEX})+|[a-zA-Z]{{2,}}(?:\s[a-zA-Z]+)+)"
    rf"|\|[^|=]*\||\[[A-Z]+\]|\(\s*[a-zA-Z]{INDEX}(?:\s*,\s*[a-zA-Z]{INDEX})+\s*\)"
)
"""A symbol with its index, a function of something, a side or an angle of a figure, a size, some words, a point."""
UNEQUAL = r"\\ne(?![a-zA-Z])"
RELATION = r"\\[lg]e(?![a-zA-Z])|[<>]"


def split(text: str, separator: str) -> list[str]:
    """Return the pieces of a text between the separators that stand outside of brackets."""
    pieces, depth, start = [], 0, 0
    for match in re.finditer(rf"{BRACKET.pattern}|(?P<separator>{separator})", text):
        depth += 1 if match["open"] else -1 if match["close"] else 0
        if match["separator"] and depth == 0:
            pieces.append(text[start : match.start()])
            start = match.end()
    return [*pieces, text[start:]]


def closes(text: str) -> int:
    """Return where the bracket that a text begins with is closed: the index after it, -1 if it never is."""
    depth = 0
    for match in BRACKET.finditer(text):
        depth += 1 if match["open"] else -1
        if depth == 0:
            return match.end()
    return -1


def has_variables(text: str) -> bool:
    """Return whether there are letters in a formula other than those of functions, constants and words."""
    return re.search("[a-zA-Z]", CONSTANT.sub(" ", text)) is not None


def is_name(text: str) -> bool:
    """Return whether a side of an equation only names what is on the other."""
    return NAME.fullmatch(text.strip()) is not None


def named(text: str) -> tuple[str, str]:
    r"""Return the name and the rest of `x = 5` or `x \in [1,2]`, no name where there is none."""
    sides = split(text, r"=|\\in(?![a-zA-Z])")
    name, rest = (sides[0].strip(), sides[1].strip()) if len(sides) == 2 else ("", text)
    return (name, rest) if is_name(name) and rest else ("", text)


def stem(name: str) -> str:
    """Return a name without its index, so that the roots x_1 and x_2 have one."""
    return re.sub(r"_\s*(?:[0-9a-zA-Z]|\{[^{}]*\})|\s", "", name)


def without_powers(text: str) -> str:
    """Return a formula without indices and exponents."""
    return re.sub(r"[_^]\s*(?:\{[^{}]*\}|[0-9a-zA-Z])", "", text)


def _of_size(end: str, below: bool, relation: str) -> str:
    """Return the numbers of a size that is below an end, or the two intervals of a size above it."""
    opening, closing = "()" if relation == "<" else "[]"
    if below:
        return f"{opening}-({end}), {end}{closing}"
    return rf"(-\infty, -({end}){closing}\cup{opening}{end}, \infty)"


def interval(text: str) -> str | None:
    r"""Return the interval of an inequality between a name and constants: `x < 3` is `(-\infty, 3)`."""
    found = _inequality(text)
    return found and found[1]


def said(text: str) -> tuple[str, str]:
    """Return of what an equation, a membership or an inequality says something, and what; no name where of none."""
    sides = split(text, UNEQUAL)
    if len(sides) == 2 and is_name(sides[0]):
        return sides[0].strip(), text  # which is read as a set
    return _inequality(text) or named(text)


def _inequality(text: str) -> tuple[str, str] | None:
    """Return the name in an inequality and the interval of its values."""
    sides, relations = [side.strip() for side in split(text, RELATION)], re.findall(RELATION, text)
    if not 1 <= len(relations) == len(sides) - 1 <= 2:
        return None
    if relations[0] in (">", r"\ge"):
        sides, relations = sides[::-1], [{">": "<", r"\ge": r"\le"}.get(one, ">") for one in relations[::-1]]
    place = next((i for i, side in enumerate(sides) if is_name(side)), None)
    ends = [side for i, side in enumerate(sides) if i != place]
    if ">" in relations or r"\ge" in relations or place is None or (len(ends) == 2 and place != 1):
        return None
    if any(not end or has_variables(end) for end in ends):
        return None
    if "|" in sides[place]:
        if not is_name(sides[place].strip("| ")):
            return None
        return (sides[place].strip("| "), _of_size(ends[0], place == 0, relations[0])) if len(ends) == 1 else None
    low, opening = (sides[place - 1], relations[place - 1]) if place else (r"-\infty", "<")
    high, closing = (sides[place + 1], relations[place]) if place + 1 < len(sides) else (r"\infty", "<")
    return sides[place], f"{'(' if opening == '<' else '['}{low}, {high}{')' if closing == '<' else ']'}"


def is_range(text: str) -> bool:
    """Return whether a text says between which values something lies, or which one it has."""
    return bool(interval(text) or named(text)[0])
