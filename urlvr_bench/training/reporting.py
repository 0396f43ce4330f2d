"""Send the numbers of each step to a tracker of experiments, under their names in steps.jsonl.

The training is the same with and without: its random numbers are put back, and a tracker that fails is left alone.
"""

import os
import random
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from urlvr_bench.errors import UsageError, unknown
from urlvr_bench.protocol import Run
from urlvr_bench.records.record import Steps, short_hash

VARIABLE = "URLVR_REPORT_TO"
"""Names the variable by which a command tells its workers where to report to."""
TRACKERS = ("tensorboard", "trackio", "wandb")
PROJECT = "urlvr-bench"

Say = Callable[[str], None]
Row = Mapping[str, Any]


def use(name: str | None) -> None:
    """Let the workers that this process starts report to a tracker, whose package must be installed."""
    if name is None:
        return
    if name not in TRACKERS:
        raise unknown("tracker", name, TRACKERS)
    if find_spec(name) is None:
        raise UsageError(f"--report-to {name} needs the package {name}: pip install 'urlvr-bench[{name}]'")
    os.environ[VARIABLE] = name


def numbers(row: Row) -> dict[str, float]:
    """Return what is reported of a row of steps.jsonl: each number by its name, and the seconds of the parts."""
    found = {
        name: row[name] for name in Steps.model_fields if isinstance(row.get(name), int | float) and name != "step"
    }
    return found | {f"seconds/{part}": value for part, value in row["seconds"].items()}


class Report:
    """What is told of one run, from the first row on."""

    def __init__(self, name: str | None, run: Run, folder: Path, say: Say) -> None:
        self.name, self.run, self.folder, self.say = name, run, folder, say
        self._tracker: Any = None

    def __call__(self, row: Row) -> None:
        """Report a row; a tracker that fails is told of in the log once, and not called again."""
        if self.name is None:
            return
        with _undisturbed():
            try:
                self._tracker = self._tracker or started(self.name, self.run, self.folder)
                self._tracker.log(numbers(row), step=row["step"])
            except Exception as error:
                self.say(f"nothing more is reported to {self.name}: {type(error).__name__}: {error}")
                self.name = None

    def close(self) -> None:
        """Have the tracker send what it holds back."""
        if self._tracker is not None:
            with _undisturbed(), suppress(Exception):
                self._tracker.finish()


@contextmanager
def opened(run: Run, folder: Path, say: Say) -> Iterator[Report]:
    """Report a run to where the command has said, if anywhere."""
    report = Report(os.environ.get(VARIABLE) or None, run, folder, say)
    try:
        yield report
    finally:
        report.close()


def started(name: str, run: Run, folder: Path) -> Any:
    """Return Accelerate's tracker of a run, which goes on in the same place. No token is handed on."""
    from accelerate import tracking

    if name == "tensorboard":
        tracker: Any = tracking.TensorBoardTracker("", folder / "tensorboard")
    else:
        path = run.path.as_posix()
        told = {"name": path, "resume": "allow", "config": {**run.protocol.model_dump(mode="json"), "seed": run.seed}}
        if name == "wandb":
            project = os.environ.get("WANDB_PROJECT", PROJECT)
            tracker = tracking.WandBTracker(project, id=short_hash(path), dir=str(folder), **told)
        else:
            tracker = tracking.TrackioTracker(PROJECT, **told)
    tracker.start()
    return tracker


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Leave the global random generators as they were: a tracker may draw a name from them."""
    import torch

    python, legacy, drawn = random.getstate(), np.random.get_state(), torch.get_rng_state()
    try:
        yield
    finally:
        random.setstate(python)
        np.random.set_state(legacy)
        torch.set_rng_state(drawn)
