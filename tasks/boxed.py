r"""Scorers of mathematics that read what the last `\boxed{...}` holds."""

from urlvr_bench.errors import UsageError
from urlvr_bench.tasks import answers, equality, latex
from urlvr_bench.tasks.scorer import Doc, Scorer, Verdict
from urlvr_bench.tasks.styles import END

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
        return None if span is None else self.canonical(completion[slice(*span)])

    def _span(self, completion: str) -> Span | None:
        """Return the range that the answer is read from, whether or not it holds one."""
        return latex.box_span(completion)

    def canonical(self, text: str) -> str | None:
        found = answers.read(text)
        return found.text if found else None

    def posed(self, gold: str) -> Doc:
        found = self.canonical(gold)
        if found is None:
            raise UsageError(f"the gold answer {gold[:80]!r} is empty, over-long or contradicts itself: give another")
        return {"gold": found}

    def compared(self, first: str, second: str) -> Verdict:
        return equality.compare(first, second)

    def exact(self, answer: str) -> bool:
        return equality.exact(answer)

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
