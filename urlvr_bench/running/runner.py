"""Carry out a plan: each run in a child process, several side by side, with live progress."""

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from urlvr_bench.records.run_folder import holder
from urlvr_bench.running import claims, worker
from urlvr_bench.running.estimates import estimated_minutes
from urlvr_bench.running.machine import devices, threads
from urlvr_bench.running.nursery import THREADS, Forked
from urlvr_bench.running.plan import Cell
from urlvr_bench.running.progress import Progress
from urlvr_bench.system import processes
from urlvr_bench.training import devices as accelerate

POLL_SECONDS = 0.25
ALLOCATOR = {"MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": str(1 << 30)}
"""How glibc keeps the memory of tensors for the next step of a run on a CPU, instead of faulting every page in anew."""

Worker = subprocess.Popen[bytes] | Forked


@dataclass
class Job:
    """A run that is being carried out."""

    cell: Cell
    process: Worker
    device: str | None


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
    return ALLOCATOR | values | {THREADS: str(number), "MKL_NUM_THREADS": str(number)}


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
    minutes = estimated_minutes(waiting, waiting[0].out, jobs) if waiting else None
    with Progress(console, waiting, jobs, None if minutes is None else 60 * minutes) as progress:
        try:
            while waiting or running:
                while waiting and free:
                    cell, device = waiting.pop(0), free.pop(0)
                    progress.begin(cell)
                    beside = min(jobs, len(waiting) + len(running) + 1)
                    running.append(Job(cell, start(cell, device, beside), device))
                time.sleep(POLL_SECONDS)
                progress.look()
                for job in list(running):
                    if job.process.poll() is not None:
                        running.remove(job)
                        free.append(job.device)
                        outcomes.append(outcome(job))
                        progress.end(job.cell, outcomes[-1].error is not None)
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
