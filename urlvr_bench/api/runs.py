"""Make one run from Python: in a process of its own, so that it is safe in a notebook and under spawn."""

import time
from os import PathLike
from pathlib import Path
from typing import Any

from urlvr_bench.errors import UsageError
from urlvr_bench.records import record
from urlvr_bench.records.schema import Record
from urlvr_bench.running import machine, plan, runner, worker
from urlvr_bench.running.plan import Cell

POLL_SECONDS = 0.2


def run(
    method: str,
    *,
    task: str | None = None,
    model: str | None = None,
    protocol: str = "pocket",
    seed: int = 0,
    out: str | PathLike[str] = "runs",
    **settings: Any,
) -> Record:
    """Train and evaluate one method under a protocol, and return the record; a run that is done is not made again.

    `settings` override the protocol's, as `--set` does: `steps=50`, or `**{"evaluation.temperature": 0.6}`. The run
    lies in its folder under `out`, where an interrupted one is continued. Raises UsageError for names and settings
    that are unknown, RuntimeError with the reason where the run failed.
    """
    overrides = {key: _yaml(value) for key, value in settings.items()}
    models, goals = [model] if model else [], [task] if task else []
    (cell,) = plan.lay_out(plan.grid(protocol, [method], [seed], models, goals, overrides), Path(out))
    if cell.state != "done":
        _carry_out(cell)
    return record.read(cell.folder / "record.json")


def _carry_out(cell: Cell) -> None:
    """Run the worker to its end; whatever interrupts the caller stops it at a place where it can be continued."""
    worker.prepare(cell.run, cell.folder)
    process = runner.spawn(cell.folder, next(iter(machine.devices()), None))
    try:
        while process.poll() is None:
            time.sleep(POLL_SECONDS)
    finally:
        if process.poll() is None:
            runner.stop([process])
    if process.returncode:
        raise RuntimeError(f"{cell.folder}: {runner.reason(cell.folder, process.returncode)}")


def _yaml(value: Any) -> str:
    """Return a setting as the command line takes it."""
    if value is None:
        return "null"
    if isinstance(value, bool | int | float | str):
        return str(value).lower() if isinstance(value, bool) else str(value)
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_yaml, value))}]"
    raise UsageError(f"setting {value!r} is a {type(value).__name__}; give a number, text, true or false, or a list")
