"""What every scorer does: read the answer of a completion, judge it, and return lm-eval's metrics."""

import re
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from urlvr_bench.errors import UsageError
from urlvr_bench.verifiers.classes import representatives

Doc = Mapping[str, Any]
"""A problem: `id`, `prompt`, `public` (all that the prompt shows) and `gold`, which only `correct` may read.

Text has its `continuation`, a program its `setup` and its `tests`; of these, methods may ask for the first alone.
"""


T = TypeVar("T")


def turned(parts: Sequence[T], view: int) -> list[T]:
    """Return the parts of a prompt with the first `view` of them last; UsageError where that turns nothing."""
    if not 0 < view < len(parts):
        raise UsageError(
            f"view={view}: a problem of {len(parts)} parts is rephrased by turning them; views: 1 to {len(parts) - 1}"
        )
    return [*parts[view:], *parts[:view]]


@dataclass(frozen=True)
class Verdict:
    """Whether two answers are one, or an answer is right, and what decided that."""

    same: bool
    reason: str


class Scorer(ABC):
    """One definition of correct, for training metrics and for lm-eval's `process_results`."""

    has_checker = False
    """Whether `verify` exists: a checker that needs nothing but what the prompt shows."""
    gives: frozenset[str] = frozenset()
    """Signals for rewards that come from this kind of task alone."""
    costly = False
    """Whether judging an answer starts a program or searches for a solution."""
    cue = ""
    """What solutions write right before their answer."""

    @abstractmethod
    def answer(self, completion: str) -> str | None:
        """Return the answer of a completion in the task's own spelling, None where there is none."""

    def compared(self, first: str, second: str) -> Verdict:
        """Return whether two canonical answers are one, and why; symmetric."""
        return Verdict(first == second, "same text")

    def same(self, first: str, second: str) -> bool:
        """Return whether two canonical answers are one; symmetric, and free of cost where the strings are equal."""
        return first == second or self.compared(first, second).same

    def exact(self, answer: str) -> bool:
        """Return whether no other exact answer equals this one; all are where equal answers are spelled alike."""
        return True

    def classes(self, answers: Iterable[str | None]) -> dict[str, str]:
        """Return the representative of each different answer of a problem: equal answers are one vote and one verdict.

        Give all answers of the problem at once; the gold answer is none of them.
        """
        return representatives(answers, self)

    def judged(self, doc: Doc, answer: str) -> Verdict:
        """Return whether a canonical answer solves the problem, and why."""
        return self.compared(doc["gold"], answer)

    def judges(self, doc: Doc) -> bool:
        """Return whether a completion can be judged: there is a gold answer, or a checker that needs none."""
        return bool(doc["gold"]) or self.has_checker

    def right(self, doc: Doc, answer: str) -> bool:
        """Return whether a canonical answer solves the problem."""
        return self.judged(doc, answer).same

    @abstractmethod
    def completion(self, answer: str) -> str:
        """Return a shortest completion that gives `answer`."""

    def solution(self, doc: Doc) -> str | None:
        """Return a completion that solves the problem, None where none is known."""
        return self.completion(doc["gold"]) if doc["gold"] else None

    def corrupted(self, doc: Doc) -> str | None:
        """Return a wrong completion that looks like a solution, None where none is known."""
        gold = doc["gold"]
        return self.completion(one_digit_off(gold) if re.search("[0-9]", gold) else f"{gold}+1") if gold else None

    def posed(self, gold: str) -> Doc:
        """Return a problem of which only the published gold answer is known; UsageError where that is not enough."""
        raise UsageError(f"{self!r} judges by more than a gold answer; grade takes tasks of answers, such as math500")

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
        from urlvr_bench.statistics import metrics  # a third of a second that listing the tasks need not wait for

        (samples,) = results
        if isinstance(samples, str):
            raise TypeError(
                "a filter dropped all samples but one; the task needs the filter take_first_k with k = repeats"
            )
        n, answers = len(samples), [self.answer(sample) for sample in samples]
        classes = self.classes(answers)
        given = Counter(classes[answer] for answer in answers if answer is not None)
        votes = [(count, self.right(doc, answer)) for answer, count in given.most_common()]
        correct = sum(count for count, right in votes if right)
        ks = [1 << exponent for exponent in range(n.bit_length())]
        return {
            "n": n,
            "correct": correct,
            "unparsed": answers.count(None),
            **{f"pass@{k}": float(metrics.pass_at_k(n, [correct], k)[0]) for k in ks},
            f"maj@{n}": float(metrics.maj_at_k(n, [votes], n)[0]),
        }

    def __repr__(self) -> str:
        return f"{type(self).__module__}.{type(self).__name__}"


def one_digit_off(text: str) -> str:
    """Return a text with its first digit replaced by the next one: no fraction and no equation stays what it was."""
    return re.sub("[0-9]", lambda digit: str((int(digit[0]) + 1) % 10), text, count=1)


def next_digits(text: str) -> str:
    """Return a text with every digit replaced by the next one: a wrong answer of the same form."""
    return text.translate(str.maketrans("0123456789", "1234567890"))
