"""A lab of small runs that are carried out in forked children, so that killing hundreds of them is cheap."""

import hashlib
import json
import multiprocessing
import shutil
import signal
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from urlvr_bench.protocol import Run
from urlvr_bench.running import worker

ROOT = Path(__file__).parents[2]
TINY = {
    "steps": "5",
    "prompts_per_step": "2",
    "problems": "2",
    "samples": "4",
    "max_completion_tokens": "6",
    "max_tokens": "6",
}
"""Checkpoints after steps 2, 4 and 5; evaluations of the start and of the same steps."""
SAME = ("processes", "train_tokens", "eval_tokens", "trainer_config", "packages", "device")
"""What a record's provenance must have in common with that of an uninterrupted run."""


def outcome(folder: Path) -> dict[str, Any]:
    """Return all that a finished run must leave, whatever happened on the way; no times, no places."""
    found = json.loads((folder / "record.json").read_text())
    del found["timing"]
    found["provenance"] = {key: found["provenance"][key] for key in SAME}
    rows = [json.loads(line) for line in (folder / "steps.jsonl").read_text().splitlines()]
    files = {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*")) if path.is_file()}
    counted = {
        name: json.loads(path.read_text())["values"]
        for name, path in files.items()
        if "evals/step" in name and path.suffix == ".json"
    }
    exact = ("schedule.jsonl", "run.json", "weights/", "evals/step-000000/", "evals/step-000005/")
    return {
        "record": found,
        "steps": [{key: value for key, value in row.items() if key != "seconds"} for row in rows],
        "evaluations": {name: {**values, "seconds": None} for name, values in counted.items()},
        "files": set(files) - {".lock"},
        "hashes": {n: hashlib.sha256(p.read_bytes()).hexdigest() for n, p in files.items() if n.startswith(exact)},
    }


@dataclass(frozen=True)
class Fault:
    """A signal to the child itself: before the n-th call of a moment or the n-th write, or after processor seconds."""

    moment: str | None = None
    number: int = 0
    seconds: float = 0.0
    signal: int = signal.SIGKILL


@dataclass
class Lab:
    """Attempts at one small run."""

    run: Run
    root: Path
    expected: dict[str, Any]

    @property
    def context(self) -> Any:
        """Where children are forked from: a server that has imported torch, TRL and lm-eval."""
        return multiprocessing.get_context("forkserver")

    def begin(self, name: str, under: Path | None = None) -> Path:
        """Return a new run folder, laid out."""
        folder = (under or self.root) / name
        shutil.rmtree(folder, ignore_errors=True)
        worker.prepare(self.run, folder)
        return folder

    def start(self, folder: Path, fault: Fault | None = None) -> Any:
        """Start an attempt at the run in `folder`."""
        child = self.context.Process(target=_attempt, args=(folder, self.log(folder), fault or Fault()), daemon=True)
        child.start()
        return child

    def attempt(self, folder: Path, fault: Fault | None = None) -> int:
        """Return how an attempt ended."""
        child = self.start(folder, fault)
        child.join(300)
        return int(child.exitcode if child.exitcode is not None else 999)

    def log(self, folder: Path) -> Path:
        """Return where the attempts at a run say what they do."""
        return self.root / f"{folder.name}.log"

    def said(self, folder: Path) -> str:
        """Return what the attempts at a run have said."""
        return self.log(folder).read_text()

    def finish(self, folder: Path) -> None:
        """Carry the run out to its end, which is that of an uninterrupted one."""
        assert self.attempt(folder) == 0, self.said(folder)
        assert outcome(folder) == self.expected, self.said(folder)


def _attempt(folder: Path, log: Path, fault: Fault) -> None:
    from tests.chaos import children

    children.attempt(folder, log, fault)


def push_to(url: str, folder: Path, home: Path) -> None:
    """Push the records under `folder` to the Hub at `url`, in a child."""
    from tests.chaos import children

    children.push_to(url, folder, home)
