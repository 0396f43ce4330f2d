"""From bytes to a record: bounded, of a known schema version, every name once, and one line on all that is wrong."""

import json
import re
import reprlib
from collections.abc import Callable
from typing import Any

import pydantic_core
from pydantic import BaseModel, ValidationError

from urlvr_bench.errors import UsageError
from urlvr_bench.records.schema import SCHEMA_VERSION, Record

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
    bounded(len(text))
    try:
        found = Record.model_validate_json(text, strict=True)
    except ValidationError as error:
        if not any(part["loc"] == ("schema_version",) for part in error.errors(include_url=False)):
            raise UsageError(_defects(error)) from error
        found = _of_another_version(text)
    if "schema_version" not in found.model_fields_set:
        raise UsageError(f"schema_version is missing; the present one is {SCHEMA_VERSION}")
    if len(KEY_END.findall(text)) != _keys(found):  # rare and slow: the text holds more ends of keys than the record
        _every_name_once(text)
    return found


KEY_END = re.compile(rb'"\s*:')
"""What ends a key, and in strings little else, so that no fewer of them are found than there are keys."""


def _keys(value: object) -> int:
    """Return the number of keys that a value has been read from."""
    if isinstance(value, BaseModel):
        return len(value.model_fields_set) + sum(_keys(getattr(value, name)) for name in value.model_fields_set)
    if isinstance(value, dict):
        return len(value) + sum(map(_keys, value.values()))
    if isinstance(value, list) and value and isinstance(value[0], BaseModel | dict | list):
        return sum(map(_keys, value))
    return 0


def _every_name_once(text: bytes) -> None:
    """Refuse an object that holds a name twice: readers differ in which of the two they take."""

    def pairs(found: list[tuple[str, Any]]) -> None:
        names = [name for name, _ in found]
        if twice := next((name for name in names if names.count(name) > 1), None):
            raise UsageError(f"the name {reprlib.repr(twice)} is given twice in one object")

    json.loads(text, object_pairs_hook=pairs)


def _of_another_version(text: bytes) -> Record:
    try:
        return Record.model_validate_json(
            json.dumps(migrate(pydantic_core.from_json(text)), allow_nan=False), strict=True
        )
    except ValidationError as error:
        raise UsageError(_defects(error)) from error
    except ValueError as error:  # a NaN in an old record
        raise UsageError(str(error)) from error


def bounded(size: int) -> None:
    """Refuse more bytes than a record may have."""
    if size > MAX_BYTES:
        raise UsageError(f"{size / 1e6:.0f} MB is more than the {MAX_BYTES / 1e6:.0f} MB that a record may have")


def _shown(value: object) -> str:
    """Return a short form of any value; a number of thousands of digits has no other."""
    if isinstance(value, int) and value.bit_length() > 128:
        return "(a huge number)"
    return reprlib.repr(value)


def _clipped(message: str, most: int = 180) -> str:
    """Return a message without the middle of one that quotes something long."""
    return message if len(message) <= most else f"{message[: most // 2]}...{message[-most // 2 :]}"


def _defects(error: ValidationError) -> str:
    """Return a pydantic error in one short line: where, what was given, what is wrong, for the first few defects."""
    parts = []
    for part in error.errors(include_url=False, include_context=False)[:8]:
        where = ".".join(
            reprlib.repr(key) if isinstance(key, str) and len(key) > 30 else str(key) for key in part["loc"]
        )
        given = part["input"]
        shown = f"={_shown(given)}" if where and isinstance(given, str | int | float | None) else ""
        message = _clipped(part["msg"].removeprefix("Value error, "))
        parts.append(f"{where}{shown}: {message}" if where else message)
    more = error.error_count() - len(parts)
    line = "; ".join(parts) + (f"; and {more} more" if more else "")
    return "".join(letter if letter.isprintable() else " " for letter in line)
