"""Carry out a plan: each run in a child process, several side by side, with live progress."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from urlvr_bench.records.run_folder import holder, last_step
from urlvr_bench.running import claims, worker
from urlvr_bench.running.nursery import THREADS, Forked
from urlvr_bench.running.plan import Cell, devices, threads
from urlvr_bench.system import processes
from urlvr_bench.training import devices as accelerate

POLL_SECONDS = 0.25

Worker = subprocess.Popen[bytes] | Forked


@dataclass
class Job:
    """A run that is being carried out."""

    cell: Cell
    process: Worker
    device: str | None
    line: TaskID


@dataclass(frozen=True)
class Outcome:
    """How a run ended; `error` is None where it left a record."""

    cell: Cell
    error: str | None


def environment(device: str | None, number: int = 1) -> dict[str, str]:
    """Return a child's environment: one GPU, or a number of threads."""
    values = dict(os.environ) | {"TOKENIZERS_PARALLELISM": "false", "HF_HUB_DISABLE_TELEMETRY": "1"}
    if device is not None:
        return values | {"CUDA_VISIBLE_DEVICES": device}
    return values | {THREADS: str(number), "MKL_NUM_THREADS": str(number)}


def spawn(folder: Path, device: str | None, own_session: bool = True, number: int = 1) -> subprocess.Popen[bytes]:
    """Start the worker of a run that is laid out; what it prints goes to log.txt of its folder. It ends with us."""
    with (folder / "log.txt").open("ab") as log:
        return subprocess.Popen(  # noqa: S603
            [sys.executable, "-m", "urlvr_bench.running.worker", str(folder), "--follow", "0"],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=environment(device, number),
            start_new_session=own_session,
        )


def start(cell: Cell, device: str | None, jobs: int = 1) -> Worker:
    """Lay out a run's folder and start its worker."""
    worker.prepare(cell.run, cell.folder)
    number = threads(cell.run.model, jobs)
    if device is None and not accelerate.asked():
        os.environ.update(environment(None))
        return Forked(cell.folder, number)
    return spawn(cell.folder, device, number=number)


def reason(folder: Path, code: int) -> str:
    """Return why a worker ended with `code`, which is not 0."""
    error_file = folder / worker.ERROR
    if error_file.is_file():
        return error_file.read_text().strip()
    if code == processes.EXIT_CODE:
        return "stopped on request after a checkpoint; run the same command again to go on"
    if code == worker.OCCUPIED:
        return f"in use by {holder(folder)}: wait for it, or stop it"
    if worker.is_full(folder):  # and had no room for the reason either
        return worker.NO_ROOM
    return f"the process ended with {code}; see {folder / 'log.txt'}"


def outcome(job: Job) -> Outcome:
    """Return how a finished child ended."""
    code = job.process.returncode
    return Outcome(job.cell, reason(job.cell.folder, code) if code else None)


def carry_out(cells: Sequence[Cell], jobs: int, console: Console) -> list[Outcome]:
    """Carry out the cells that are left and that no other command takes on meanwhile, `jobs` at a time.

    What stops this process stops all children first.
    """
    left = {cell.folder: cell for cell in cells if cell.left}
    if not left:
        return []
    with processes.stoppable(), claims.claimed(cells[0].out, list(left)) as ours:
        for folder in ours:
            (folder / worker.ERROR).unlink(missing_ok=True)  # of an earlier attempt
        return _carry_out([left[folder] for folder in ours], jobs, console)


def _carry_out(waiting: list[Cell], jobs: int, console: Console) -> list[Outcome]:
    shared = accelerate.asked()  # every run takes all devices
    free: list[str | None] = [None] * jobs if shared else list(devices()) or [None] * jobs
    free = (free * jobs)[:jobs]
    running: list[Job] = []
    outcomes: list[Outcome] = []
    with _progress(console) as progress:
        total = progress.add_task("all runs", total=len(waiting), detail="")
        try:
            while waiting or running:
                while waiting and free:
                    cell, device = waiting.pop(0), free.pop(0)
                    steps = cell.run.protocol.training.steps
                    line = progress.add_task(label(cell), total=steps, detail="starting")
                    running.append(
                        Job(cell, start(cell, device, min(jobs, len(waiting) + len(running) + 1)), device, line)
                    )
                time.sleep(POLL_SECONDS)
                for job in list(running):
                    _show(progress, job)
                    if job.process.poll() is not None:
                        running.remove(job)
                        free.append(job.device)
                        outcomes.append(outcome(job))
                        progress.remove_task(job.line)
                        progress.advance(total)
                        _report(progress.console, outcomes[-1])
        finally:
            stop([job.process for job in running])
    return outcomes


def stop(workers: Sequence[Worker]) -> None:
    """End the workers: politely first, then by force; their folders can be continued."""
    for one in workers:
        one.terminate()
    deadline = time.monotonic() + processes.GRACE_SECONDS
    for one in workers:
        try:
            one.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            one.kill()
            one.wait()


def label(cell: Cell) -> str:
    """Return a run's name for people: what differs between the runs of one command."""
    return f"{cell.run.model} {cell.run.method_id} seed {cell.run.seed}"


def _show(progress: Progress, job: Job) -> None:
    row = last_step(job.cell.folder / "steps.jsonl")
    if row is None:
        return
    right = row["train_accuracy"]
    detail = f"reward {row['proxy_reward']:.3f}" + ("" if right is None else f"  accuracy {right:.3f}")
    done = row["step"] == job.cell.run.protocol.training.steps
    progress.update(job.line, completed=row["step"], detail="evaluating" if done else detail)


def _report(console: Console, ended: Outcome) -> None:
    mark = "[green]done[/]  " if ended.error is None else "[red]failed[/]"
    console.print(f"{mark} {label(ended.cell)}", highlight=False)


@contextmanager
def _progress(console: Console) -> Iterator[Progress]:
    columns = (TextColumn("{task.description}"), BarColumn(20), MofNCompleteColumn(), TimeRemainingColumn(True))
    with Progress(*columns, TextColumn("{task.fields[detail]}"), console=console, transient=True) as progress:
        yield progress
