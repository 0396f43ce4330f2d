"""The record: the one JSON file that a finished run leaves. Every table is a function of records."""

import errno
import gc
import hashlib
import io
import json
import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from urlvr_bench.errors import UsageError
from urlvr_bench.records.described import MethodInfo, ModelInfo, Provenance, TaskInfo
from urlvr_bench.records.measured import Control, Eval, Steps, Timing
from urlvr_bench.records.parsing import MAX_BYTES, MIGRATIONS, bounded, migrate, parse
from urlvr_bench.records.schema import SCHEMA_VERSION, Record
from urlvr_bench.system.files import write_atomically
from urlvr_bench.system.spreading import spread

__all__ = [
    "MAX_BYTES",
    "MIGRATIONS",
    "SCHEMA_VERSION",
    "Control",
    "Eval",
    "Loaded",
    "MethodInfo",
    "ModelInfo",
    "Provenance",
    "Record",
    "Steps",
    "TaskInfo",
    "Timing",
    "contents",
    "dumps",
    "find",
    "load",
    "migrate",
    "parse",
    "read",
    "read_all",
    "short_hash",
    "write",
    "write_atomically",
]

ATTESTATION = ".verified.json"
"""The end of the name of what lies beside a record: who made the run again, and what came of it."""
EXCERPTS = ".samples.json"
"""The end of the name of what lies beside a record: a few texts that its policy wrote."""


def read(path: Path) -> Record:
    """Return the record of a file; a UsageError names the file and what is wrong with it."""
    return load(path).record


class Loaded(NamedTuple):
    """A record and the bytes of the file that it was read from."""

    record: Record
    content: bytes


def load(path: Path) -> Loaded:
    """Return the record of a file with its bytes, read once and never beyond the size limit."""
    content = contents(path)
    return Loaded(_parsed((path, content)), content)


def _parsed(named: tuple[Path, bytes]) -> Record:
    path, content = named
    try:
        return parse(content)
    except UsageError as error:
        raise UsageError(f"{path}: {error}") from error


LINK = "a symbolic link, which may lead anywhere; put the file itself there"


def contents(path: Path) -> bytes:
    """Return the bytes of a regular file that is no link; of a pipe, a device or too large a file none are read."""
    try:
        with io.FileIO(path, opener=lambda name, flags: os.open(name, flags | os.O_NOFOLLOW | os.O_NONBLOCK)) as stream:
            found = os.fstat(stream.fileno())
            if not stat.S_ISREG(found.st_mode):
                raise UsageError("not a regular file")
            bounded(found.st_size)
            return stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise UsageError(f"{path}: {LINK if error.errno == errno.ELOOP else error.strerror}") from error
    except UsageError as error:
        raise UsageError(f"{path}: {error}") from error


def write(record: Record, path: Path) -> None:
    """Write a record to `path`."""
    write_atomically(path, text(record))


def text(record: Record) -> str:
    """Return what the file of a record holds."""
    return record.model_dump_json() + "\n"


def find(folders: list[Path]) -> list[Path]:
    """Return all record files under `folders`: `record.json` of run folders and `seed<k>.json` of results folders."""
    found: set[Path] = set()
    for folder in folders:
        if folder.is_file():
            found.add(folder)
        elif folder.is_dir():
            found |= {*folder.rglob("record.json")}
            found |= {path for path in folder.rglob("seed*.json") if not path.name.endswith((ATTESTATION, EXCERPTS))}
        else:
            raise UsageError(f"{folder} is neither a folder of runs nor a record")
    if not found:
        raise UsageError(f"no records under {', '.join(map(str, folders))}; make some with `urlvr-bench run`")
    return sorted(found)


def read_all(folders: list[Path]) -> list[Record]:
    """Return every record under `folders`, in the order of their paths."""
    return read_files(find(folders))


def read_files(files: Sequence[Path]) -> list[Record]:
    """Return the records of some files, in their order."""
    with uncollected(), spread(read, files) as found:
        return list(found)


def parse_files(contents: Sequence[tuple[Path, bytes]]) -> list[Record]:
    """Return the records of some files whose bytes have been read already, in their order."""
    with uncollected(), spread(_parsed, contents) as found:
        return list(found)


def try_files(files: Sequence[Path]) -> list[Record | UsageError]:
    """Return, in their order, the record of each file or what is wrong with it."""
    with uncollected(), spread(_try, files) as found:
        return list(found)


def _try(path: Path) -> Record | UsageError:
    try:
        return read(path)
    except UsageError as error:
        return error


@contextmanager
def uncollected() -> Iterator[None]:
    """Pause the cycle collector: it would walk the millions of numbers of many records again and again, in vain."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def short_hash(text: str | bytes) -> str:
    """Return the first 16 hex digits of the SHA-256 of `text`."""
    return hashlib.sha256(text.encode() if isinstance(text, str) else text).hexdigest()[:16]


def dumps(value: Any) -> str:
    """Return compact JSON; NaN and infinities are errors."""
    return json.dumps(value, allow_nan=False, separators=(",", ":"))


def collect(folders: Sequence[Path], out: Path, replace: bool = False) -> list[Path]:
    """Copy the records of finished runs to their places under `out`; return those that are new or changed there.

    A record of the same run with other content is refused, before anything is copied, unless `replace` is set.
    """
    found: dict[Path, Record] = {}
    for one in read_all(list(folders)):
        if found.setdefault(out / one.path, one) != one:
            raise UsageError(f"two different records of the run {one.path}; keep one of them")
    changed = {path: new for path, new in found.items() if not path.is_file() or read(path) != new}
    taken = [path for path in changed if path.is_file()]
    if taken and not replace:
        raise UsageError(f"{taken[0]} holds another record of the same run; delete it, or say --replace")
    for path, new in changed.items():
        write(new, path)
    return list(changed)
