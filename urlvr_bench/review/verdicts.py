"""Single verdicts, explained: how an answer and a gold are read, whether they are one, and what decided it."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from urlvr_bench import tasks
from urlvr_bench.errors import UsageError, unknown
from urlvr_bench.task_config import resolve

SCORERS = {
    "boxed": "boxed",
    "native": "boxed_native",
    "phrase": "phrase",
    "native-phrase": "phrase_native",
    "countdown": "countdown_boxed",
    "native-countdown": "countdown_boxed_native",
}
"""Scorer of each style in which a row may say how it is graded, instead of naming a task."""


@dataclass(frozen=True)
class Graded:
    """A completion and what became of it."""

    answer: str | None
    """As it was read, None where there is none."""
    gold: str
    """As it was read; of a puzzle, what it asks."""
    correct: bool
    reason: str
    """What decided: exact number, math-verify, words, choice, expression, same text, no answer, time limit, ..."""

    def row(self) -> dict[str, Any]:
        return asdict(self)


def scorer(task: str | None = None, style: str | None = None) -> Any:
    """Return the scorer of a task, or of a style; mathematics in a box where neither is given."""
    if task and style:
        raise UsageError(f"task {task!r} and style {style!r} are both given: name one")
    if task:
        return tasks.load(tasks.adopt(task)).scorer
    if style is not None and style not in SCORERS:
        raise unknown("style", style, SCORERS)
    return resolve(f"urlvr_bench.tasks.scoring.{SCORERS[style or 'boxed']}")


def grade(judge: Any, gold: str, completion: str) -> Graded:
    """Return the verdict on a completion by a scorer, from the gold answer as a data set publishes it."""
    doc, answer = judge.posed(gold), judge.answer(completion)
    shown = doc["gold"] or " ".join(doc["public"].split())
    if answer is None:
        return Graded(None, shown, False, "no answer")
    found = judge.judged(doc, answer)
    return Graded(answer, shown, found.same, found.reason)


def equal(judge: Any, first: str, second: str) -> dict[str, Any]:
    """Return whether two answers are one vote, how they are read, and why."""
    read = [judge.posed(text)["gold"] for text in (first, second)]
    found = judge.compared(*read)
    return {"a": read[0], "b": read[1], "same": found.same, "reason": found.reason}


def grade_file(path: Path, task: str | None = None) -> Iterator[Graded]:
    """Return the verdict on each row of a JSONL file with `gold`, `completion`, and `style` or `task`.

    `task` is that of rows that name neither. UsageError names the line that cannot be graded.
    """
    try:
        lines = path.read_text().splitlines()
    except (OSError, UnicodeError) as error:
        raise UsageError(f"cannot read {path}: {error}") from error
    if not any(map(str.strip, lines)):
        raise UsageError(f"{path} holds no rows; a row has gold, completion, and style or task")
    for number, line in enumerate(lines, 1):
        if line.strip():
            try:
                yield _row(line, task)
            except UsageError as error:
                raise UsageError(f"{path} line {number}: {error}") from error


def _row(line: str, task: str | None) -> Graded:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"no JSON: {error}") from error
    if not isinstance(row, dict):
        raise UsageError("no JSON object; a row has gold, completion, and style or task")
    for name in ("gold", "completion"):
        if not isinstance(row.get(name), str):
            raise UsageError(f"{name} is missing or no text; a row has gold, completion, and style or task")
    named = {name: row[name] for name in ("task", "style") if row.get(name) is not None} or {"task": task}
    if not all(isinstance(value, str) for value in named.values()):
        raise UsageError(f"names neither a style nor a task; styles: {', '.join(SCORERS)}")
    return grade(scorer(**named), row["gold"], row["completion"])
