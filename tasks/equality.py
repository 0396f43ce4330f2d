"""Whether two answers are one, and what decided it: exact numbers, words, or math-verify for all that is a formula."""

import functools
import re
from collections.abc import Iterable
from dataclasses import replace

from urlvr_bench.tasks import figures, statements
from urlvr_bench.tasks.answer import Answer, ordered
from urlvr_bench.tasks.answers import read
from urlvr_bench.tasks.renaming import FUNCTION, counted, renamed
from urlvr_bench.tasks.scorer import Verdict
from urlvr_bench.verifiers import grading

DECIDED = ("same text", "exact number", "choice", "words", "different kinds", "math-verify", "time limit")
"""What may decide, the cheapest first; where parts are compared, the dearest of theirs is named."""
NUMBERS = ("number", "based")
SEVERAL = ("list", "set", "tuple", "union")
LETTERS = re.compile(r"(?:\\text|[\w\s{}().,;:'\"!-])*")
"""What words may be compared with: letters, not the signs of a formula."""
MATRIX = re.compile(r"\\begin\{pmatrix\}((?:(?!\\end).)*)\\end\{pmatrix\}", re.DOTALL)
HYPHEN = re.compile(r"(?<=[a-zA-Z]{3})-(?=[a-zA-Z]{2})|(?<=[a-zA-Z]{2})-(?=[a-zA-Z]{3})")
"""A hyphen between words; one between letters is a minus."""
ORDINAL = re.compile(r"(?<=[0-9])(?:st|nd|rd|th)(?![a-z])")
SIGNIFICANT = re.compile(r"[^\W_]|[-+*/^=<>#]|(?<=[0-9])[.:,](?=[0-9])")


@functools.lru_cache(maxsize=1 << 16)
def compare(first: str, second: str) -> Verdict:
    """Return whether two texts give one answer; symmetric."""
    if first == second:
        return Verdict(True, _spelled(read(first)))
    one, other = sorted((first, second))
    if (one, other) != (first, second):
        return compare(one, other)
    left, right = read(first), read(second)
    return Verdict(False, "no answer") if left is None or right is None else _compared(left, right)


def exact(text: str) -> bool:
    """Return whether a canonical answer is a number written out or a choice, which equals no other of these."""
    found = read(text)
    return found is not None and (found.kind == "choice" or text == str(found.value))


def _compared(first: Answer, second: Answer) -> Verdict:
    kinds = {first.kind, second.kind}
    if "text" in kinds and (times := _times(first, second)) is not None:
        return Verdict(times, "same text")
    if first.value is not None and second.value is not None:
        return Verdict(first.value == second.value, "exact number")
    if first.text == second.text:
        return Verdict(True, _spelled(first))
    if kinds <= {"number", "based"}:
        return Verdict(_digits(first) == _digits(second) and len(kinds) > 1, "exact number")
    if kinds == {"formula", "based"}:
        return Verdict(_spells(*sorted((first, second), key=lambda one: one.kind)), "exact number")
    if kinds & {"words", "choice"} and kinds & set(SEVERAL):
        return Verdict(False, "different kinds")
    if kinds & {"words", "choice"}:
        spelled = kinds <= {"words", "choice"} or all(map(LETTERS.fullmatch, (first.text, second.text)))
        same = spelled and _letters(first) == _letters(second)
        return Verdict(same, "choice" if kinds == {"choice"} else "words")
    if "equation" in kinds:
        return _equations(first, second)
    if kinds <= set(SEVERAL):
        return _several(first, second)
    if "formula" in kinds and kinds & {"tuple", "list"} and (vectors := _vectors(first, second)):
        return _several(*vectors)
    for one, other in ((first, second), (second, first)):
        if one.kind == "set" and len(one.parts) == 1 and other.kind not in SEVERAL:
            holds_nothing = one.parts[0].text == r"\emptyset"  # but is not nothing
            return Verdict(False, "different kinds") if holds_nothing else _compared(one.parts[0], other)
    if kinds & set(SEVERAL) and kinds & set(NUMBERS):
        return Verdict(False, "different kinds")
    return _formulas(first, second)


def _vectors(first: Answer, second: Answer) -> tuple[Answer, Answer] | None:
    """Return a point and a column of as many coordinates, or rows and a matrix; None where they are no such things."""
    point, other = (first, second) if second.kind == "formula" else (second, first)
    if (matrix := MATRIX.fullmatch(other.text)) is None:
        return None
    rows = [[read(entry) for entry in row.split("&")] for row in matrix[1].split(r"\\")]
    known = [[entry for entry in row if entry is not None] for row in rows]
    if [*map(len, known)] != [*map(len, rows)] or len(rows) != len(point.parts):
        return None
    if point.name in ("()", "") and all(len(row) == 1 for row in known):
        return point, ordered([row[0] for row in known], "()")
    wide = point.name == "[]" and all(part.name == "[]" for part in point.parts)
    return (point, ordered([ordered(row, "[]") for row in known], "[]")) if wide else None


def _spelled(answer: Answer | None) -> str:
    """Return what it is to be spelled alike, for an answer of this kind."""
    named = {"number": "exact number", "based": "exact number", "choice": "choice", "words": "words"}
    return named.get(answer.kind, "same text") if answer else "same text"


def _digits(answer: Answer) -> str:
    return answer.text.partition("_")[0]


def _spells(based: Answer, formula: Answer) -> bool:
    """Return whether a formula is the digits of a number in another base, with or without the base."""
    return formula.text.upper() in (_digits(based), based.text)


def _letters(answer: Answer) -> str:
    """Return what words are compared by: letters, figures and the signs of a formula, but no hyphens and no stops."""
    text = ORDINAL.sub("", HYPHEN.sub("", answer.text.replace(r"\text", "")).lower())
    return "".join(SIGNIFICANT.findall(text))


def _times(first: Answer, second: Answer) -> bool | None:
    """Return whether two times of day may be one, None where they are no times or neither says its half."""
    one, other = (figures.seconds(answer.text) for answer in (first, second))
    return None if one is None or other is None or len(one) == len(other) == 2 else not one.isdisjoint(other)


def _formulas(first: Answer, second: Answer) -> Verdict:
    if "text" in (first.kind, second.kind):
        return Verdict(False, "same text")
    same = grading.verdict(first.text, counted(first.text, second.text))
    return Verdict(bool(same), "time limit" if same is None else "math-verify")


def _equations(first: Answer, second: Answer) -> Verdict:
    """Compare an equation with another, or what it says of its name, or all its sides, with what has no name."""
    if first.kind == second.kind:
        if first.name and (said := renamed(first, second)):
            return _compared(first.parts[-1], said)
        if FUNCTION.fullmatch(first.name) and FUNCTION.fullmatch(second.name):  # math-verify drops what they are of
            return Verdict(False, "different kinds")
        sides = [sorted(statements.split(one.text, "=")) for one in (first, second)]
        return Verdict(True, "same text") if sides[0] == sides[1] else _formulas(first, second)
    equation, other = (first, second) if first.kind == "equation" else (second, first)
    if equation.name and equation.parts[-1].value == 0 and not statements.is_name(equation.name):
        return Verdict(False, "different kinds")
    return _all(_compared(part, other) for part in equation.parts)


def _all(verdicts: Iterable[Verdict]) -> Verdict:
    """Return that all are the same, or the first that is not."""
    reasons = ["same text"]
    for verdict in verdicts:
        reasons.append(verdict.reason)
        if not verdict.same:
            return verdict
    return Verdict(True, max(reasons, key=DECIDED.index))


def _several(first: Answer, second: Answer) -> Verdict:
    """Compare part by part: tuples in order and by their brackets, lists and unions in any order."""
    first, second = _by_axis(first), _by_axis(second)
    kinds = {first.kind, second.kind}
    if kinds == {"set"}:  # what is named twice is in a set once
        first, second = (replace(one, parts=tuple(dict.fromkeys(one.parts))) for one in (first, second))
    if len(first.parts) != len(second.parts) or (first.name and second.name and first.name != second.name):
        return Verdict(False, "different kinds")
    if kinds == {"list", "tuple"} and len(first.parts) == 2 and "()" not in (first.name, second.name):
        return Verdict(False, "different kinds")
    if kinds in ({"list", "tuple"}, {"tuple"}):
        return _all(map(_compared, first.parts, second.parts))
    if kinds <= {"list", "set"} and _is_system(first) != _is_system(second):
        return (
            _all(map(_compared, first.parts, second.parts)) if kinds == {"list"} else Verdict(False, "different kinds")
        )
    if kinds <= {"list", "set"} or kinds == {"union"}:
        return _matched(first, second)
    return Verdict(False, "different kinds") if "set" in kinds else _formulas(first, second)


def _by_axis(answer: Answer) -> Answer:
    """Return what is said of x, y and z in the order in which a point has them."""
    names = [part.name for part in answer.parts]
    if len(names) > len({*names} & {*"xyz"}):
        return answer
    return replace(answer, parts=tuple(sorted(answer.parts, key=lambda part: part.name)))


def _is_system(answer: Answer) -> bool:
    """Return whether the parts of a list name different things, and so without their names stand in their order."""
    return len({statements.stem(part.name) for part in answer.parts if part.kind == "equation" and part.name}) > 1


def _matched(first: Answer, second: Answer) -> Verdict:
    """Return whether every part of one has a partner in the other."""
    rest, found = list(second.parts), []
    for part in first.parts:
        rest.sort(key=lambda other: other.text != part.text)
        for other in rest:
            verdict = _compared(part, other)
            if verdict.same:
                rest.remove(other)
                break
        else:
            return verdict
        found.append(verdict)
    return _all(found)
