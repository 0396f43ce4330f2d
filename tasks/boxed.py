r"""Scorers of short answers: what the last `\boxed{...}` holds and, where no box was asked for, what is stated."""

import re

from urlvr_bench.tasks import latex
from urlvr_bench.tasks.scorer import Doc, Scorer
from urlvr_bench.tasks.styles import END
from urlvr_bench.verifiers import grading

Span = tuple[int, int]
"""A half-open range of characters."""


class Boxed(Scorer):
    r"""Mathematics: what the last `\boxed{...}` holds, compared exactly as numbers, else as formulas."""

    cue = r"\boxed{"
    wordings = (
        "Solve this problem.\n\n{}",
        "Here is a question:\n\n{}\n\nAnswer it.",
        "{}\n\nThink before you answer.",
    )

    def answer(self, completion: str) -> str | None:
        span = self._span(completion)
        return None if span is None else self._canonical(completion[slice(*span)])

    def _span(self, completion: str) -> Span | None:
        """Return the range that the answer is read from, whether or not it holds one."""
        box = latex.last_box(completion)
        start = completion.rfind(self.cue) + len(self.cue)
        return None if box is None else (start, start + len(box))

    def _canonical(self, text: str) -> str | None:
        return latex.canonical(text)

    def right(self, doc: Doc, answer: str) -> bool:
        return self.same(doc["gold"], answer)

    def same(self, first: str, second: str) -> bool:
        if first == second:
            return True
        if latex.number(first) is not None and latex.number(second) is not None:
            return False
        return grading.equivalent(first, second) or grading.equivalent(second, first)

    def completion(self, answer: str) -> str:
        return rf"\boxed{{{answer}}}"

    def answer_span(self, completion: str) -> Span | None:
        return None if self.answer(completion) is None else self._span(completion)

    def rephrase(self, doc: Doc, view: int) -> str:
        wording = self.wordings[(view - 1) % len(self.wordings)]
        return str(doc["prompt"].replace(doc["public"], wording.format(doc["public"])))


class PlainBoxed(Boxed):
    """The same of a base model, which may go on with further questions and box their answers."""

    def _span(self, completion: str) -> Span | None:
        return super()._span(completion.partition(END)[0])


class Stated(PlainBoxed):
    r"""Where no format was asked for: the last box, else what follows the last "answer is" or "####", else a number."""

    TAIL = 2_000
    """Characters at the end that are searched."""
    SAYS = re.compile(r"(?:answer(?: is)?:?|####)[ \t]*([^\n]+)", re.IGNORECASE)
    FORMULA = re.compile(r"\$([^$\n]+)\$")
    NUMBER = re.compile(r"(?<![0-9])[-+]?(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.[0-9]+)?(?:/[0-9]+)?(?![0-9])")

    def _span(self, completion: str) -> Span | None:
        text = completion.partition(END)[0]
        return super()._span(text) or self._stated(text, max(0, len(text) - self.TAIL))

    def _stated(self, text: str, first: int) -> Span | None:
        """Return the range of what is stated as the answer in `text[first:]`."""
        said = list(self.SAYS.finditer(text, first))
        if said:
            first, end = said[-1].span(1)
            for pattern, group in ((self.FORMULA, 1), (self.NUMBER, 0)):
                if found := pattern.search(text, first, end):
                    return found.span(group)
            return first, end
        numbers = list(self.NUMBER.finditer(text, first))
        return numbers[-1].span() if numbers else None
