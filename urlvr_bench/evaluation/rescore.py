"""Score stored samples again, by the tasks as they are now; no language model and no lm-eval."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from urlvr_bench import tasks
from urlvr_bench.errors import UsageError
from urlvr_bench.evaluation.counting import Graded, count, following, grade, line
from urlvr_bench.evaluation.samples import PARTIAL, stored
from urlvr_bench.records import record, run_folder
from urlvr_bench.records.measured import Control, Eval

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
    found = [_rescore(file) for file in files(path)]
    first = {
        one.counts.task: [problem.answers for problem in one.graded]
        for one in found
        if (place := STEP.search(one.path.as_posix())) and int(place[1]) == 0 and place[2] is None
    }
    return [_compare(one, known, first.get(one.counts.task)) for one in found]


def files(path: Path) -> list[Path]:
    """Return the files of samples under `path`."""
    if path.is_file():
        if path.suffix != ".jsonl" or not tasks.exists(path.stem):
            raise UsageError(f"{path} holds no samples: their file is called <task>.jsonl, after what was judged")
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


def _compare(found: Rescored, known: record.Record | None, first: Sequence[Sequence[str | None]] | None) -> Rescored:
    """Add what the record says of the same evaluation, and what it counts of the answers that led at step 0."""
    place = STEP.search(found.path.as_posix())
    if known is None or place is None:
        return found
    counts: Eval = found.counts
    if place[2] is not None:
        counts = Control(**found.counts.model_dump(), temperature=float(place[2]))
    every: Sequence[Eval] = known.evals if place[2] is None else known.controls
    recorded = next((one for one in every if _name(one) == _name(counts)), None)
    if recorded is not None and recorded.initial is not None and first is not None:
        task, pairs = tasks.load(counts.task), zip(first, found.graded, strict=True)
        initial = [following(task, before, problem.answers) for before, problem in pairs]
        counts = counts.model_copy(update={"initial": initial})
    return replace(found, counts=counts, recorded=recorded)


def _name(counts: Eval) -> tuple[object, ...]:
    return counts.step, counts.task, counts.n, getattr(counts, "temperature", None)


def write(path: Path, found: Sequence[Rescored]) -> None:
    """Put new verdicts into the files of samples and, in a run, new counts into its evaluations and its record."""
    for one in found:
        lines = [line(doc, graded) for doc, graded in zip(one.docs, one.graded, strict=True)]
        record.write_atomically(one.path, "".join(f"{text}\n" for text in lines))
    counts = {_name(one.counts): one.counts.model_dump() for one in found}
    for step in sorted((path / "evals").glob("step-*.json")):
        values = _updated(run_folder.once(step, _damaged, _silent), counts)
        step.unlink()
        run_folder.once(step, lambda values=values: values, _silent)  # type: ignore[misc]
    if (path / "record.json").is_file():
        known = record.read(path / "record.json").model_dump(mode="json")
        record.write(record.Record.model_validate_json(json.dumps(_updated(known, counts))), path / "record.json")


def _damaged() -> dict[str, Any]:
    raise UsageError("an evaluation of this run is damaged: give the run's command again, which makes it anew")


def _silent(_: str) -> None:
    """Say nothing."""


def _updated(values: dict[str, Any], counts: dict[tuple[object, ...], dict[str, Any]]) -> dict[str, Any]:
    """Return values with an `evals` and a `controls` list whose entries are the new counts, where there are some."""
    lists: dict[str, Any] = {
        key: [counts.get((one["step"], one["task"], one["n"], one.get("temperature")), one) for one in values[key]]
        for key in ("evals", "controls")
        if key in values
    }
    return {**values, **lists}
