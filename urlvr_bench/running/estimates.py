"""How long the runs of a plan may take, and how much memory."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from statistics import fmean

from urlvr_bench import protocol
from urlvr_bench.errors import UsageError
from urlvr_bench.models import is_prior
from urlvr_bench.protocol import Run
from urlvr_bench.records import record
from urlvr_bench.running import cpu_cost, machine, pace
from urlvr_bench.running.plan import Cell
from urlvr_bench.running.shapes import shape_of


def minutes_per_run(cell: Cell, out: Path, threads: int) -> float | None:
    """Return how long a run may take: what finished runs of its kind took, the protocol's own figure, or an estimate.

    Kinds are protocol, model and task. A real model that the protocol does not name, or in a precision that this
    processor only emulates, is estimated on a CPU; on a GPU nothing is known of it.
    """
    run, settings = cell.run, cell.run.protocol
    folder = (out / run.path).parents[1]
    found = [record.read(path) for path in sorted(folder.rglob("record.json"))[:20]] if folder.is_dir() else []
    seconds = [done.provenance.train_seconds + done.provenance.eval_seconds for done in found]
    if seconds:
        return fmean(seconds) / 60
    own = (run.model, run.task, run.overrides) == (settings.model, settings.task, {})
    if is_prior(run.model) or (own and not emulates(run, threads)):
        return in_proportion(run)
    with suppress(UsageError):  # of a shape or a set that is not known yet; what needs them says so
        return None if machine.devices() else cpu_cost.cost(run, threads).minutes
    return None


def in_proportion(run: Run) -> float | None:
    """Return the protocol's own figure, in proportion to the completions that the run's settings ask for instead."""
    minutes, name = run.protocol.reference_minutes, run.protocol.exact
    if minutes is None or not run.overrides or not protocol.is_published(name):
        return minutes
    return pace.whole(run, [(replace(run, protocol=protocol.load(name), overrides={}), minutes)])


def emulates(run: Run, threads: int) -> bool:
    """Return whether a run would be faster in float32 on this machine than in the precision that it asks for."""
    return not machine.devices() and cpu_cost.emulated(run, threads)


def minutes_in_float32(cells: Sequence[Cell], jobs: int) -> float | None:
    """Return how long the longest run that is left takes in float32, where that is faster; None where it is not."""
    left = [cell.run for cell in cells if cell.left]
    each = {(run.model, run.task): run for run in left if not is_prior(run.model)}
    found = []
    for run in each.values():
        with suppress(UsageError):
            own = machine.threads(run.model, min(jobs, len(left)))
            found += [cpu_cost.cost(cpu_cost.in_float32(run), own).minutes] if emulates(run, own) else []
    return max(found, default=None)


def estimated_minutes(cells: Sequence[Cell], out: Path, jobs: int) -> float | None:
    """Return how long the runs that are left may take, side by side; None where nothing is known."""
    left = [cell for cell in cells if cell.left]
    known: dict[Path, float | None] = {}
    for cell in left:
        kind = (out / cell.run.path).parents[1]
        if kind not in known:
            known[kind] = minutes_per_run(cell, out, machine.threads(cell.run.model, min(jobs, len(left))))
    each = [known[(out / cell.run.path).parents[1]] for cell in left]
    if any(minutes is None for minutes in each):
        return None
    return sum(minutes or 0.0 for minutes in each) / max(1, min(jobs, len(left)))


def memory_per_run(cells: Sequence[Cell]) -> float | None:
    """Return bytes that the largest of the runs that are left may take; None for pocket priors, on GPUs, unknown."""
    left = {(cell.run.model, cell.run.task): cell.run for cell in cells if cell.left and not is_prior(cell.run.model)}
    if not left or machine.devices():
        return None
    with suppress(UsageError):
        return max(
            cpu_cost.memory(shape_of(run.model), run.protocol.training, cpu_cost.prompt_tokens(run.task))
            for run in left.values()
        )
    return None
