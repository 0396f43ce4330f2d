r"""Mathematics where no format was asked for: the last box, else the last stated answer, else the last value."""

import re

from urlvr_bench.tasks import answers, prose, separators, words
from urlvr_bench.tasks.boxed import PlainBoxed, Span

CONTINUES = re.compile(r"\n[^\S\n]*(?:Question|Q):")
"""Where a base model goes on with a question of its own; what follows is no part of the answer."""
THOUGHT = "</think>"
"""Where a thought ends, whose statements are none of the answer after it."""
MEASURED = re.compile(r"(-?[0-9]+(?:[.,][0-9]+)*) [msghdLlNJWVAKC]")
"""A number and a unit of one letter, which in prose is no variable."""
SAYS = re.compile(
    r"\b(?:answers?|(?:correct|right) (?:option|choice))\b(?:[ \t]+(?:to|for|of|in)\b[^.\n:=?]{0,80}?)?[*_]*"
    r"(?:\s+(?:(?:is|are|was|should be|must be|would be|will be|equals)\b|is(?=n['\u2019]t)|(?=can(?:not|['\u2019]t)))"
    r"[*_]*[ \t]*:?|[ \t]*[:=])|####|<answer>",
    re.IGNORECASE,
)
"""What introduces an answer."""
FILLER = re.compile(
    r"(?:[\s*_:`\"']|<[a-z]+>|<<[^<>\n]*>>|(?<=\n)-[ \t]|(?:therefore|thus|simply|just|equal to|given by)\b)*",
    re.IGNORECASE,
)
SENTENCE = re.compile(r"(?<!\.\.)[.!?](?=[*_\"')\]]*(?:\s+[A-Z<(\\$*]|\s*$|\s*\n))|\n|</|<\|")
"""Where a statement ends: at a full stop before a new sentence, a line's end, a tag."""
MANY = 5
"""Words that are prose, not an answer."""
REMARK = re.compile(
    r",?\s+\(?(?:i\.?\s?e\.|where\b|which\b|because\b|since\b|or (?:about|approximately)\b)"
    r"|\s+\((?:or|about|approximately|i\.e)\b"
)
"""Where a statement goes on about the answer that it has given."""
UNSURE = re.compile(
    r"(?:not|no|never|cannot|at least|at most|up to|(?:more|less|fewer|greater|other) than|between|from|either)\b"
    r"|(?:n|can)['\u2019]t\b|[^\n]*\bor (?:maybe|perhaps|possibly)\b",
    re.IGNORECASE,
)
"""What denies, bounds or doubts the answer that follows: all of the statement is the answer then."""
EQUATES = re.compile(r"(?<![<>=!])=\s*([^=\n$`*<>]*[^=\n$`*<>.\s])\.?\s*\Z")
"""The right side of an equation that ends a text."""
SEVERAL = re.compile(
    r"(?:\b(?:solutions|roots|zeros)\b[^.\n:=?]{0,60}?\bare\b:?\s+"
    r"|(?<![^\s(])(?=\$?(?P<name>[a-z])\s*=(?:[^=\n]*,\s*\$?(?P=name)\s*=)*[^=\n]*\s(?:and|or)\s+\$?(?P=name)\s*=))"
    r"(?P<all>[^\n]*?\S)\.?\s*\Z"
)
"""Several values of one thing that end a text: the roots, or x = 2 or x = 3."""
VERB = re.compile(r"(?:\b(?:is|are|was|were|equals|be)\b|=)\s*(?:about |approximately )?")

JOINT = re.compile(r"\s*(?:,?\s*(?:and|or)|,|=)\s*(?=\$|\\\(|\\\[)")


class Stated(PlainBoxed):
    r"""Where no format was asked for: the last box, else the last statement of an answer, else the last value."""

    TAIL = 2_000
    """Characters at the end that are searched."""

    def _span(self, completion: str) -> Span | None:
        text = CONTINUES.split(completion, maxsplit=1)[0]
        _, closed, spoken = text.rpartition(THOUGHT)
        said = len(text) - len(spoken) if closed and spoken.strip() else 0
        box = super()._span(text)
        if box and box[0] >= said:
            return box
        return self._stated(text, max(said, len(text) - self.TAIL)) or box

    def _stated(self, text: str, first: int) -> Span | None:
        """Return the range of what is stated as the answer in `text[first:]`."""
        said = statement(text, first)
        if said is not None and (found := self._within(text, *said)):
            return found
        if several := SEVERAL.search(text, first):
            formula = _formula_at(text, several.start("all"))
            if formula or _is_answer(several["all"]):
                return formula or several.span("all")
        equation = EQUATES.search(text, first)
        if equation and _is_answer(equation[1]):
            return equation.span(1)
        values = prose.values(text, first, len(text))
        return values[-1] if values else None

    def _within(self, text: str, start: int, end: int) -> Span | None:
        """Return the range in a statement that is an answer: its first formula, all of it, or its value."""
        if formula := _formula_at(text, start):
            return formula
        if UNSURE.match(text, start, end):
            return start, end
        if remark := REMARK.search(text, start, end):
            end = remark.start()
        if measured := MEASURED.fullmatch(text, start, end):
            return measured.span(1)
        if _is_answer(text[start:end]):
            return start, end
        if first := prose.value_at(text, start, end):
            return first
        verbs = list(VERB.finditer(text, start, end))
        values = prose.values(text, verbs[-1].end() if verbs else start, end) or prose.values(text, start, end)
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
    found = prose.FORMULA.match(text, start)
    if found is None or not prose.is_maths(found[0]):
        return None
    end = found.end()
    while (
        (joint := JOINT.match(text, end))
        and (more := prose.FORMULA.match(text, joint.end()))
        and prose.is_maths(more[0])
    ):
        end = more.end()
    return start, end


def _is_answer(text: str) -> bool:
    """Return whether all of a statement is an answer, not an answer in prose."""
    found = answers.read(text)
    if found is None or found.kind in ("number", "choice"):
        return found is not None
    said = re.search(r"(?<![a-zA-Z\\])(?!sqrt\b)[a-zA-Z]{2,}", separators.AND.sub("", SET.sub("", text)))
    return said is None or (found.kind == "words" and len(text.split()) < 4)
