"""Ladders: the runs of one method under one protocol on one task, over all models; and steps of runs to compare."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from urlvr_bench.records.schema import Record
from urlvr_bench.statistics.cells import cells
from urlvr_bench.statistics.metrics import evaluation_at


@dataclass(frozen=True, order=True)
class Ladder:
    """What the runs have in common; hash and version part what only shares a name."""

    protocol: str
    protocol_hash: str
    task: str
    task_version: str
    method: str

    @property
    def title(self) -> str:
        """The ladder in words."""
        return f"{self.protocol} ({self.protocol_hash}) · {self.task} v{self.task_version} · {self.method}"


def ladders(records: Iterable[Record]) -> dict[Ladder, dict[str, list[Record]]]:
    """Group records by ladder and model, the weakest model first; the same run given twice counts once."""
    found: dict[Ladder, dict[str, list[Record]]] = {}
    for cell, rows in cells(records).items():
        for method, group in rows.items() if cell.main and cell.judged else ():
            key = Ladder(cell.protocol, cell.protocol_hash, cell.task, cell.task_version, method)
            found.setdefault(key, {}).setdefault(cell.model, []).extend(group)
    return {
        key: dict(sorted(rungs.items(), key=lambda rung: (start_accuracy(rung[1]), rung[0])))
        for key, rungs in sorted(found.items())
    }


def start_accuracy(records: Sequence[Record], task: str | None = None) -> float:
    """Return the accuracy at step 0: avg@n, over problems and the seeds of the evaluation."""
    firsts = [evaluation_at(record, 0, task) for record in records]
    return float(np.mean([np.mean(first.correct) / first.n for first in firsts]))


def with_end(steps: Sequence[int | None], records: Sequence[Record]) -> list[float]:
    """Return steps for a ranking: a run without the event ranks behind the protocol's last step, with its like."""
    return [
        record.protocol.training.steps + 1.0 if step is None else float(step)
        for step, record in zip(steps, records, strict=True)
    ]
