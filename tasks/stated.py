r"""Mathematics where no format was asked for: the last box, else the last stated answer, else the last value."""

import re

from urlvr_bench.tasks import answers, latex, statements, words
from urlvr_bench.tasks.boxed import PlainBoxed, Span

CONTINUES = re.compile(r"\n[^\S\n]*(?:Question|Q):")
"""Where a base model goes on with a question of its own; what follows is no part of the answer."""
SAYS = re.compile(
    r"\banswers?\b(?:[ \t]+(?:to|for|of|in)\b[^.\n:=?]{0,80}?)?[*_]*"
    r"(?:\s+(?:(?:is|are|was|should be|must be|would be|will be|equals)\b|is(?=n['\u2019]t)|(?=can(?:not|['\u2019]t)))"
    r"[*_]*[ \t]*:?|[ \t]*[:=])|####|<answer>",
    re.IGNORECASE,
)
"""What introduces an answer."""
FILLER = re.compile(
    r"(?:[\s*_:`\"']|<[a-z]+>|<<[^<>\n]{0,200}>>|(?<=\n)-[ \t]|(?:therefore|thus|simply|just|equal to|given by)\b)*",
    re.IGNORECASE,
)
SENTENCE = re.compile(r"(?<!\.\.)[.!?](?=[*_\"')\]]*(?:\s+[A-Z<(\\$*]|\s*$|\s*\n))|\n|</|<\|")
"""Where a statement ends: at a full stop before a new sentence, a line's end, a tag."""
MANY = 5
"""Words that are prose, not an answer."""
REMARK = re.compile(
    r",?\s+\(?(?:i\.?\s?e\.|where\b|which\b|or (?:about|approximately)\b)|\s+\((?:or|about|approximately|i\.e)\b"
)
"""Where a statement goes on about the answer that it has given."""
UNSURE = re.compile(
    r"(?:not|no|never|cannot|at least|at most|up to|(?:more|less|fewer|greater|other) than|between|either)\b"
    r"|[^\n]{0,80}?[0-9](?:\s+(?:or|and)\s+(?:more|less|fewer|greater|above|below|higher|lower|over|under)\b|\s+to\s+[0-9])"
    r"|(?:n|can)['\u2019]t\b|[^\n]*\bor (?:maybe|perhaps|possibly)\b",
    re.IGNORECASE,
)
"""What denies, bounds or doubts the answer that follows: all of the statement is the answer then."""
EQUATES = re.compile(r"(?<![<>=!])=\s*([^=\n$`*<>]*[^=\n$`*<>.\s])\.?\s*\Z")
"""The right side of an equation that ends a text."""
VERB = re.compile(r"(?:\b(?:is|are|was|were|equals|be)\b|=)\s*(?:about |approximately )?")

MONEY = r"[0-9][0-9.,]*(?:\s+[a-zA-Z(]|[;:!?]?\s*(?:$|\n)|\s+[A-Z])"
FORMULA = re.compile(rf"\$\$[^$]+\$\$|\\\[.+?\\\]|\\\(.+?\\\)|(?<!\\)\$(?!{MONEY})[^$\n]+?(?<!\\)\$", re.DOTALL)
"""Mathematics between dollars, which alone before a number are a currency, or `\(` and `\[`."""
JOINT = re.compile(r"\s*(?:,?\s*(?:and|or)|,|=)\s*(?=\$|\\\(|\\\[)")
DIGITS = r"(?:(?:[0-9]{1,3}(?:,[0-9]{3})+(?![0-9])|[0-9]+)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+(?![0-9a-zA-Z]))?|\.[0-9]+)"
COMMAND = rf"\\(?:[dtc]?frac|sqrt|pi|infty|binom|log|ln|sin|cos|tan)(?![a-zA-Z])(?:\[[^\[\]]*\])?(?:\s*{latex.GROUP})*"
FACTOR = rf"(?:{DIGITS}|{COMMAND}|\u221a[0-9]+|\u03c0)(?:\^(?:{latex.GROUP}|-?[0-9]+))?!?"
TUPLE = rf"[(\[]\s*[-\u2212]?{DIGITS}(?:\s*,\s*[-\u2212]?{DIGITS})+\s*[)\]]"
BOUND = r"(?:(?<![a-zA-Z\\])[a-zA-Z]\s*(?:[<>]=?|[\u2264\u2265]|\\[lg]eq?(?![a-zA-Z]))\s*)?"
OPERATED = r"(?<!\b[a-zA-Z][-+*/])(?<!\b[a-zA-Z] [-+*/] )"
VALUE = re.compile(
    rf"{TUPLE}|{BOUND}"
    rf"(?:(?<![0-9a-zA-Z)\\.])[-+\u2212]\s?)?(?:\\?\$)?(?<![0-9a-zA-Z\\.^])(?<!\^\{{){OPERATED}(?:{FACTOR})"
    rf"(?:\s*(?:{COMMAND}|\u221a[0-9]+|\u03c0)(?:\^(?:{latex.GROUP}|-?[0-9]+))?|\s*/\s*(?:{DIGITS})|\s+[0-9]+/[0-9]+"
    rf"|(?::| : )[0-9]+|\s*(?:\\times|\\cdot|\u00d7|\*|[xX])\s*10\^(?:{latex.GROUP}|-?[0-9]+)"
    rf"|\s+(?:million|billion|trillion)\b|\s*[-+]\s*(?:{DIGITS})?i(?![a-zA-Z])"
    r"|\s?\*?\s?(?:pi\b|sqrt\s?\(?[0-9]+\)?)|[iknxyz](?:\^[0-9])?(?![a-zA-Z0-9])|_\{?[0-9]+\}?)*"
)
"""A number, a product of numbers and LaTeX, a tuple or a bound of a name, in the middle of prose.

What a letter is added to or multiplied by is only a part of an answer.
"""


class Stated(PlainBoxed):
    r"""Where no format was asked for: the last box, else the last statement of an answer, else the last value."""

    TAIL = 2_000
    """Characters at the end that are searched."""

    def _span(self, completion: str) -> Span | None:
        text = CONTINUES.split(completion, maxsplit=1)[0]
        return super()._span(text) or self._stated(text, max(0, len(text) - self.TAIL))

    def _stated(self, text: str, first: int) -> Span | None:
        """Return the range of what is stated as the answer in `text[first:]`."""
        said = statement(text, first)
        if said is not None and (found := self._within(text, *said)):
            return found
        equation = EQUATES.search(text, first)
        if equation and _is_answer(equation[1]):
            return equation.span(1)
        values = _values(text, first, len(text))
        return values[-1] if values else None

    def _within(self, text: str, start: int, end: int) -> Span | None:
        """Return the range in a statement that is an answer: its first formula, all of it, or its value."""
        if formula := _formula_at(text, start):
            return formula
        if UNSURE.match(text, start, end):
            return start, end
        if remark := REMARK.search(text, start, end):
            end = remark.start()
        if _is_answer(text[start:end]):
            return start, end
        if first := VALUE.match(text, start, end):
            return first.span()
        verbs = list(VERB.finditer(text, start, end))
        values = _values(text, verbs[-1].end() if verbs else start, end) or _values(text, start, end)
        return values[0] if values else (start, end) if len(text[start:end].split()) < MANY else None


SET = re.compile(rf"{words.TEXT.pattern}|\\(?:begin|end)\{{[a-z]*\}}")


def statement(text: str, first: int) -> Span | None:
    """Return the range of the last statement of an answer in `text[first:]` that says anything."""
    for said in reversed(list(SAYS.finditer(text, first))):
        start = FILLER.match(text, said.end()).end()  # type: ignore[union-attr]  # it matches the empty text
        stop = SENTENCE.search(text, start)
        end = stop.start() if stop else len(text)
        if text[start:end].strip(" *_.`"):
            return start, start + len(text[start:end].rstrip(" *_`\"'"))
    return None


def _formula_at(text: str, start: int) -> Span | None:
    """Return the range of a formula between dollars or the like, and of all that commas or "and" join to it."""
    found = FORMULA.match(text, start)
    if found is None or not _is_maths(found[0]):
        return None
    end = found.end()
    while (joint := JOINT.match(text, end)) and (more := FORMULA.match(text, joint.end())) and _is_maths(more[0]):
        end = more.end()
    return start, end


def _values(text: str, start: int, end: int) -> list[Span]:
    """Return the ranges of all formulas and, outside of them, of all numbers of a text, in order."""
    found: list[Span] = []
    at = start
    for formula in FORMULA.finditer(text, start, end):
        if _is_maths(formula[0]):
            found += [value.span() for value in VALUE.finditer(text, at, formula.start())]
            found.append(formula.span())
            at = formula.end()
    return found + [value.span() for value in VALUE.finditer(text, at, end)]


def _is_maths(text: str) -> bool:
    """Return whether there is a formula between two dollars: no prose between two sums of money, no power of a unit."""
    prose = re.search(r"(?<![a-zA-Z\\])[a-z]{3,}\s", words.TEXT.sub("", text))
    return prose is None and re.match(r"\$\s*\^", text) is None


def _is_answer(text: str) -> bool:
    """Return whether all of a statement is an answer, not an answer in prose."""
    found = answers.read(text)
    if found is None or found.kind in ("number", "choice"):
        return found is not None
    prose = re.search(r"(?<![a-zA-Z\\])(?!sqrt\b)[a-zA-Z]{2,}", statements.AND.sub("", SET.sub("", text)))
    return prose is None or (found.kind == "words" and len(text.split()) < 4)
