"""What a study is: a question, the runs that answer it on the pocket lab and on GPUs, and how they are shown."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError

from urlvr_bench.errors import UsageError, unknown
from urlvr_bench.protocol import Run
from urlvr_bench.records.measured import Frozen
from urlvr_bench.records.schema import Record
from urlvr_bench.running import plan
from urlvr_bench.settings import first_problem
from urlvr_bench.system import plain_yaml

FOLDER = Path(__file__).parent
Scale = Literal["pocket", "gpu"]
SCALES = ("pocket", "gpu")


class Sweep(Frozen):
    """Runs that differ in their method, model, task and seed, and in one setting at a time."""

    protocol: str
    methods: tuple[str, ...] = Field(min_length=1)
    models: tuple[str, ...] = ()
    tasks: tuple[str, ...] = ()
    seeds: int = Field(3, ge=1)
    settings: dict[str, Any] = Field(default_factory=dict)
    """Protocol settings of every run."""
    vary: dict[str, tuple[Any, ...]] = Field(default_factory=dict)
    """Settings that take each of these values in turn, while the others stay."""
    base: bool = True
    """Whether the runs where nothing is varied belong to the sweep."""
    quick: bool = True
    """Whether the quick form has the sweep, with one seed."""

    def variants(self) -> Iterator[dict[str, str]]:
        """Yield the settings of each variant, as protocol overrides."""
        if self.base or not self.vary:
            yield _texts(self.settings)
        for key, values in self.vary.items():
            for value in values:
                yield _texts({**self.settings, key: value})

    def runs(self, seeds: int) -> list[Run]:
        """Return every run of the sweep."""
        return [
            run
            for overrides in self.variants()
            for run in plan.grid(self.protocol, self.methods, range(seeds), self.models, self.tasks, overrides)
        ]


class Form(Frozen):
    """The runs of a study at one scale."""

    sweeps: tuple[Sweep, ...] = Field(min_length=1)

    def runs(self, quick: bool = False) -> list[Run]:
        """Return every run, once; the quick form has one seed and only the sweeps that belong to it."""
        found: dict[Path, Run] = {}
        for sweep in self.sweeps:
            if sweep.quick or not quick:
                found |= {run.path: run for run in sweep.runs(1 if quick else sweep.seeds)}
        return list(found.values())

    def first(self) -> list[Run]:
        """Return every run of the sweeps that the quick form draws on: those that a page cannot speak without."""
        return [run for sweep in self.sweeps if sweep.quick for run in sweep.runs(sweep.seeds)]


class Study(Frozen):
    """A finding of the study behind this suite (arXiv 2603.08660), as a question and the runs that answer it."""

    name: str
    title: str
    question: str
    paper: str
    """What the paper found, and where it says so."""
    view: Literal["arms", "tasks", "transitions", "alignment", "foretelling", "verifying"] = "arms"
    panel: Literal["setting", "method", "model", "task"] = "setting"
    """What has a panel of its own in the figure."""
    criteria: dict[str, float] = Field(default_factory=dict)
    """Numbers that decide the question, fixed before any of the runs was made; the view says what they bound."""
    pocket: Form
    gpu: Form

    def form(self, scale: str) -> Form:
        """Return the study's form at a scale."""
        if scale not in SCALES:
            raise unknown("scale", scale, SCALES)
        return self.pocket if scale == "pocket" else self.gpu

    def answered(self, known: Iterable[Record]) -> list[Record]:
        """Return the records of the pocket runs, in their order; none until all that a reading needs are there."""
        by_path = {one.path: one for one in known}
        if not all(run.record_path in by_path for run in self.pocket.first()):
            return []
        return [by_path[run.record_path] for run in self.pocket.runs() if run.record_path in by_path]

    def paths(self) -> list[Path]:
        """Return where the records of all runs lie in a store, at both scales, in the order of the study."""
        return [run.record_path for scale in SCALES for run in self.form(scale).runs()]


def names() -> list[str]:
    """Return the names of all studies."""
    return sorted(path.stem for path in FOLDER.glob("*.yaml"))


def load(name: str) -> Study:
    """Return a study by name."""
    if name not in names():
        raise unknown("study", name, names())
    values = plain_yaml.parse((FOLDER / f"{name}.yaml").read_text())
    try:
        return Study.model_validate({"name": name, **values})
    except ValidationError as error:
        raise UsageError(f"study {name}: {first_problem(error)}") from error


def _texts(settings: dict[str, Any]) -> dict[str, str]:
    return {key: json.dumps(value) for key, value in settings.items()}
