"""Which runs the commands at work have taken on: no other begins them, and everybody can say where they are."""

import fcntl
import json
import os
import platform
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

from urlvr_bench.records import provenance
from urlvr_bench.records.record import dumps
from urlvr_bench.system.files import explained, is_locked

FOLDER = ".commands"
"""Beside the runs of a command: one file for each that is at work, which it holds locked until it ends."""


@dataclass(frozen=True)
class Claim:
    """The run folders that a command has taken on, by their paths under its `--out`."""

    command: str
    """Which process it is, in words."""
    runs: frozenset[str]


def claims(out: Path) -> list[Claim]:
    """Return what the commands that write to `out` have taken on."""
    found = []
    for path in sorted((out / FOLDER).glob("*.claim")):
        if is_locked(path):
            values = json.loads(path.read_text())
            command = f"process {values['pid']} on {values['host']} since {values['since']}"
            found.append(Claim(command, frozenset(values["runs"])))
    return found


def claimant(out: Path, folder: Path) -> str | None:
    """Return which command has taken on the run in `folder`."""
    name = folder.relative_to(out).as_posix()
    return next((claim.command for claim in claims(out) if name in claim.runs), None)


@contextmanager
def claimed(out: Path, folders: Sequence[Path]) -> Iterator[list[Path]]:
    """Take on those of some run folders that no other command has, until the block ends; yield them."""
    place = out / FOLDER
    with explained(place):
        place.mkdir(parents=True, exist_ok=True)
        lock = FileLock(place / ".lock")
        with lock:
            _sweep(place)
            others = {name for claim in claims(out) for name in claim.runs}
            names = {folder: folder.relative_to(out).as_posix() for folder in folders}
            ours = [folder for folder in folders if names[folder] not in others]
            path = place / f"{platform.node()}-{os.getpid()}-{threading.get_ident()}.claim"
            stream = path.open("w")
            holding = {"pid": os.getpid(), "host": platform.node(), "since": provenance.now()}
            stream.write(dumps({**holding, "runs": sorted(names[folder] for folder in ours)}))
            stream.flush()
            fcntl.flock(stream, fcntl.LOCK_EX)  # from now on it counts
    try:
        yield ours
    finally:
        path.unlink(missing_ok=True)
        stream.close()


def _sweep(place: Path) -> None:
    """Delete the files of commands that ended without doing so."""
    for path in place.glob("*.claim"):
        if not is_locked(path):
            path.unlink(missing_ok=True)
