"""A run folder: held by one process, with stages that are done once and checked ever after, and steps to read."""

import json
import os
import platform
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from urlvr_bench.errors import UsageError
from urlvr_bench.records import provenance
from urlvr_bench.records.record import dumps, short_hash
from urlvr_bench.system.files import explained, is_locked, remove, write_atomically
from urlvr_bench.system.processes import GRACE_SECONDS

MERGED = "merged"
"""Folder of a run that starts from an adapter: the weights of both, while it is trained."""
LOCK, HOLDER = ".lock", ".holder.json"
PATIENCE_SECONDS = GRACE_SECONDS + 2
"""How long to wait for a folder: a worker whose command was killed takes a moment to leave it."""

Say = Callable[[str], None]


class OccupiedError(UsageError):
    """Another process holds the run folder."""


@contextmanager
def occupied(folder: Path) -> Iterator[None]:
    """Hold a run folder for this process alone, free of what a killed one left half-written; say who else holds it."""
    lock = FileLock(folder / LOCK, timeout=PATIENCE_SECONDS)
    with explained(folder / LOCK):
        try:
            lock.acquire()
        except Timeout as error:  # which is an OSError too
            raise OccupiedError(f"{folder} is in use by {holder(folder)}: wait for it, or stop it") from error
    try:
        holding = {"pid": os.getpid(), "host": platform.node(), "since": provenance.now()}
        write_atomically(folder / HOLDER, dumps(holding))
        _sweep(folder)
        yield
    finally:
        (folder / HOLDER).unlink(missing_ok=True)
        lock.release()


def is_occupied(folder: Path) -> bool:
    """Return whether a process holds a run folder, on whichever machine that shares the disk."""
    return is_locked(folder / LOCK)


def holder(folder: Path) -> str:
    """Return which process says that it holds a folder."""
    try:
        found = json.loads((folder / HOLDER).read_text())
        return f"process {found['pid']} on {found['host']} since {found['since']}"
    except (OSError, ValueError, KeyError):
        return "another process"


def once(path: Path, make: Callable[[], dict[str, Any]], say: Say) -> dict[str, Any]:
    """Return what an earlier attempt left in `path` if its checksum is right, else make it and leave it there."""
    found = kept(path)
    if found is None:
        if path.is_file():
            say(f"{path.name} is damaged and is made again")
        found = json.loads(dumps(make()))  # as the file will give it back
        write_atomically(path, dumps({"sha256": short_hash(dumps(found)), "values": found}))
    return found


def kept(path: Path) -> dict[str, Any] | None:
    """Return what `once` left in `path`, None where there is nothing, or its checksum is wrong."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        values: dict[str, Any] = found["values"]
        return values if found["sha256"] == short_hash(dumps(values)) else None
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None


def _sweep(folder: Path) -> None:
    """Delete what was being written when a process was killed."""
    for left in [*folder.glob("**/.*.tmp")]:
        remove(left)


LAST_BYTES = 1 << 18
"""More than one line of steps.jsonl is long."""


def weights_folder(run_folder: Path, step: int) -> Path:
    """Return where the weights after `step` steps lie."""
    return run_folder / "weights" / f"step-{step:06d}"


def read_steps(path: Path) -> list[dict[str, Any]]:
    """Return the rows of steps.jsonl; a last line that was cut short is left out."""
    if not path.is_file():
        return []
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    return [json.loads(line) for line in lines if line.endswith("\n")]


def last_step(path: Path) -> dict[str, Any] | None:
    """Return the last whole row of steps.jsonl, reading only the end of the file."""
    try:
        with path.open("rb") as stream:
            stream.seek(max(0, path.stat().st_size - LAST_BYTES))
            tail = stream.read()
    except FileNotFoundError:
        return None
    whole = tail[: tail.rfind(b"\n")].rsplit(b"\n", 1)[-1] if b"\n" in tail else b""
    row: dict[str, Any] | None = json.loads(whole) if whole else None
    return row
