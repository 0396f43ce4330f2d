"""Scorers, one instance per answer format: what a completion answers, whether that is right, and lm-eval's metrics."""

import re
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from urlvr_bench import grading
from urlvr_bench.errors import UsageError
from urlvr_bench.tasks import expression, latex

Doc = Mapping[str, Any]
"""A problem: `id`, `prompt`, `public` (all that the prompt shows) and `gold`, which only `correct` may read."""


class Scorer(ABC):
    """One definition of correct, for training metrics and for lm-eval's `process_results`."""

    has_checker = False
    """Whether `verify` exists: a checker that needs nothing but what the prompt shows."""
    cue = ""
    """What solutions write right before their answer."""

    @abstractmethod
    def answer(self, completion: str) -> str | None:
        """Return the canonical answer of a completion, None where there is none; equal strings are equal answers."""

    def right(self, doc: Doc, answer: str) -> bool:
        """Return whether a canonical answer solves the problem."""
        return bool(answer == doc["gold"])

    @abstractmethod
    def completion(self, answer: str) -> str:
        """Return a shortest completion that gives `answer`."""

    def correct(self, doc: Doc, completion: str) -> bool:
        """Return whether a completion solves the problem."""
        answer = self.answer(completion)
        return answer is not None and self.right(doc, answer)

    def verify(self, public: str, completion: str) -> bool | None:
        """Return the verdict of the label-free checker, None where the task has none."""
        return None

    def answer_span(self, completion: str) -> tuple[int, int] | None:
        """Return the half-open range of characters that spell the answer, None where there is none."""
        if self.answer(completion) is None:
            return None
        return completion.rfind(self.cue) + len(self.cue) if self.cue else 0, len(completion)

    def rephrase(self, doc: Doc, view: int) -> str:
        """Return the `view`-th rephrasing of a problem, which has the same answer; UsageError where there is none."""
        raise UsageError(f"{self!r} knows no rephrasings of its problems; take a task that does, or another method")

    def verification_prompt(self, doc: Doc, completion: str) -> str | None:
        """Return the prompt that asks a model whether a completion is right, None to leave that to the method."""
        return None

    def __call__(self, doc: Doc, results: Sequence[Sequence[str]]) -> dict[str, float]:
        """Return lm-eval's metrics of one problem; `results` holds one entry, the list of all its samples."""
        from urlvr_bench import metrics  # a third of a second that listing the tasks need not wait for

        (samples,) = results
        if isinstance(samples, str):
            raise TypeError(
                "a filter dropped all samples but one; the task needs the filter take_first_k with k = repeats"
            )
        n, answers = len(samples), [self.answer(sample) for sample in samples]
        votes = self.votes(doc, answers)
        correct = sum(count for count, right in votes if right)
        ks = [1 << exponent for exponent in range(n.bit_length())]
        return {
            "n": n,
            "correct": correct,
            "unparsed": answers.count(None),
            **{f"pass@{k}": float(metrics.pass_at_k(n, [correct], k)[0]) for k in ks},
            f"maj@{n}": float(metrics.maj_at_k(n, [votes], n)[0]),
        }

    def votes(self, doc: Doc, answers: Sequence[str | None]) -> list[tuple[int, bool]]:
        """Return (number of samples, whether right) of each different answer, most frequent first, then first given."""
        given = Counter(answer for answer in answers if answer is not None)
        return [(count, self.right(doc, answer)) for answer, count in given.most_common()]

    def __repr__(self) -> str:
        return f"{type(self).__module__}.{type(self).__name__}"


class ChainAddition(Scorer):
    """The digits after the last `#`, least significant first."""

    cue = "#"

    def answer(self, completion: str) -> str | None:
        _, mark, digits = completion.rpartition("#")
        if not mark or re.fullmatch("[0-9]{1,20}", digits) is None:
            return None
        return digits.rstrip("0") or "0"

    def completion(self, answer: str) -> str:
        return f"#{answer}"

    def rephrase(self, doc: Doc, view: int) -> str:
        terms = doc["public"].split("+")
        first = view % len(terms)
        return f"{'+'.join(terms[first:] + terms[:first])}=".rjust(len(doc["prompt"]), ".")


class Countdown(Scorer):
    """An expression, and nothing else, over exactly the given digits; it is right if its exact value is the target."""

    has_checker = True

    def answer(self, completion: str) -> str | None:
        found = expression.read(completion)
        return found.text if found else None

    def right(self, doc: Doc, answer: str) -> bool:
        return self.verify(doc["public"], answer)

    def verify(self, public: str, completion: str) -> bool:
        digits, _, target = public.partition(">")
        found = expression.read(completion)
        return found is not None and sorted(found.numbers) == sorted(map(int, digits)) and found.value == int(target)

    def completion(self, answer: str) -> str:
        return answer

    def rephrase(self, doc: Doc, view: int) -> str:
        digits, mark, target = doc["public"].partition(">")
        first = view % len(digits)
        return f"{digits[first:] + digits[:first]}{mark}{target}=".rjust(len(doc["prompt"]), ".")

    def verification_prompt(self, doc: Doc, completion: str) -> str | None:
        return f"{doc['public']}?{completion}="


class Boxed(Scorer):
    r"""Mathematics: what the last `\boxed{...}` holds, compared exactly as numbers, else as formulas."""

    def answer(self, completion: str) -> str | None:
        box = latex.last_box(completion)
        return None if box is None else latex.canonical(box)

    def right(self, doc: Doc, answer: str) -> bool:
        gold = doc["gold"]
        if answer == gold:
            return True
        if latex.number(gold) is not None and latex.number(answer) is not None:
            return False
        return grading.equivalent(gold, answer)

    cue = r"\boxed{"
    wordings = (
        "Solve this problem.\n\n{}",
        "Here is a question:\n\n{}\n\nAnswer it.",
        "{}\n\nThink before you answer.",
    )

    def completion(self, answer: str) -> str:
        return rf"\boxed{{{answer}}}"

    def answer_span(self, completion: str) -> tuple[int, int] | None:
        start = completion.rfind(self.cue) + len(self.cue)
        box = latex.last_box(completion)
        return None if self.answer(completion) is None or box is None else (start, start + len(box))

    def rephrase(self, doc: Doc, view: int) -> str:
        wording = self.wordings[(view - 1) % len(self.wordings)]
        return str(doc["prompt"].replace(doc["public"], wording.format(doc["public"])))


chain_addition = ChainAddition()
countdown = Countdown()
boxed = Boxed()
