"""Make a published run again, whole or its first steps, to be held against its record."""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from urlvr_bench import methods, models, tasks
from urlvr_bench.errors import UsageError
from urlvr_bench.protocol import Run
from urlvr_bench.records import record
from urlvr_bench.records.record import Record
from urlvr_bench.records.run_folder import last_step, read_steps
from urlvr_bench.running import machine, plan, runner
from urlvr_bench.running.progress import names


@dataclass(frozen=True)
class Again:
    """What the second run left: its first steps as rows of columns and, where it was made whole, its record."""

    rows: list[dict[str, Any]]
    record: Record | None


def rows_of(one: Record) -> list[dict[str, Any]]:
    """Return the steps of a record as rows of columns."""
    columns = {name: column for name, column in one.steps if column is not None}
    return [{name: column[i] for name, column in columns.items()} for i in range(one.last_step)]


def run_of(one: Record, model: str | None = None) -> Run:
    """Return the run that a record tells of; `model` says where its weights are, if not under its model's name."""
    name = model or one.model.name
    path = models.resolve(name)
    if Path(path).is_dir() and (weights := models.weights_hash(path)) != one.model.weights_sha256:
        raise UsageError(f"{name} has the weights {weights}, the record's are {one.model.weights_sha256}")
    methods.configure(one.method.name, one.method.params)
    tasks.load(one.task.name)
    return Run(one.protocol, name, one.task.name, one.method.name, one.seed, one.method.params, one.overrides)


def make(run: Run, out: Path, steps: int | None, console: Console) -> Again:
    """Make a run again under `out`, to its end or, unless it is further already, for its first `steps` steps."""
    cell = plan.lay_out([run], out)[0]
    if steps is None or steps >= run.protocol.training.steps or cell.state == "done":
        ended = runner.carry_out([cell], 1, console)
        if failed := next((one.error for one in ended if one.error), None):
            raise UsageError(failed)
        found = record.read(cell.folder / "record.json")
        return Again(rows_of(found), found)
    _first_steps(cell, steps, console)
    return Again(read_steps(cell.folder / "steps.jsonl")[:steps], None)


def _first_steps(cell: plan.Cell, steps: int, console: Console) -> None:
    """Train until so many steps are logged, then stop, with a checkpoint to go on from."""
    if _trained(cell.folder) >= steps:
        return
    device = next(iter(machine.devices()), None)
    job = runner.Job(cell, runner.start(cell, device), device)
    try:
        with console.status(f"{steps} steps of {names([cell])[cell.folder]}"):
            while _trained(cell.folder) < steps and job.process.poll() is None:
                time.sleep(runner.POLL_SECONDS)
    finally:
        runner.stop([job.process])
    if _trained(cell.folder) < steps:
        raise UsageError(runner.reason(cell.folder, job.process.returncode or 1))


def _trained(folder: Path) -> int:
    row = last_step(folder / "steps.jsonl")
    return int(row["step"]) if row else 0
