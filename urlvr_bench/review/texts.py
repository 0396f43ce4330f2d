"""What a check finds in the texts beside a record: of this run, of its first problems, read and judged as it says."""

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from urlvr_bench import tasks
from urlvr_bench.errors import UsageError
from urlvr_bench.records.excerpts import Excerpts, Problem, Text, kept
from urlvr_bench.records.measured import Eval
from urlvr_bench.records.schema import Record
from urlvr_bench.review.findings import Remark
from urlvr_bench.statistics.collapse import eval_curve, rise_and_fall
from urlvr_bench.tasks import Doc, Task

AGAIN = "collect the run again, or delete the file of texts"


def remarks(file: Path, content: bytes, one: Record) -> Iterator[Remark]:
    """Compare the texts beside a record with its counts and, where the problems can be made here, with the scorer."""
    try:
        found = Excerpts.read(file, content)
    except UsageError as error:
        yield str(error), AGAIN
        return
    if found is None:
        return
    if found.task != one.judged or found.peak != rise_and_fall(*eval_curve(one, found.task)).peak_step:
        yield f"the texts are said to be of {found.task}, the best at step {found.peak}, which they are not", AGAIN
        return
    evals = {part.step: part for part in one.evals if part.task == found.task}
    ids = [kept(name)[0] for name in one.problems.get(found.task, [])]
    scorer = _scorer(found.task, one)
    for i, problem in enumerate(found.problems):
        if i >= len(ids) or problem.id != ids[i]:
            yield f"text {i} is of problem {problem.id!r}, which is none of the first that were judged", AGAIN
        else:
            yield from _of_problem(i, problem, evals, scorer)


def _of_problem(i: int, problem: Problem, evals: dict[int, Eval], scorer: "Scorer") -> Iterator[Remark]:
    for said in problem.said:
        where = f"the texts of problem {i} at step {said.step}"
        counts = evals.get(said.step)
        right = sum(text.correct for text in said.samples)
        if counts is None:
            yield f"{where} are of no evaluation", AGAIN
        elif right > counts.correct[i] or len(said.samples) - right > counts.n - counts.correct[i]:
            yield f"{where} hold {right} right ones of {len(said.samples)}, the record {counts.correct[i]}", AGAIN
        if odd := next((text for text in said.samples if not _holds(text, problem.id, scorer)), None):
            yield f"{where}: {odd.text[:60]!r} does not read as {odd.answer!r}, {_word(odd.correct)}", AGAIN


def _word(correct: bool) -> str:
    return "right" if correct else "wrong"


Scorer = tuple[Task, dict[str, Doc]] | None
"""A task with its test problems by id; None where they would have to be downloaded, or are of another version."""


def _scorer(name: str, one: Record) -> Scorer:
    if not tasks.exists(name) or (name == one.task.name and tasks.load(name).version != one.task.version):
        return None
    return _problems(name)


@lru_cache(maxsize=64)
def _problems(name: str) -> Scorer:
    task = tasks.load(name)
    if task.revision or "test" not in task.splits:
        return None
    return task, {kept(doc["id"])[0]: doc for doc in task.docs("test")}


def _holds(text: Text, problem: str, scorer: Scorer) -> bool:
    """Return whether a text reads as the answer beside it, and is right or wrong as is said; true where it was cut."""
    if scorer is None or text.cut or problem not in scorer[1]:
        return True
    task, docs = scorer
    answer = task.answer(text.text)
    right = answer is not None and task.right(docs[problem], answer)
    return right == text.correct and (None if answer is None else kept(answer)[0]) == text.answer
