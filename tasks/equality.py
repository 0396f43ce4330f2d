"""Whether two answers are one, and what decided it: exact numbers, words, or math-verify for all that is a formula."""

import functools
import re
from collections.abc import Iterable

from urlvr_bench.tasks import notations, statements
from urlvr_bench.tasks.answer import Answer
from urlvr_bench.tasks.answers import read
from urlvr_bench.tasks.scorer import Verdict
from urlvr_bench.verifiers import grading

DECIDED = ("same text", "exact number", "choice", "words", "different kinds", "math-verify", "time limit")
"""What may decide, the cheapest first; where parts are compared, the dearest of theirs is named."""
NUMBERS = ("number", "based")
SEVERAL = ("list", "set", "tuple", "union")
LETTERS = re.compile(r"(?:\\text|[\w\s{}().,;:'\"!-])*")
"""What words may be compared with: letters, not the signs of a formula."""
VARIABLE = re.compile(r"\(([a-zA-Z])\)$")


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
    if first.value is not None and second.value is not None:
        return Verdict(first.value == second.value, "exact number")
    if first.text == second.text:
        return Verdict(True, _spelled(first))
    if kinds <= {"number", "based"} or (kinds == {"formula", "based"} and _digits(first) == _digits(second)):
        return Verdict(_digits(first) == _digits(second) and len(kinds) > 1, "exact number")
    if kinds & {"words", "choice"} and kinds & set(SEVERAL):
        return Verdict(False, "different kinds")
    if kinds & {"words", "choice"}:
        spelled = kinds <= {"words", "choice"} or all(map(LETTERS.fullmatch, (first.text, second.text)))
        same = spelled and _letters(first) == _letters(second)
        return Verdict(same, "choice" if kinds == {"choice"} else "words")
    said, other = _by_name(first), _by_name(second)
    if said and other and said.keys() == other.keys():
        return _all(_compared(said[name], other[name]) for name in said)
    if "equation" in kinds:
        return _equations(first, second)
    if kinds == {"list"} and (said is None) != (other is None) and len(first.parts) == len(second.parts):
        return _all(map(_compared, first.parts, second.parts))  # values without names are in the order of the names
    if kinds <= set(SEVERAL):
        return _several(first, second)
    for one, other in ((first, second), (second, first)):
        if one.kind == "set" and len(one.parts) == 1 and other.kind not in SEVERAL:
            return _compared(one.parts[0], other)
    if kinds & set(SEVERAL) and kinds & set(NUMBERS):
        return Verdict(False, "different kinds")
    return _formulas(first, second)


def _spelled(answer: Answer | None) -> str:
    """Return what it is to be spelled alike, for an answer of this kind."""
    named = {"number": "exact number", "based": "exact number", "choice": "choice", "words": "words"}
    return named.get(answer.kind, "same text") if answer else "same text"


def _digits(answer: Answer) -> str:
    return answer.text.partition("_")[0]


def _letters(answer: Answer) -> str:
    """Return what words say: letters, digits and signs such as the plus of a mark, without hyphens."""
    text = re.sub(r"(?<=\w)-(?=\w)", "", answer.text.replace(r"\text", "").lower())
    return "".join(sign for sign in text if sign.isalnum() or sign in "+-*/=#^")


def _formulas(first: Answer, second: Answer) -> Verdict:
    if "text" in (first.kind, second.kind):
        clock, other = (first, second) if first.kind == "text" else (second, first)
        bare = [read(text) for text in notations.hours(clock.text)]
        return Verdict(any(one is not None and one.text == other.text for one in bare), "same text")
    same = grading.verdict(first.text, second.text)
    return Verdict(bool(same), "time limit" if same is None else "math-verify")


def _equations(first: Answer, second: Answer) -> Verdict:
    """Compare an equation with another, or what it says of its name, or all its sides, with what has no name."""
    if first.kind == second.kind:
        if first.name and _named(first) == _named(second):
            return _compared(first.parts[-1], _in_terms_of(first, second))
        sides = [sorted(statements.split(one.text, "=")) for one in (first, second)]
        return Verdict(True, "same text") if sides[0] == sides[1] else _formulas(first, second)
    equation, other = (first, second) if first.kind == "equation" else (second, first)
    if equation.name and equation.parts[-1].value == 0 and not statements.is_name(equation.name):
        return Verdict(False, "different kinds")
    return _all(_compared(part, other) for part in equation.parts)


def _named(equation: Answer) -> str:
    """Return the name in an equation without its variable: f(x) and f are one function."""
    return VARIABLE.sub("", equation.name)


def _in_terms_of(first: Answer, second: Answer) -> Answer:
    """Return what the second equation says of its function, with its variable and the first one's changed about."""
    (here, there), said = (VARIABLE.search(one.name) for one in (first, second)), second.parts[-1]
    if here is None or there is None or here[1] == there[1]:
        return said
    turned = {here[1]: there[1], there[1]: here[1]}
    text = re.sub(r"(?<![a-zA-Z\\])[a-zA-Z](?![a-zA-Z])", lambda letter: turned.get(letter[0], letter[0]), said.text)
    return read(text) or said


def _by_name(answer: Answer) -> dict[str, Answer] | None:
    """Return what each name of a system stands for: of `a=3, b=4` or `(a, b)=(3, 4)`; None of all else."""
    if answer.kind == "equation" and answer.name.startswith("("):
        names = answer.name.strip("()").split(",")
        return dict(zip(names, answer.parts[-1].parts, strict=True)) if len(answer.parts) == 1 else None
    if answer.kind != "list" or not all(part.kind == "equation" and part.name for part in answer.parts):
        return None
    found = {part.name: part.parts[-1] for part in answer.parts}
    return found if len(found) == len(answer.parts) else None


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
    kinds = {first.kind, second.kind}
    if len(first.parts) != len(second.parts) or (first.name and second.name and first.name != second.name):
        return Verdict(False, "different kinds")
    if kinds == {"list", "tuple"} and len(first.parts) == 2 and "()" not in (first.name, second.name):
        return Verdict(False, "different kinds")
    if kinds in ({"list", "tuple"}, {"tuple"}):
        return _all(map(_compared, first.parts, second.parts))
    if kinds <= {"list", "set"} or kinds == {"union"}:
        return _matched(first, second)
    return Verdict(False, "different kinds") if "set" in kinds else _formulas(first, second)


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
