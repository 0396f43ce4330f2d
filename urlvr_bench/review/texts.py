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
from urlvr_bench.tasks import Doc

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
    ids, docs = one.problems.get(found.task, []), _problems(found.task, one)
    for i, problem in enumerate(found.problems):
        if i >= len(ids) or problem.id != kept(ids[i])[0]:
            yield f"text {i} is of problem {problem.id!r}, which is none of the first that were judged", AGAIN
        else:
            yield from _of_problem(i, problem, found.task, evals, docs.get(ids[i]))


def _of_problem(i: int, problem: Problem, task: str, evals: dict[int, Eval], doc: Doc | None) -> Iterator[Remark]:
    for said in problem.said:
        where = f"the texts of problem {i} at step {said.step}"
        counts = evals.get(said.step)
        right = sum(text.correct for text in said.samples)
        if counts is None:
            yield f"{where} are of no evaluation", AGAIN
        elif right > counts.correct[i] or len(said.samples) - right > counts.n - counts.correct[i]:
            yield f"{where} hold {right} right ones of {len(said.samples)}, the record {counts.correct[i]}", AGAIN
        odd = next((text for text in said.samples if not _holds(text, task, doc)), None)
        if odd is not None:
            yield f"{where}: {odd.text[:60]!r} does not read as {odd.answer!r}, {_word(odd.correct)}", AGAIN


def _word(correct: bool) -> str:
    return "right" if correct else "wrong"


loaded = lru_cache(maxsize=64)(tasks.load)


@lru_cache(maxsize=64)
def test_problems(name: str) -> dict[str, Doc] | None:
    """Return a task's test problems by id, in order; None where they would have to be downloaded."""
    task = loaded(name)
    return None if task.revision or "test" not in task.splits else {doc["id"]: doc for doc in task.docs("test")}


def _problems(name: str, one: Record) -> dict[str, Doc]:
    """Return the problems whose texts can be judged again: none of a task of another version."""
    if not tasks.exists(name) or (name == one.task.name and loaded(name).version != one.task.version):
        return {}
    return test_problems(name) or {}


def _holds(text: Text, name: str, doc: Doc | None) -> bool:
    """Return whether a text reads as the answer beside it, and is right or wrong as is said; true where it was cut."""
    if doc is None or text.cut:
        return True
    answer = loaded(name).answer(text.text)
    right = answer is not None and loaded(name).right(doc, answer)
    return right == text.correct and (None if answer is None else kept(answer)[0]) == text.answer
