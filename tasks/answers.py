r"""An answer as it is read: a number, words, a list, a tuple or an interval, an equation, a formula.

Read here is only what can be read exactly; a formula keeps its LaTeX, for math-verify to compare.
"""

import functools
import re
from collections.abc import Callable
from fractions import Fraction

from urlvr_bench.tasks import exact, latex, notations, statements, words
from urlvr_bench.tasks.answer import Answer, listed, meet, named, number, ordered, tidy, union

MAX_READINGS = 4
"""Until the spelling of an answer is read as itself."""

PLAIN = re.compile(r"-?[0-9]{1,100}(?:/[1-9][0-9]{0,99})?")
UNREADABLE = re.compile(r"(?<!_)[0-9.][ ~]+[0-9.]|\\ldots|:|\\(?:gcd|lcm)(?![a-zA-Z])")
"""What math-verify joins, drops or works out in silence: digits that stand apart, dots, times, divisors."""
PLUS_MINUS, MINUS_PLUS = re.compile(r"\\pm(?![a-zA-Z])"), re.compile(r"\\mp(?![a-zA-Z])")
MODULO = re.compile(r"(?:^[a-zA-Z]\s*\\equiv\s*(?=[^\\]*\\pmod))|\s*\\pmod\s*(?:\{\s*[0-9a-z]+\s*\}|[0-9])$")
"""What an answer is counted up to, at its end, and the name of what is so counted; it is no part of a number."""
CONDITION = re.compile(r"[a-zA-Z]\s*(?:\\in\s*\\[a-z]+\s*\{?[A-Z]\}?\s*)?(?:\\mid(?![a-zA-Z])|[:|])\s*(.+)")
"""What stands in a set that is given by what its members satisfy."""
HALF_OPEN = re.compile(r"([\[\]])([^\[\]]*,[^\[\]]*)([\[\]])")
"""An interval whose open ends are turned brackets."""
TRIGONOMETRY = re.compile(r"\\(?:sin|cos|tan|cot|sec|csc)(?![a-zA-Z])")


class _NoAnswerError(ValueError):
    """The text contradicts itself, or there is nothing in it."""


@functools.lru_cache(maxsize=1 << 16)
def read(text: str) -> Answer | None:
    """Return the answer that a text gives, the one that its spelling gives too.

    None where there is none: the text is empty, over-long, torn out of its braces, or it contradicts itself.
    """
    found = _once(text)
    for _ in range(MAX_READINGS):
        if found is None or found.text == text:
            return found
        text, found = found.text, _once(found.text)
    return None


@functools.lru_cache(maxsize=1 << 16)
def _once(text: str) -> Answer | None:
    if PLAIN.fullmatch(text):
        return number(Fraction(text), text)
    if len(text) > latex.MAX_LENGTH or not latex.balanced(text):
        return None
    try:
        return _read(latex.plain(text))
    except _NoAnswerError:
        return None


def _read(text: str) -> Answer:
    text = words.without_scope(MODULO.sub("", words.without_lead(_unwrapped(text))))
    if not text:
        raise _NoAnswerError
    if TRIGONOMETRY.search(text) is None:
        text = re.sub(
            r"\^\\circ(?!\s*(?:\\text\{\s*)?[CFK])(?:\s*(,)\s*|\s*)", lambda sign: ", " if sign[1] else "", text
        )
    for reader in READERS:
        if found := reader(text):
            return found
    return _formula(text)


def _unwrapped(text: str) -> str:
    """Drop blanks, the full stop and braces around all of a text."""
    while True:
        before = text
        text = text.strip(" ~`").rstrip(".,;:? ") if not text.endswith("..") else text.strip()
        text = text[2:-2] if text[:2] == text[-2:] == "**" else text.lstrip("=: ")
        if text[:1] == "{" and statements.closes(text) == len(text):
            text = text[1:-1]
        if whole := re.fullmatch(r"\\text\{\s*([-+.0-9][^{}]*|[a-zA-Z]\s*=[^{}]*)\}", text):
            text = whole[1]
        if text == before:
            return text


def _number(text: str) -> Answer | None:
    bare = words.without_unit(text)
    value = exact.value(bare)
    if value is None:
        part, times = words.scale(text)
        value = exact.value(part) if times > 1 else None
        value = None if value is None else value * times
    if value is None and bare.count(":") == 1:
        above, below = (exact.value(part) for part in bare.split(":"))
        value = above / below if above is not None and below else None
    return None if value is None else number(value, text)


def _words(text: str) -> Answer | None:
    if letter := words.choice(text):
        return Answer(letter, "choice")
    said = words.words(text)
    if said is None:
        return None
    if (count := words.counted(said)) is not None:
        return number(Fraction(count), text)
    parts = [part.strip(" ()") for part in re.split(r",|\band\b|\bor\b", said)]
    if len(parts) > 1:
        return listed([_read(rf"\text{{{part}}}") for part in parts if part])
    return Answer(rf"\text{{{said.lower()}}}", "words")


def _list(text: str) -> Answer | None:
    """Read what commas, semicolons, "and" and "or" separate; `81, 256` is two numbers, `1,080` is one."""
    pieces = statements.pieces_of(text)
    if len(pieces) < 2:
        return None
    sides = [statements.subject(piece) for piece in pieces]
    if len({name for name, _ in sides if name}) > 1 and any(map(statements.interval, pieces)):
        return listed([named(name, _read(rest)) if name else _read(rest) for name, rest in sides])
    either, intervals = statements.OR.search(text), [statements.interval(piece) for piece in pieces]
    if either and any(intervals) and all(map(statements.is_range, pieces)):
        return union([_read(piece) for piece in pieces])
    if not either and all(intervals) and (both := meet([_read(piece) for piece in pieces])):
        return both
    sides = [statements.named(piece) for piece in pieces]
    system = len({statements.stem(name) for name, _ in sides if name}) > 1
    parts = [named(name, _read(rest)) if system and name else _read(rest) for name, rest in sides]
    return parts[0] if either and len(set(parts)) == 1 else listed(parts)


def _related(text: str) -> Answer | None:
    """Read an equation, a membership, an inequality or an approximation."""
    left, sign, right = text.partition(r"\approx")
    if sign:
        return _read(right if not left.strip() or statements.is_name(left) else left)
    name, rest = statements.named(text)
    if name and r"\in" in text[: -len(rest)]:
        return _read(rest)
    if interval := statements.interval(text):
        return _read(interval)
    sides = [_measured(side.strip()) for side in statements.split(text, "=") if side.strip()]
    return _equation(text, sides) if len(sides) > 1 else None


def _measured(side: str) -> str:
    """Return a side of an equation without its unit, if that leaves a number."""
    bare = words.without_unit(side)
    return bare if exact.value(bare) is not None else side


def _point(name: str, value: Answer) -> Answer:
    """Return what an equation says of its name: its value, with the names of its parts where it is a point of them."""
    names = name.strip("() ").split(",") if name.startswith("(") else []
    return named(name, value) if len(names) == len(value.parts) > 1 else value


def _equation(text: str, sides: list[str]) -> Answer:
    """Read an equation: what its names stand for, where that is constant; two different numbers contradict."""
    others = [side for side in sides if statements.is_name(side) or statements.has_variables(side)]
    constants = [_read(side) for side in sides if side not in others]
    if constants and all(map(statements.is_name, others)):
        values = [part.value for part in constants if part.value is not None]
        if len(values) < len(constants) > 1:
            return Answer(" = ".join(part.text for part in constants), "equation", parts=tuple(constants))
        if len(set(values)) > 1 and not ("%" in text and max(values) == 100 * min(values)):
            raise _NoAnswerError
        return _point(others[0].strip(), constants[-1]) if len(others) == 1 else constants[-1]
    plain = statements.is_name(sides[0]) or not re.search("[0-9]", statements.without_powers(sides[0]))
    name = sides[0] if plain else ""
    return Answer(tidy(text), "equation", parts=tuple(map(_read, sides[1:] if name else sides)), name=tidy(name))


def _plus_minus(text: str) -> Answer | None:
    signs = len(PLUS_MINUS.findall(text))
    if signs == 1:
        both = (MINUS_PLUS.sub(other, PLUS_MINUS.sub(one, text)) for one, other in ("+-", "-+"))
        return listed([_read(part) for part in both])
    if signs != 2 or MINUS_PLUS.search(text):
        return None
    every = (PLUS_MINUS.sub(second, PLUS_MINUS.sub(first, text, count=1)) for first in "+-" for second in "+-")
    return listed([_read(part) for part in every])


def _bracketed(text: str) -> Answer | None:
    """Read a set, a tuple or an interval that is all of a text."""
    if (turned := HALF_OPEN.fullmatch(text)) and turned[1] + turned[3] != "[]":
        text = f"{'[' if turned[1] == '[' else '('}{turned[2]}{']' if turned[3] == ']' else ')'}"
    opening = re.match(r"\\\{|\\langle|[(\[]", text)
    if opening is None or statements.closes(text) != len(text):
        return None
    closing = re.search(r"\\\}$|\\rangle$|[)\]]$", text)
    if closing is None:
        return None
    content = text[opening.end() : closing.start()]
    pieces = statements.pieces_of(content, inside=True)
    if opening[0] == r"\{":
        if condition := CONDITION.fullmatch(content):
            return _read(condition[1])
        return listed([_read(piece) for piece in pieces], "set") if pieces else None
    if len(pieces) == 1:
        return _read(pieces[0]) if opening[0] == "(" else None
    parts = [_read(piece) for piece in pieces]
    if any(part.kind == "list" for part in parts):
        return None
    return ordered(parts, f"{opening[0]}{closing[0]}".replace(r"\langle", "(").replace(r"\rangle", ")"))


def _union(text: str) -> Answer | None:
    pieces = statements.split(text, r"\\cup(?![a-zA-Z])")
    return union([_read(piece) for piece in pieces]) if len(pieces) > 1 else None


def _formula(text: str) -> Answer:
    bare = words.without_measure(text) if TRIGONOMETRY.search(text) else words.without_unit(text)
    if bare and not (statements.has_variables(bare) and words.CONDITION.search(text)):
        text = bare
    if UNREADABLE.search(text):
        return Answer(re.sub(r"\b0(?=[0-9]:)|(?<=:) | (?=:)", "", tidy(text)), "text")
    return Answer(tidy(text.lstrip("+ ")), "formula")


READERS: tuple[Callable[[str], Answer | None], ...] = (
    notations.moment, _number, _words, notations.based, notations.ratio,
    _list, _related, _bracketed, _union, _plus_minus,
)  # fmt: skip
