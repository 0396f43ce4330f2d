"""Scorers, one instance per answer format: what a completion answers, whether that is right, and lm-eval's metrics."""

import re
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from urlvr_bench import grading, proofs
from urlvr_bench.errors import UsageError
from urlvr_bench.tasks import expression, latex, programs

Doc = Mapping[str, Any]
"""A problem: `id`, `prompt`, `public` (all that the prompt shows) and `gold`, which only `correct` may read.

Text has its `continuation`, a program its `setup` and its `tests`; of these, methods may ask for the first alone.
"""


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

    def solution(self, doc: Doc) -> str | None:
        """Return a completion that solves the problem, None where none is known."""
        return self.completion(doc["gold"]) if doc["gold"] else None

    def corrupted(self, doc: Doc) -> str | None:
        """Return a wrong completion that looks like a solution, None where none is known."""
        gold = doc["gold"]
        return self.completion(next_digits(gold) if re.search("[0-9]", gold) else f"{gold}+1") if gold else None

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


def next_digits(text: str) -> str:
    """Return a text with every digit replaced by the next one: a wrong answer of the same form."""
    return text.translate(str.maketrans("0123456789", "1234567890"))


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


class Continuation(Scorer):
    """Plain text: how it goes on, to the end; there is no gold answer, the text itself decides."""

    cue = "#"

    def answer(self, completion: str) -> str | None:
        return completion if 0 < len(completion) <= latex.MAX_LENGTH else None

    def right(self, doc: Doc, answer: str) -> bool:
        return bool(answer == doc["continuation"])

    def completion(self, answer: str) -> str:
        return answer

    def solution(self, doc: Doc) -> str | None:
        return str(doc["continuation"])

    def corrupted(self, doc: Doc) -> str | None:
        return next_digits(doc["continuation"])

    def answer_span(self, completion: str) -> tuple[int, int] | None:
        return None if self.answer(completion) is None else (0, len(completion))


class Program(Scorer):
    """A Python program in a code block, right if it passes the problem's tests; it runs in the sandbox only."""

    cue = "```python\n"

    def answer(self, completion: str) -> str | None:
        return programs.last_block(completion)

    def right(self, doc: Doc, answer: str) -> bool:
        return programs.passes(answer, doc["setup"], doc["tests"])

    def completion(self, answer: str) -> str:
        return f"{self.cue}{answer}\n```"

    def corrupted(self, doc: Doc) -> str | None:
        return self.completion(re.sub(r"\breturn\b", "return None and", doc["gold"]))

    def answer_span(self, completion: str) -> tuple[int, int] | None:
        last = [match.span(1) for match in programs.BLOCK.finditer(completion)][-1:]
        return last[0] if last and self.answer(completion) is not None else None


class Lemma(Scorer):
    """Tactics between `Proof.` and `Qed.`; they are right if Coq accepts them, and nobody knows a gold proof."""

    has_checker = True
    cue = "Proof."

    def answer(self, completion: str) -> str | None:
        blocks = proofs.FENCE.findall(completion)
        script = (blocks[-1][1] if blocks else completion).strip()
        found = proofs.COQ_SCRIPT.match(script) if len(script) <= proofs.MAX_LENGTH else None
        tactics = re.sub(r"[ \t\r\n]+", " ", found["tactics"]).strip(" ") if found else ""
        return None if "```" in tactics else tactics or None

    def right(self, doc: Doc, answer: str) -> bool:
        return proofs.holds(proofs.Statement("coq", doc["public"]), self.completion(answer))

    def correct(self, doc: Doc, completion: str) -> bool:
        return self.verify(doc["public"], completion)

    def verify(self, public: str, completion: str) -> bool:
        _need_coq()
        answer = self.answer(completion)
        return answer is not None and self.right({"public": public}, answer)

    def completion(self, answer: str) -> str:
        return f"```coq\nProof. {answer} Qed.\n```"

    def __call__(self, doc: Doc, results: Sequence[Sequence[str]]) -> dict[str, float]:
        _need_coq()
        return super().__call__(doc, results)


def _need_coq() -> None:
    """Say at once what is missing, not at the first completion that looks like a proof."""
    if reason := proofs.missing("coq"):
        raise UsageError(f"proofs cannot be checked: {reason}")


chain_addition = ChainAddition()
countdown = Countdown()
boxed = Boxed()
continuation = Continuation()
program = Program()
lemma = Lemma()
