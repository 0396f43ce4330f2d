"""Cells: the runs that may be compared, because they differ in nothing but the method and the seed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from urlvr_bench.errors import UsageError
from urlvr_bench.records.described import MethodInfo
from urlvr_bench.records.schema import Record

ROUNDED = 1e-3
"""How far apart, of their size, norms of gradients may lie that differ by rounding alone; 6e-5 has been seen."""
Rows = dict[str, list[Record]]
"""The records of each method, by method id, in the order of their seeds."""


@dataclass(frozen=True, order=True)
class Cell:
    """One protocol, model and training task, judged on one task; hashes and version part what only shares a name."""

    protocol: str
    protocol_hash: str
    model: str
    weights_sha256: str
    task: str
    task_version: str
    judged: str
    """Empty where nothing was judged: prompts of one's own that no other task was named for."""
    along: str
    """The task judged along the way."""

    @property
    def main(self) -> bool:
        """Whether the cell is judged on what was judged along the way, not on a further task at both ends."""
        return self.judged == self.along

    @property
    def title(self) -> str:
        """The cell in words, with the task that it is judged on where that is not the one it was trained on."""
        judged = "" if self.judged == self.task else f" judged on {self.judged}" if self.judged else ", not judged"
        return f"{self.protocol} ({self.protocol_hash}) · {self.model} · {self.task} v{self.task_version}{judged}"


def cells(records: Iterable[Record]) -> dict[Cell, Rows]:
    """Group records by cell and method; the same run given twice counts once.

    Two different records of one run, and problems that differ inside a cell, are errors: nothing would pair up.
    """
    found: dict[Cell, dict[str, dict[int, Record]]] = {}
    for record in records:
        for judged in sorted({evaluation.task for evaluation in record.evals}) or [""]:
            cell = Cell(
                record.protocol_id,
                record.protocol_hash,
                record.model.name,
                record.model.weights_sha256,
                record.task.name,
                record.task.version,
                judged,
                record.judged or "",
            )
            seeds = found.setdefault(cell, {}).setdefault(record.method.id, {})
            if seeds.setdefault(record.seed, record) != record:
                raise UsageError(f"two different records of the run {record.path}; keep one of them")
    grouped = {
        cell: {method: [seeds[seed] for seed in sorted(seeds)] for method, seeds in sorted(rows.items())}
        for cell, rows in sorted(found.items())
    }
    for cell, rows in grouped.items():
        _same_problems(cell, [record for group in rows.values() for record in group])
    return grouped


def _same_problems(cell: Cell, records: Sequence[Record]) -> None:
    first = records[0].problems.get(cell.judged)
    for record in records:
        if record.problems.get(cell.judged) != first:
            raise UsageError(f"{record.path} and {records[0].path} were judged on different problems of {cell.judged}")


def role(method: MethodInfo) -> str:
    """Return what a method is to the reader: a contender, or a reference that frames the others."""
    if method.uses_labels:
        return "reference: supervised"
    return "reference: baseline" if method.family == "baseline" else "contender"


def twins(rows: Rows) -> dict[str, tuple[str, ...]]:
    """Return, for each method, the others whose runs are the same: equal curves, counts and gradients in every seed.

    Two rewards that pay alike on a task up to their scale make the same policies; they are one result, not two.
    """
    same: dict[tuple[object, ...], list[str]] = {}
    for method, records in rows.items():
        same.setdefault(tuple(map(_sampled, records)), []).append(method)
    return {
        method: tuple(other for other in group if other != method and _alike(rows[method], rows[other]))
        for group in same.values()
        for method in group
    }


def _alike(some: Sequence[Record], others: Sequence[Record]) -> bool:
    """Whether runs of equal samples have equal gradients too: in short ones samples may agree by chance."""
    return all(
        np.allclose(_gradients(one), _gradients(other), rtol=ROUNDED, atol=0.0, equal_nan=True)
        for one, other in zip(some, others, strict=True)
    )


def _sampled(record: Record) -> tuple[object, ...]:
    counts = tuple(tuple(evaluation.correct) for evaluation in record.evals)
    return record.seed, tuple(record.steps.train_accuracy), tuple(record.steps.length), counts


def _gradients(record: Record) -> NDArray[np.float64]:
    return np.array(record.steps.grad_norm, dtype=np.float64)


def different(rows: Rows) -> Rows:
    """Return the methods whose runs are not those of another one before them."""
    same = twins(rows)
    return {method: runs for method, runs in rows.items() if all(method < other for other in same[method])}
