"""What a command is about to run: the grid of runs, which of them are done, and how long the rest may take."""

import dataclasses
import itertools
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any, Literal

from urlvr_bench import methods, protocol, tasks
from urlvr_bench.errors import UsageError
from urlvr_bench.models import is_prior, resolve
from urlvr_bench.protocol import Protocol, Run
from urlvr_bench.records import record
from urlvr_bench.records.run_folder import is_occupied
from urlvr_bench.rollouts import Method
from urlvr_bench.running import claims, cpu_cost
from urlvr_bench.running.shapes import shape_of

State = Literal["new", "begun", "running", "done"]


@dataclass(frozen=True)
class Cell:
    """One run, where it lies, and how far it is."""

    run: Run
    folder: Path
    state: State
    command: str | None = None
    """The other command that has taken it on, in words."""

    @property
    def left(self) -> bool:
        """Whether it is for this command to do."""
        return self.state != "done" and self.command is None

    @property
    def out(self) -> Path:
        """The folder of all run folders."""
        return self.folder.parents[len(self.run.path.parts) - 1]


def grid(
    protocol_name: str,
    method_specs: Sequence[str],
    seeds: Sequence[int],
    model_names: Sequence[str] = (),
    task_names: Sequence[str] = (),
    overrides: Mapping[str, str] | None = None,
) -> list[Run]:
    """Return every run of protocol x model x task x method x seed; every name is checked."""
    overrides = dict(overrides or {})
    if "evaluation.task" in overrides:
        overrides["evaluation.task"] = tasks.adopt(overrides["evaluation.task"])
    settings = protocol.load(protocol_name, overrides)
    if len(set(seeds)) != len(seeds):
        raise UsageError(f"seeds {', '.join(map(str, seeds))} are not distinct")
    models = list(model_names) or [settings.model]
    goals = [tasks.adopt(name) for name in task_names] or [settings.task]
    for name in models:
        resolve(name)
    for name in filter(None, (*goals, settings.evaluation.task, *settings.evaluation.ood)):
        tasks.load(name)
    built = [methods.build(spec) for spec in method_specs]
    _labels_are_there(settings, goals, built)
    return [
        Run(settings, model, task, name, seed, changed_params(method), overrides)
        for model, task, (name, method), seed in itertools.product(models, goals, built, seeds)
    ]


def _labels_are_there(settings: Protocol, goals: Sequence[str], built: Sequence[tuple[str, Method]]) -> None:
    """Refuse to judge, or to train with labels, where nobody knows the answers."""
    for task in map(tasks.load, goals):
        needy = next((name for name, method in built if method.uses_labels()), None)
        if not task.labelled and needy:
            raise UsageError(f"{needy} reads labels, and not every prompt of {task.name} has an answer: add them")
        if not task.labelled and (settings.training.initial_vote != "any" or settings.training.split == "test"):
            raise UsageError(
                f"training.initial_vote and training.split=test need answers to every prompt of {task.name}"
            )
    for name in filter(None, (settings.evaluation.task, *settings.evaluation.ood)):
        if "test" not in tasks.load(name).splits:
            raise UsageError(f"{name} cannot judge: not every prompt in it has an answer")


def changed_params(method: Method) -> dict[str, Any]:
    """Return the hyper-parameters that differ from the method's defaults."""
    values = {field.name: (getattr(method, field.name), field.default) for field in dataclasses.fields(method)}
    return {name: value for name, (value, default) in values.items() if value != default}


def changed(run: Run) -> dict[str, list[Any]]:
    """Return the settings that a run changes in its published protocol: what each is now, and what it was there."""
    was = protocol.load(run.protocol.exact) if protocol.is_published(run.protocol.exact) else None
    found = {}
    for key in run.overrides:
        section, _, name = key.rpartition(".")
        holder = section or ("training" if hasattr(run.protocol.training, name) else "evaluation")
        now, before = (getattr(getattr(one, holder), name) if one else None for one in (run.protocol, was))
        found[key] = [_bare(now), _bare(before)]
    return found


def _bare(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def lay_out(runs: Sequence[Run], out: Path) -> list[Cell]:
    """Return the runs with their folders under `out` and their states."""
    taken = {name: claim.command for claim in claims.claims(out) for name in claim.runs}
    return [_cell(run, out / run.path, taken.get(run.path.as_posix())) for run in runs]


def _cell(run: Run, folder: Path, command: str | None) -> Cell:
    state = state_of(folder)
    return Cell(run, folder, state) if state == "done" or command is None else Cell(run, folder, "running", command)


def state_of(folder: Path) -> State:
    """Return whether a run folder is finished, held by a worker, begun, or not yet there."""
    if (folder / "record.json").is_file():
        return "done"
    if is_occupied(folder):
        return "running"
    return "begun" if (folder / "run.json").is_file() else "new"


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
        return settings.reference_minutes
    with suppress(UsageError):  # of a shape or a set that is not known yet; what needs them says so
        return None if devices() else cpu_cost.cost(run, threads).minutes
    return None


def emulates(run: Run, threads: int) -> bool:
    """Return whether a run would be faster in float32 on this machine than in the precision that it asks for."""
    return not devices() and cpu_cost.emulated(run, threads)


def minutes_in_float32(cells: Sequence[Cell], jobs: int) -> float | None:
    """Return how long the longest run that is left takes in float32, where that is faster; None where it is not."""
    left = [cell.run for cell in cells if cell.left]
    each = {(run.model, run.task): run for run in left if not is_prior(run.model)}
    found = []
    for run in each.values():
        with suppress(UsageError):
            own = threads(run.model, min(jobs, len(left)))
            found += [cpu_cost.cost(cpu_cost.in_float32(run), own).minutes] if emulates(run, own) else []
    return max(found, default=None)


def estimated_minutes(cells: Sequence[Cell], out: Path, jobs: int) -> float | None:
    """Return how long the runs that are left may take, side by side; None where nothing is known."""
    left = [cell for cell in cells if cell.left]
    known: dict[Path, float | None] = {}
    for cell in left:
        kind = (out / cell.run.path).parents[1]
        if kind not in known:
            known[kind] = minutes_per_run(cell, out, threads(cell.run.model, min(jobs, len(left))))
    each = [known[(out / cell.run.path).parents[1]] for cell in left]
    if any(minutes is None for minutes in each):
        return None
    return sum(minutes or 0.0 for minutes in each) / max(1, min(jobs, len(left)))


def memory_per_run(cells: Sequence[Cell]) -> float | None:
    """Return bytes that the largest of the runs that are left may take; None for pocket priors, on GPUs, unknown."""
    left = {(cell.run.model, cell.run.task): cell.run for cell in cells if cell.left and not is_prior(cell.run.model)}
    if not left or devices():
        return None
    with suppress(UsageError):
        return max(
            cpu_cost.memory(shape_of(run.model), run.protocol.training, cpu_cost.prompt_tokens(run.task))
            for run in left.values()
        )
    return None


def threads(model: str, jobs: int) -> int:
    """Return the threads of a run on a CPU: OMP_NUM_THREADS, else its share of the cores.

    A pocket prior is slower on two threads than on one; any model is many times slower on threads that wait for cores
    which other programs hold.
    """
    asked = os.environ.get("OMP_NUM_THREADS", "")
    share = int(asked) if asked.isdigit() else len(os.sched_getaffinity(0)) // max(1, jobs)
    return 1 if is_prior(model) else max(1, share)


def devices() -> list[str]:
    """Return the names of the visible GPUs, none on a machine without."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is not None:
        return [name for name in visible.split(",") if name]
    if shutil.which("nvidia-smi") is None:
        return []
    listing = subprocess.run(["nvidia-smi", "-L"], capture_output=True, text=True, check=False)  # noqa: S607
    return [str(i) for i, line in enumerate(listing.stdout.splitlines()) if line.startswith("GPU ")]


def default_jobs() -> int:
    """Return one job per GPU, or per processor core on a machine without."""
    return len(devices()) or len(os.sched_getaffinity(0))
