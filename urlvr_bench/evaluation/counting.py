"""Grade samples and count them per problem; no language model and no lm-eval, so that it runs anywhere at once."""

import json
import os
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from urlvr_bench.evaluation.samples import Sample
from urlvr_bench.records.measured import Eval, Votes
from urlvr_bench.tasks import Doc, Task

WORKERS = min(8, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)
"""Problems graded side by side; formulas, programs and proofs are judged by child processes, so threads suffice."""


@dataclass(frozen=True)
class EvalResult:
    """The counts of one task, and the ids of its problems in the same order."""

    counts: Eval
    problem_ids: list[str]


@dataclass(frozen=True)
class Graded:
    """A problem's samples with their canonical answers and the verdict on each different answer."""

    samples: Sequence[Sample]
    answers: Sequence[str | None]
    right: dict[str, bool]

    @property
    def verdicts(self) -> list[bool]:
        """Whether each sample is right."""
        return [answer is not None and self.right[answer] for answer in self.answers]

    @property
    def votes(self) -> Votes:
        """(Number of samples, whether right) of each different answer, most frequent first, then first given."""
        return tuple((count, self.right[answer]) for answer, count in self._common())

    @property
    def leader(self) -> str | None:
        """The most common answer, of equally common ones the first given; None where nobody answers."""
        return next((answer for answer, _ in self._common()), None)

    def _common(self) -> list[tuple[str, int]]:
        return Counter(answer for answer in self.answers if answer is not None).most_common()


def grade(task: Task, docs: Sequence[Doc], samples: Sequence[Sequence[Sample]], workers: int = WORKERS) -> list[Graded]:
    """Return the graded samples of each problem; every different answer is judged once."""
    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(partial(_grade_one, task), docs, samples))


def _grade_one(task: Task, doc: Doc, samples: Sequence[Sample]) -> Graded:
    answers = [task.answer(sample.text) for sample in samples]
    different = dict.fromkeys(answer for answer in answers if answer is not None)
    return Graded(samples, answers, {answer: bool(task.scorer.right(doc, answer)) for answer in different})


def count(task_name: str, graded: Sequence[Graded], step: int) -> Eval:
    """Return how many samples of each problem are correct, were cut off, or give no answer, and the votes."""
    correct, truncated, unparsed = [], [], []
    for problem in graded:
        cut = [sample.truncated and not right for sample, right in zip(problem.samples, problem.verdicts, strict=True)]
        correct.append(sum(problem.verdicts))
        truncated.append(sum(cut))
        unparsed.append(sum(answer is None and not was for answer, was in zip(problem.answers, cut, strict=True)))
    return Eval(
        step=step,
        task=task_name,
        n=len(graded[0].samples),
        correct=correct,
        truncated=truncated,
        unparsed=unparsed,
        votes=[problem.votes for problem in graded],
        tokens=sum(sample.tokens for problem in graded for sample in problem.samples),
    )


def line(doc: Doc, graded: Graded) -> str:
    """Return a problem and its samples as one JSON line."""
    triples = zip(graded.samples, graded.answers, graded.verdicts, strict=True)
    samples = [{**sample.values(), "answer": answer, "correct": right} for sample, answer, right in triples]
    return json.dumps({**doc, "samples": samples})


def followed(first: Path, later: Path) -> list[int]:
    """Return, per problem, how many samples of `later` give the answer that was most common in `first`.

    Both are `<task>.jsonl` files with one problem a line. Of equally common answers the first given leads, as in
    `Eval.votes`; a problem that nobody answered has no leader, and 0 samples give it.
    """
    leaders = {row["id"]: _leader(row) for row in _rows(first)}
    return [_given(_answers(row), leaders[row["id"]]) for row in _rows(later)]


def _given(answers: list[str | None], leader: str | None) -> int:
    return 0 if leader is None else answers.count(leader)


def _rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def _answers(row: dict[str, Any]) -> list[str | None]:
    return [sample["answer"] for sample in row["samples"]]


def _leader(row: dict[str, Any]) -> str | None:
    votes = Counter(answer for answer in _answers(row) if answer is not None)
    return votes.most_common(1)[0][0] if votes else None
