r"""An answer as it is read: a number, words, a list, a tuple or an interval, an equation, a formula.

Read here is only what can be read exactly; a formula keeps its LaTeX, for math-verify to compare.
"""

import functools
import re
from collections.abc import Callable
from fractions import Fraction

from urlvr_bench.tasks import exact, figures, latex, number_sets, separators, spelled, statements, words
from urlvr_bench.tasks.answer import Answer, is_interval, listed, meet, named, number, ordered, tidy, union

MAX_READINGS = 4
"""Until the spelling of an answer is read as itself."""

PLAIN = re.compile(r"-?[0-9]{1,100}(?:/[1-9][0-9]{0,99})?")
UNREADABLE = re.compile(r"(?<!_)[0-9.][ ~]+[0-9.]|\\ldots|:|!!|\\(?:gcd|lcm)(?![a-zA-Z])")
"""What math-verify joins, drops or works out in silence: digits that stand apart, dots, times, double factorials."""
BUILDER = re.compile(
    r"\s*(?:[a-zA-Z](?:_[0-9a-zA-Z])?|\([^()]*\))\s*(?:\\in\s*(?:\\mathbb\s*\{?\s*)?R\}?\s*)?(?:\\mid|[|:])"
)
"""What stands before the condition in a set of real numbers."""
PLUS_MINUS, MINUS_PLUS = re.compile(r"\\pm(?![a-zA-Z])"), re.compile(r"\\mp(?![a-zA-Z])")
TRIGONOMETRY = re.compile(r"\\(?:sin|cos|tan|cot|sec|csc)(?![a-zA-Z])")
INFINITE = re.compile(r"(?:(negative |minus )|positive |plus )?infinity", re.IGNORECASE)
DOES_NOT_EXIST = "does not exist"
MEMBER = re.compile(r"\\in\s*[(\[]")
ARTICLE = re.compile(r"^(?:an?|the) (?=[a-z]{3})", re.IGNORECASE)


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
    text = number_sets.without_domain(words.without_condition(words.without_lead(_unwrapped(text))))
    if not text:
        raise _NoAnswerError
    if spelled_out := number_sets.spelled_out(text):
        return _read(spelled_out)
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


def _words(text: str) -> Answer | None:
    if letter := words.choice(text):
        return Answer(letter, "choice")
    said = words.words(text)
    if said is None:
        return None
    if infinite := INFINITE.fullmatch(said):
        return _read(r"-\infty" if infinite[1] else r"\infty")
    if (value := spelled.value(said)) is not None:
        return number(value, text)
    said = DOES_NOT_EXIST if said.lower() == "dne" else said
    parts = [part.strip(" ()") for part in re.split(r",|\band\b|\bor\b", said)]
    if len(parts) > 1:
        return listed([_read(rf"\text{{{part}}}") for part in parts if part])
    return Answer(rf"\text{{{ARTICLE.sub('', said).lower()}}}", "words")


def _list(text: str) -> Answer | None:
    """Read what commas, semicolons, "and" and "or" separate; `81, 256` is two numbers, `1,080` is one."""
    pieces = separators.pieces(text)
    if len(pieces) < 2:
        return None
    system, parts = _parts(pieces)
    either, intervals = separators.OR.search(text), [statements.interval(piece) for piece in pieces]
    member = all(map(MEMBER.search, pieces))
    if not system and either and (any(intervals) or member) and all(map(statements.is_range, pieces)):
        return union([_read(piece) for piece in pieces])
    if not system and not either and all(intervals) and (both := meet([_read(piece) for piece in pieces])):
        return both
    if not system and all(map(is_interval, parts)):
        return union(parts)
    return parts[0] if either and len(set(parts)) == 1 else listed(parts)


def _parts(pieces: list[str]) -> tuple[bool, list[Answer]]:
    """Return whether pieces name different things, and what each says, with its name if so."""
    sides = [statements.said(piece) for piece in pieces]
    system = len({statements.stem(name) for name, _ in sides if name}) > 1
    return system, [named(name, _read(rest)) if system and name else _read(rest) for name, rest in sides]


def _related(text: str) -> Answer | None:
    """Read an equation, a membership, an inequality or an approximation."""
    left, sign, right = text.partition(r"\equiv")
    if sign and statements.is_name(left):
        return _read(right)
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
        return _point(others, constants[-1]) or constants[-1]
    plain = statements.is_name(sides[0]) or not re.search(r"^-|[0-9]", statements.without_powers(sides[0]))
    name = sides[0] if plain else ""
    return Answer(tidy(text), "equation", parts=tuple(map(_read, sides[1:] if name else sides)), name=tidy(name))


def _point(names: list[str], value: Answer) -> Answer | None:
    """Return the coordinates that `(a, b) = (3, 4)` names, None where they are not told apart by letters."""
    each = [one.strip() for one in names[0].strip("() ").split(",")] if names else []
    apart = len(set(map(statements.stem, each))) == len(each) > 1
    if not apart or value.kind != "tuple" or value.name != "()" or len(value.parts) != len(each):
        return None
    return listed([named(statements.stem(name), part) for name, part in zip(each, value.parts, strict=True)])


def _plus_minus(text: str) -> Answer | None:
    """Read what has one sign of plus or minus, with its opposite, or two of which each may be either."""
    signs = len(PLUS_MINUS.findall(text))
    if signs == 0:
        text, signs = MINUS_PLUS.subn(r"\\pm", text)
    if signs == 2 and MINUS_PLUS.search(text) is None:
        return listed([_read(PLUS_MINUS.sub(sign, text, count=1)) for sign in "+-"])
    if signs != 1:
        return None
    both = (MINUS_PLUS.sub(other, PLUS_MINUS.sub(one, text)) for one, other in ("+-", "-+"))
    return listed([_read(part) for part in both])


def _bracketed(text: str) -> Answer | None:
    """Read a set, a tuple or an interval that is all of a text."""
    opening = re.match(r"\\\{|\\langle|[(\[]", text)
    if opening is None or statements.closes(text) != len(text):
        return None
    closing = re.search(r"\\\}$|\\rangle$|[)\]]$", text)
    if closing is None:
        return None
    content = text[opening.end() : closing.start()]
    pieces = separators.pieces(content, inside=True)
    if opening[0] == r"\{":
        if r"\mid" in content or ":" in content or BUILDER.match(content):
            such = BUILDER.match(content)
            return _read(content[such.end() :]) if such else None
        return listed(_parts(pieces)[1], "set") if pieces else None
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
    figures.moment, figures.figure, _words, figures.based, _list, _related, _bracketed, _union, _plus_minus,
)  # fmt: skip
