"""How far the runs under a folder are: done, running, queued or failed, wherever they are carried out."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from urlvr_bench.errors import UsageError
from urlvr_bench.protocol import Run
from urlvr_bench.records import provenance
from urlvr_bench.records.record import dumps
from urlvr_bench.records.run_folder import is_occupied
from urlvr_bench.running import claims
from urlvr_bench.running.following import Follower
from urlvr_bench.running.plan import Cell
from urlvr_bench.system.files import write_atomically

NOTE = "job.json"
"""Beside a submitted run: which launcher has it, and under which id."""
State = Literal["running", "queued", "failed", "stopped", "done"]
SLURM_STATES: dict[str, State] = {
    "PENDING": "queued",
    "REQUEUED": "queued",
    "REQUEUE_HOLD": "queued",
    "SUSPENDED": "queued",
    "CONFIGURING": "running",
    "RUNNING": "running",
    "COMPLETING": "running",
}
HUB_STATES: dict[str, State] = {"SCHEDULING": "queued", "RUNNING": "running", "COMPLETED": "done"}


@dataclass(frozen=True)
class Status:
    """How far one run is; `seconds_left` counts its evaluations too and is None where no step is timed."""

    folder: str
    state: State
    step: int
    steps: int
    seconds_left: float | None
    job: str | None
    reason: str | None


def note(folder: Path, launcher: str, job: str) -> None:
    """Remember in a run's folder which job has it, and forget why an earlier attempt failed."""
    write_atomically(folder / NOTE, dumps({"launcher": launcher, "job": job, "submitted": provenance.now()}))
    (folder / "error.txt").unlink(missing_ok=True)


def noted(folder: Path) -> dict[str, str]:
    """Return which job has a run, nothing where none was submitted for it."""
    path = folder / NOTE
    values: dict[str, str] = json.loads(path.read_text()) if path.is_file() else {}
    return values


def live(folders: Iterable[Path]) -> set[Path]:
    """Return the folders whose runs somebody is carrying out, is going to, or has carried out elsewhere."""
    begun = [folder for folder in folders if (folder / "run.json").is_file()]
    found = states([noted(folder) for folder in begun])
    taken = {"queued", "running", "done"}
    return {
        folder
        for folder in begun
        if is_occupied(folder) or found.get(noted(folder).get("job", ""), ("failed", ""))[0] in taken
    }


def status(root: Path) -> list[Status]:
    """Return how far every run under `root` is, in the order of their paths."""
    folders = sorted(path.parent for path in root.rglob("run.json"))
    if not folders:
        raise UsageError(f"no run is under {root}: give the folder that `run --out` wrote to")
    found = states([noted(folder) for folder in folders])
    return [_status(folder, root, found) for folder in folders]


def _status(folder: Path, root: Path, found: dict[str, tuple[State, str]]) -> Status:
    run = Run.from_json((folder / "run.json").read_text())
    steps = run.protocol.training.steps
    reading = Follower(run, folder).look()
    job = noted(folder).get("job")
    state, reason = _state(folder, found.get(job or ""), job)
    if state == "stopped" and claims.claimant(Cell(run, folder.resolve(), "begun").out, folder.resolve()):
        state, reason = "queued", None  # its command is at another run, or about to start this one
    left = reading.seconds_left if state == "running" else None
    return Status(str(folder.relative_to(root)), state, len(reading.rows), steps, left, job, reason)


def _state(folder: Path, scheduled: tuple[State, str] | None, job: str | None) -> tuple[State, str | None]:
    if (folder / "record.json").is_file():
        return "done", None
    if is_occupied(folder):
        return "running", None
    if scheduled and scheduled[0] == "done":
        return "done", "its folder is in the bucket"
    error = folder / "error.txt"
    said = error.read_text().strip() if error.is_file() else None
    if scheduled and (scheduled[0] == "queued" or (scheduled[0] == "running" and not said)):
        local = noted(folder)["launcher"] == "local"  # its lane is at another run
        return ("queued", None) if local else (scheduled[0], scheduled[1] or None)
    if said:
        return "failed", said
    if scheduled:
        return "failed", f"job {job} ended as {scheduled[1]}; run again to go on"
    return "stopped", f"job {job} is gone; run again to go on" if job else "run again to go on"


def states(notes: Sequence[dict[str, str]]) -> dict[str, tuple[State, str]]:
    """Return the state of each job that its launcher still knows, and the launcher's own word for it."""
    ids: dict[str, set[str]] = {}
    for known in notes:
        if known:
            ids.setdefault(known["launcher"], set()).add(known["job"])
    found = dict(_slurm()) if ids.get("slurm") else {}
    found |= {job: ("running", "") for job in ids.get("local", ()) if _alive(int(job))}
    if ids.get("hf-jobs"):
        found |= {job: (HUB_STATES.get(word, "failed"), word) for job, word in stages(ids["hf-jobs"]).items()}
    return found


def _slurm() -> Iterator[tuple[str, tuple[State, str]]]:
    if shutil.which("squeue") is None:
        raise UsageError("these runs were submitted to Slurm, and squeue is not here: ask on a machine of the cluster")
    command = ["squeue", "--noheader", "--array", "--states", "all", "--user", str(os.getuid()), "--format", "%i|%T|%r"]
    asked = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    if asked.returncode:
        raise UsageError(f"squeue: {asked.stderr.strip()}")
    for line in asked.stdout.splitlines():
        job, word, why = line.split("|")
        state = SLURM_STATES.get(word, "failed")
        yield job, (state, word if state == "failed" else "" if why == "None" else why)


def _alive(pid: int) -> bool:
    import psutil

    return bool(psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)


def as_dicts(found: Sequence[Status]) -> list[dict[str, Any]]:
    """Return statuses as plain values."""
    return [asdict(each) for each in found]


def stages(ids: Iterable[str]) -> dict[str, str]:
    """Return the stage of every job `OWNER/ID` that the Hub still knows."""
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HfHubHTTPError

    found = {}
    for job in ids:
        namespace, _, name = job.partition("/")
        try:
            found[job] = str(HfApi().inspect_job(job_id=name, namespace=namespace).status.stage)
        except HfHubHTTPError as error:
            if error.response.status_code != 404:
                raise UsageError(f"Hugging Face Jobs: {str(error).splitlines()[0]}") from error
    return found
