"""What a command is about to run: the grid of runs, and which of them are done."""

import dataclasses
import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from urlvr_bench import methods, protocol, tasks
from urlvr_bench.errors import UsageError
from urlvr_bench.models import resolve
from urlvr_bench.protocol import Run
from urlvr_bench.records import record
from urlvr_bench.records.run_folder import is_occupied
from urlvr_bench.rollouts import Method
from urlvr_bench.running import claims, fitting
from urlvr_bench.running.made_of import unchanged

HIGHEST_SEED = 2**32 - 1
"""Of numpy's generator, which a training seeds with the run's seed."""
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
    """Return every run of protocol x model x task x method x seed, each once; every name is checked."""
    overrides = dict(overrides or {})
    for key in {"evaluation.task", "task"} & overrides.keys():
        overrides[key] = tasks.adopt(overrides[key])
    settings = protocol.load(protocol_name, overrides)
    if len(set(seeds)) != len(seeds):
        raise UsageError(f"seeds {', '.join(map(str, seeds))} are not distinct")
    if beyond := [seed for seed in seeds if not 0 <= seed <= HIGHEST_SEED]:
        raise UsageError(f"seed {beyond[0]} is none: seeds are 0 to {HIGHEST_SEED}")
    models = list(model_names) or [settings.model]
    goals = [tasks.adopt(name) for name in task_names] or [settings.task]
    for name in models:
        resolve(name)
    for name in filter(None, (*goals, settings.evaluation.task, *settings.evaluation.ood)):
        tasks.load(name)
    built = _distinct(method_specs)
    fitting.refuse(settings, models, goals, built)
    runs = _each_once(
        Run(settings, model, task, name, seed, changed_params(method), overrides)
        for model, task, (name, method), seed in itertools.product(models, goals, built, seeds)
    )
    fitting.can_be_recorded(runs)
    return runs


def _distinct(specs: Sequence[str]) -> list[tuple[str, Method]]:
    """Return the methods of some specs; refuse to name one twice, by an alias or otherwise."""
    found: dict[tuple[str, str], str] = {}
    built = [methods.build(spec) for spec in specs]
    for spec, (name, method) in zip(specs, built, strict=True):
        key = (name, repr(changed_params(method)))
        if key in found:
            raise UsageError(f"methods {found[key]} and {spec} are the same: name it once")
        found[key] = spec
    return built


def _each_once(runs: Iterable[Run]) -> list[Run]:
    """Return different runs, for a model may be named twice; refuse two models whose runs would share a folder."""
    found: dict[Path, Run] = {}
    for run in runs:
        first = found.setdefault(run.path, run)
        if resolve(first.model) != resolve(run.model):
            raise UsageError(
                f"models {first.model} and {run.model} have one name, {run.path.parts[1]}: rename a folder"
            )
    return list(found.values())


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
    """Return the runs with their folders under `out` and their states.

    UsageError where `out` is no folder, a record in it is damaged, or a run in it was begun with another text of its
    method or other prompts.
    """
    if file := next((place for place in (out, *out.parents) if place.is_file()), None):
        raise UsageError(f"--out {out}: {file} is a file; give the folder that is to hold the run folders")
    taken = {name: claim.command for claim in claims.claims(out) for name in claim.runs}
    cells = [_cell(run, out / run.path, taken.get(run.path.as_posix())) for run in runs]
    done = [cell.folder / "record.json" for cell in cells if cell.state == "done"]
    if damaged := next((one for one in record.try_files(done) if isinstance(one, UsageError)), None):
        raise UsageError(f"{damaged}: this record is damaged; delete it, and run the same command again")
    return cells


def _cell(run: Run, folder: Path, command: str | None) -> Cell:
    state = state_of(folder)
    if state in ("begun", "done"):
        unchanged(run, folder)
    return Cell(run, folder, state) if state == "done" or command is None else Cell(run, folder, "running", command)


def state_of(folder: Path) -> State:
    """Return whether a run folder is finished, held by a worker, begun, or not yet there."""
    if (folder / "record.json").is_file():
        return "done"
    if is_occupied(folder):
        return "running"
    return "begun" if (folder / "run.json").is_file() else "new"
