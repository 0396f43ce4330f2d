"""What a command is about to run: the grid of runs, and which of them are done."""

import dataclasses
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from urlvr_bench import methods, protocol, tasks
from urlvr_bench.errors import UsageError
from urlvr_bench.models import resolve
from urlvr_bench.needs import OF_TASKS, SOURCES
from urlvr_bench.protocol import Protocol, Run
from urlvr_bench.records.run_folder import is_occupied
from urlvr_bench.rollouts import Method
from urlvr_bench.running import claims
from urlvr_bench.running.made_of import unchanged
from urlvr_bench.task import Task
from urlvr_bench.task_config import AT

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
    built = _distinct(method_specs)
    _labels_are_there(settings, goals, built)
    for task, (name, method) in itertools.product(map(tasks.load, goals), built):
        _pays(task, name, method)
    return [
        Run(settings, model, task, name, seed, changed_params(method), overrides)
        for model, task, (name, method), seed in itertools.product(models, goals, built, seeds)
    ]


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


def _pays(task: Task, name: str, method: Method) -> None:
    """Refuse a method that reads what the task cannot give, before anything is trained."""
    for signal in OF_TASKS & set(method.needs) - task.gives:
        raise UsageError(f"{task.name} does not give {name} what it needs: {SOURCES[signal]}; choose another --task")


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
        if tasks.load(name).own and name.partition(AT)[0] in {goal.partition(AT)[0] for goal in goals}:
            raise UsageError(f"{name} is trained on whole, so it cannot judge: name another file or task")
        if "test" not in tasks.load(name).splits:
            raise UsageError(f"{name} cannot judge: not every prompt in it has an answer")


def changed_params(method: Method) -> dict[str, Any]:
    """Return the hyper-parameters that differ from the method's defaults."""
    values = {field.name: (getattr(method, field.name), field.default) for field in dataclasses.fields(method)}
    return {name: value for name, (value, default) in values.items() if value != default}


def as_published(run: Run) -> Protocol | None:
    """Return the protocol of a run without what it changes, None where that does not ship."""
    return protocol.load(run.protocol.exact) if protocol.is_published(run.protocol.exact) else None


def changed(run: Run) -> dict[str, list[Any]]:
    """Return the settings that a run changes in its published protocol: what each is now, and what it was there."""
    was = as_published(run)
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

    UsageError where `out` is no folder, or a run in it was begun with another text of its method or other prompts.
    """
    if out.exists() and not out.is_dir():
        raise UsageError(f"{out} is a file, not a folder for runs: give another --out")
    taken = {name: claim.command for claim in claims.claims(out) for name in claim.runs}
    return [_cell(run, out / run.path, taken.get(run.path.as_posix())) for run in runs]


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
