"""Grade samples and count them per problem; no language model and no lm-eval, so that it runs anywhere at once."""

import json
import os
from collections import Counter
from collections.abc import Mapping, Sequence
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
    """A problem's samples with their answers as read, the classes of equal answers, and the verdict on each class."""

    samples: Sequence[Sample]
    answers: Sequence[str | None]
    classes: Mapping[str, str]
    """The representative of each different answer."""
    right: Mapping[str, bool]
    """Whether each representative is right."""

    @property
    def verdicts(self) -> list[bool]:
        """Whether each sample is right."""
        return [answer is not None and self.right[self.classes[answer]] for answer in self.answers]

    @property
    def votes(self) -> Votes:
        """(Number of samples, whether right) of each class of answers, most frequent first, then first given."""
        return tuple((count, self.right[answer]) for answer, count in _common(self.classes, self.answers))


def grade(task: Task, docs: Sequence[Doc], samples: Sequence[Sequence[Sample]], workers: int = WORKERS) -> list[Graded]:
    """Return the graded samples of each problem; equal answers are judged once, together."""
    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(partial(_grade_one, task), docs, samples))


def _grade_one(task: Task, doc: Doc, samples: Sequence[Sample]) -> Graded:
    answers = [task.answer(sample.text) for sample in samples]
    classes = task.classes(answers)
    return Graded(samples, answers, classes, {answer: task.right(doc, answer) for answer in {*classes.values()}})


def _common(classes: Mapping[str, str], answers: Sequence[str | None]) -> list[tuple[str, int]]:
    """Return how often each class is given, by its representative, most frequent first, then first given."""
    return Counter(classes[answer] for answer in answers if answer is not None).most_common()


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


def followed(task: Task, first: Path, later: Path) -> list[int]:
    """Return, per problem, how many samples of `later` give the answer that was most common in `first`.

    Both are files with one problem of the task a line. Of equally common answers the first given leads, as in
    `Eval.votes`; a problem that nobody answered has no leader, and 0 samples give it.
    """
    before = {row["id"]: _answers(row) for row in _rows(first)}
    return [following(task, before[row["id"]], _answers(row)) for row in _rows(later)]


def following(task: Task, first: Sequence[str | None], later: Sequence[str | None]) -> int:
    """Return how many of the later answers to a problem equal the one that was most common at first."""
    leader = next((answer for answer, _ in _common(task.classes(first), first)), None)
    if leader is None:
        return 0
    classes = task.classes([leader, *later])
    return sum(answer is not None and classes[answer] == classes[leader] for answer in later)


def _rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def _answers(row: dict[str, Any]) -> list[str | None]:
    return [sample["answer"] for sample in row["samples"]]
