"""The evaluations of a run, gathered to be written down in the forms that others read."""

import json
import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from pathlib import Path
from typing import Any

from urlvr_bench import tasks
from urlvr_bench.errors import UsageError, unknown
from urlvr_bench.evaluation.rescore import STEP, files
from urlvr_bench.records import record
from urlvr_bench.records.measured import Control, Eval
from urlvr_bench.records.schema import Record
from urlvr_bench.statistics import metrics


@dataclass(frozen=True)
class Judgement:
    """One evaluation of a run's policy, with its samples where the run's folder is at hand."""

    record: Record
    counts: Eval
    rows: Sequence[Mapping[str, Any]]
    """The problems with their samples, as the evaluation left them; empty without the run's folder."""

    @property
    def temperature(self) -> float:
        """Sampling temperature, 0 for greedy."""
        how = self.counts.temperature if isinstance(self.counts, Control) else None
        return self.record.protocol.evaluation.temperature if how is None else how

    @property
    def model(self) -> str:
        """The policy's name: the model's at step 0, then with method, seed and step."""
        of = self.record
        trained = f"{of.model.name}+{of.method.id}-seed{of.seed}-step{self.counts.step}"
        return trained if self.counts.step else of.model.name

    @property
    def decoding(self) -> dict[str, Any]:
        """The settings of generation in lm-eval's words."""
        spec = self.record.protocol.evaluation
        chance = {"do_sample": self.temperature > 0, "temperature": self.temperature, "top_p": spec.top_p, "top_k": 0}
        return {**chance, "max_gen_toks": spec.max_tokens}

    @property
    def scores(self) -> dict[str, list[float]]:
        """Every metric of every problem, by the names that the tasks give to lm-eval."""
        counts, n = self.counts, self.counts.n
        answered = [sum(count for count, _ in row) for row in counts.votes]
        found = {f"pass@{1 << i}": f"pass@{1 << i}" for i in range(n.bit_length())} | {f"maj@{n}": f"maj@{n}"}
        return {
            "n": [float(n)] * len(answered),
            "correct": [float(count) for count in counts.correct],
            "unparsed": [float(n - count) for count in answered],
            **{name: metrics.per_problem(counts, metric).tolist() for name, metric in found.items()},
        }

    @property
    def source(self) -> tuple[str, str | None]:
        """Where the problems come from and at which commit; empty for a task that this version does not know."""
        if self.counts.task == self.record.task.name:
            return self.record.task.source, self.record.task.revision
        if not tasks.exists(self.counts.task):
            return "", None
        task = tasks.load(self.counts.task)
        return task.source, task.revision


def gather(path: Path, steps: Sequence[int] = ()) -> list[Judgement]:
    """Return the evaluations of a record, or of a run's folder together with their samples; all steps or some."""
    finished = path / "record.json" if path.is_dir() else path
    if not finished.is_file():
        raise UsageError(f"{path} holds no record.json: give a finished run's folder or a record")
    known = record.read(finished)
    found = dict(_stored(path)) if (path / "evals").is_dir() else {}
    every: list[Eval] = [*known.evals, *known.controls]
    if wrong := set(steps) - {counts.step for counts in every}:
        raise unknown("step", str(min(wrong)), sorted({str(counts.step) for counts in every}, key=int))
    return [
        Judgement(known, counts, found.get(_key(counts), ())) for counts in every if not steps or counts.step in steps
    ]


def _stored(run: Path) -> Iterator[tuple[tuple[int, str, str | None], list[dict[str, Any]]]]:
    """Yield the rows of each file of samples, under what tells its evaluation from the others."""
    for path in files(run):
        if place := STEP.search(path.as_posix()):
            how = None if place[2] is None else f"{place[2]} {place[3]}"
            yield (int(place[1]), path.stem, how), [json.loads(text) for text in path.read_text().splitlines()]


def _key(counts: Eval) -> tuple[int, str, str | None]:
    how = f"{counts.temperature:g} {counts.n}" if isinstance(counts, Control) else None
    return counts.step, counts.task, how


def standard_error(values: Sequence[float]) -> float:
    """Return the standard error of the mean over problems, as lm-eval has it; 0 for one problem."""
    return statistics.stdev(values) / sqrt(len(values)) if len(values) > 1 else 0.0
