"""The record: the one JSON file that a finished run leaves. Every table is a function of records."""

import gc
import hashlib
import json
import reprlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pydantic_core
from pydantic import ValidationError

from urlvr_bench.errors import UsageError
from urlvr_bench.records.measured import Control, Eval, Steps, Timing
from urlvr_bench.records.schema import SCHEMA_VERSION, MethodInfo, ModelInfo, Provenance, Record, TaskInfo
from urlvr_bench.system.files import write_atomically
from urlvr_bench.system.spreading import spread

__all__ = [
    "SCHEMA_VERSION",
    "Control",
    "Eval",
    "MethodInfo",
    "ModelInfo",
    "Provenance",
    "Record",
    "Steps",
    "TaskInfo",
    "Timing",
    "dumps",
    "find",
    "migrate",
    "parse",
    "read",
    "read_all",
    "short_hash",
    "write",
    "write_atomically",
]

MAX_BYTES = 10_000_000
"""No honest record is larger; a file above this is refused unread."""

MIGRATIONS: dict[int, Callable[[dict[str, Any]], dict[str, Any]]] = {}
"""For each old schema version, the function that lifts a record's values to the next version."""


def migrate(values: dict[str, Any]) -> dict[str, Any]:
    """Return the values of a record of any known schema version as the present version has them."""
    version = values.get("schema_version")
    while version != SCHEMA_VERSION:
        if type(version) is not int or version not in MIGRATIONS:
            known = ", ".join(map(str, [*sorted(MIGRATIONS), SCHEMA_VERSION]))
            hint = "; install a newer urlvr-bench" if type(version) is int and version > SCHEMA_VERSION else ""
            raise UsageError(f"schema_version={_shown(version)} is unknown{hint} Known: {known}.")
        values = {**MIGRATIONS[version](values), "schema_version": version + 1}
        version += 1
    return values


def parse(text: bytes) -> Record:
    """Return the record that `text` holds; a UsageError lists everything that is wrong with it in one line."""
    _small_enough(len(text))
    try:
        found = Record.model_validate_json(text, strict=True)
    except ValidationError as error:
        if not any(part["loc"] == ("schema_version",) for part in error.errors(include_url=False)):
            raise UsageError(_defects(error)) from error
        found = _of_another_version(text)
    if "schema_version" not in found.model_fields_set:
        raise UsageError(f"schema_version is missing; the present one is {SCHEMA_VERSION}")
    return found


def _of_another_version(text: bytes) -> Record:
    try:
        return Record.model_validate_json(dumps(migrate(pydantic_core.from_json(text))), strict=True)
    except ValidationError as error:
        raise UsageError(_defects(error)) from error
    except ValueError as error:  # a NaN in an old record
        raise UsageError(str(error)) from error


def _small_enough(size: int) -> None:
    if size > MAX_BYTES:
        raise UsageError(f"{size / 1e6:.0f} MB is more than the {MAX_BYTES / 1e6:.0f} MB that a record may have")


def _shown(value: object) -> str:
    """Return a short form of any value; a number of thousands of digits has no other."""
    if isinstance(value, int) and value.bit_length() > 128:
        return "(a huge number)"
    return reprlib.repr(value)


def _defects(error: ValidationError) -> str:
    """Return a pydantic error in one short line: where, what was given, what is wrong, for the first few defects."""
    parts = []
    for part in error.errors(include_url=False, include_context=False)[:8]:
        where = ".".join(
            reprlib.repr(key) if isinstance(key, str) and len(key) > 30 else str(key) for key in part["loc"]
        )
        given = part["input"]
        shown = f"={_shown(given)}" if where and isinstance(given, str | int | float | None) else ""
        message = part["msg"].removeprefix("Value error, ")
        parts.append(f"{where}{shown}: {message}" if where else message)
    more = error.error_count() - len(parts)
    line = "; ".join(parts) + (f"; and {more} more" if more else "")
    return "".join(letter if letter.isprintable() else " " for letter in line)


def read(path: Path) -> Record:
    """Return the record of a file; a UsageError names the file and what is wrong with it."""
    try:
        _small_enough(path.stat().st_size)
        return parse(path.read_bytes())
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from error
    except UsageError as error:
        raise UsageError(f"{path}: {error}") from error


def write(record: Record, path: Path) -> None:
    """Write a record to `path`."""
    write_atomically(path, record.model_dump_json() + "\n")


def find(folders: list[Path]) -> list[Path]:
    """Return all record files under `folders`: `record.json` of run folders and `seed<k>.json` of results folders."""
    found: set[Path] = set()
    for folder in folders:
        if folder.is_file():
            found.add(folder)
        elif folder.is_dir():
            found |= {*folder.rglob("record.json"), *folder.rglob("seed*.json")}
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
    found = {out / read.path: read for read in read_all(list(folders))}
    changed = {path: new for path, new in found.items() if not path.is_file() or read(path) != new}
    taken = [path for path in changed if path.is_file()]
    if taken and not replace:
        raise UsageError(f"{taken[0]} holds another record of the same run; delete it, or say --replace")
    for path, new in changed.items():
        write(new, path)
    return list(changed)
