"""Score stored samples again, by the tasks as they are now; no language model and no lm-eval."""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from urlvr_bench import record, tasks
from urlvr_bench.counting import Graded, count, grade, line
from urlvr_bench.errors import UsageError
from urlvr_bench.measured import Control, Eval
from urlvr_bench.samples import PARTIAL, stored

STEP = re.compile(r"step-(\d+)(?:/temperature-([0-9.e+-]+)-samples-(\d+))?/[^/]+\.jsonl$")
"""Where a run keeps samples: those of the protocol's series, and those of controls in folders of their own."""


@dataclass(frozen=True)
class Rescored:
    """The samples of one file, scored again."""

    path: Path
    docs: Sequence[dict[str, str]]
    graded: Sequence[Graded]
    changed: int
    """Samples whose answer or verdict is another than the file says."""
    correct_before: int
    counts: Eval
    recorded: Eval | None = None
    """What the run's record says; None where there is no record."""

    @property
    def differs(self) -> bool:
        """Whether the counts are others than the record's, or where there is none, the verdicts than the file's."""
        return bool(self.changed) if self.recorded is None else self.counts != self.recorded

    def row(self) -> dict[str, Any]:
        """Return what a reader wants to know."""
        before = self.correct_before if self.recorded is None else sum(self.recorded.correct)
        return {
            "samples of": self.counts.task,
            "step": self.counts.step,
            "temperature": self.counts.temperature if isinstance(self.counts, Control) else None,
            "problems": len(self.docs),
            "samples": self.counts.n,
            "changed": self.changed,
            "correct before": before,
            "correct now": sum(self.counts.correct),
            "differs": self.differs,
        }


def rescore(path: Path) -> list[Rescored]:
    """Score all samples of a file, of a folder that `eval` left, or of a run; of a run also compare with its record."""
    finished = path / "record.json"
    known = record.read(finished) if finished.is_file() else None
    return [_compare(_rescore(file), known) for file in files(path)]


def files(path: Path) -> list[Path]:
    """Return the files of samples under `path`."""
    if path.is_file():
        return [path]
    root = path / "evals" if (path / "evals").is_dir() else path
    found = sorted(file for file in root.rglob("*.jsonl") if file.name != PARTIAL and tasks.exists(file.stem))
    if not found:
        raise UsageError(f"{path} holds no samples: give a run folder, the --out of `eval`, or a <task>.jsonl of one")
    return found


def _rescore(path: Path) -> Rescored:
    task, rows = tasks.load(path.stem), stored(path)
    docs = [doc for doc, _, _ in rows]
    graded = grade(task, docs, [samples for _, samples, _ in rows])
    old = [(one.get("answer"), one.get("correct")) for _, _, lines in rows for one in lines]
    new = [pair for problem in graded for pair in zip(problem.answers, problem.verdicts, strict=True)]
    place = STEP.search(path.as_posix())
    return Rescored(
        path,
        docs,
        graded,
        changed=sum(before != after for before, after in zip(old, new, strict=True)),
        correct_before=sum(right is True for _, right in old),
        counts=count(task.name, graded, int(place[1]) if place else 0),
    )


def _compare(found: Rescored, known: record.Record | None) -> Rescored:
    """Add what the record says of the same evaluation."""
    place = STEP.search(found.path.as_posix())
    if known is None or place is None:
        return found
    if place[2] is not None:
        counts = Control(**found.counts.model_dump(), temperature=float(place[2]))
        same: Iterator[Eval] = (one for one in known.controls if _name(one) == _name(counts))
        return replace(found, counts=counts, recorded=next(same, None))
    same = (one for one in known.evals if _name(one) == _name(found.counts))
    return replace(found, recorded=next(same, None))


def _name(counts: Eval) -> tuple[object, ...]:
    return counts.step, counts.task, counts.n, getattr(counts, "temperature", None)


def write(path: Path, found: Sequence[Rescored]) -> None:
    """Put new verdicts into the files of samples and, in a run, new counts into its evaluations and its record."""
    for one in found:
        lines = [line(doc, graded) for doc, graded in zip(one.docs, one.graded, strict=True)]
        record.write_atomically(one.path, "".join(f"{text}\n" for text in lines))
    counts = {_name(one.counts): one.counts.model_dump() for one in found}
    for step in sorted((path / "evals").glob("step-*.json")):
        values = json.loads(step.read_text())
        record.write_atomically(step, record.dumps(_updated(values, counts)))
    if (path / "record.json").is_file():
        known = record.read(path / "record.json").model_dump(mode="json")
        record.write(record.Record.model_validate_json(json.dumps(_updated(known, counts))), path / "record.json")


def _updated(values: dict[str, Any], counts: dict[tuple[object, ...], dict[str, Any]]) -> dict[str, Any]:
    """Return values with an `evals` and a `controls` list whose entries are the new counts, where there are some."""
    lists: dict[str, Any] = {
        key: [counts.get((one["step"], one["task"], one["n"], one.get("temperature")), one) for one in values[key]]
        for key in ("evals", "controls")
        if key in values
    }
    return {**values, **lists}
