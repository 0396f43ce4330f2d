"""Find reward methods: every file of the top-level methods/ folder is importable as urlvr_bench.methods.<name>."""

import dataclasses
import hashlib
import importlib
import inspect
import re
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from urlvr_bench.errors import UsageError, unknown
from urlvr_bench.rollouts import Method

_in_wheel = Path(__file__).with_suffix("")
FOLDER = _in_wheel if _in_wheel.is_dir() else Path(__file__).parents[1] / "methods"
__path__ = [str(FOLDER)]  # a module that has a __path__ is a package

SPEC = re.compile(r"(?P<name>\w+)(?:\((?P<params>[^()]*)\))?")


def names() -> list[str]:
    """Return the names of all methods, which are the file names."""
    return sorted(path.stem for path in FOLDER.glob("[!_]*.py"))


def load(name: str) -> type[Method]:
    """Return the one Method class that the file `name` defines."""
    if name not in names():
        raise unknown("method", name, names())
    try:
        module = importlib.import_module(f"{__name__}.{name}")
    except SyntaxError as error:
        raise UsageError(f"methods/{name}.py line {error.lineno} does not parse: {error.msg}") from error
    classes = inspect.getmembers(module, inspect.isclass)
    found = [cls for _, cls in classes if cls.__module__ == module.__name__ and issubclass(cls, Method)]
    if len(found) != 1:
        given = ", ".join(cls.__name__ for cls in found) or "none"
        raise UsageError(f"methods/{name}.py must define exactly one Method; it defines {given}")
    return found[0]


def build(spec: str) -> tuple[str, Method]:
    """Return the name and the instance that `name` or `name(key=value, ...)` asks for."""
    match = SPEC.fullmatch(spec.strip())
    if match is None:
        raise UsageError(f"method {spec!r} does not read as name or name(key=value, ...)")
    pairs = [pair.partition("=") for pair in (match["params"] or "").split(",") if pair.strip()]
    params = {key.strip(): value.strip() for key, _, value in pairs}
    return match["name"], configure(match["name"], params)


def configure(name: str, params: dict[str, Any]) -> Method:
    """Return method `name` with hyper-parameters `params`; values are checked against the field types."""
    cls = load(name)
    fields = [field.name for field in dataclasses.fields(cls)]
    for key in params:
        if key not in fields:
            raise unknown(f"hyper-parameter of {name}", key, fields)
    try:
        return TypeAdapter(cls).validate_python(params)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise UsageError(f"{name}: {where}={first['input']!r}: {first['msg']}") from error


def source_hash(name: str) -> str:
    """Return the first 16 hex digits of the SHA-256 of the method's file."""
    return hashlib.sha256((FOLDER / f"{name}.py").read_bytes()).hexdigest()[:16]
