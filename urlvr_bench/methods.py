"""Find reward methods: every file of the top-level methods/ folder is importable as urlvr_bench.methods.<name>."""

import ast
import dataclasses
import hashlib
import importlib
import importlib.util
import inspect
import itertools
import math
import re
import sys
import textwrap
import traceback
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from pydantic import TypeAdapter, ValidationError

from urlvr_bench.errors import UsageError, unknown
from urlvr_bench.needs import Family
from urlvr_bench.rollouts import Method

_in_wheel = Path(__file__).with_suffix("")
FOLDER = _in_wheel if _in_wheel.is_dir() else Path(__file__).parents[1] / "methods"
__path__ = [str(FOLDER)]  # a module that has a __path__ is a package

_INNER = r"""'[^']*'|"[^"]*"|\([^()]*\)"""
TERM = re.compile(
    rf"\s*(?:(?P<weight>[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?)\s*\*\s*)?"
    rf"(?P<name>\w[\w-]*)(?:\((?P<params>(?:[^()'\"]|{_INNER})*)\))?\s*(?:\+|$)"
)
PARAM = re.compile(rf"\s*(?P<key>\w+)\s*=\s*(?P<value>(?:[^,()'\"]|{_INNER})*)(?:,|$)")
NAME = re.compile(r"[a-z][a-z0-9_]*")
HYBRID = "weighted_sum"
EVIDENCE: tuple[Family, ...] = (
    "baseline",
    "intrinsic/certainty",
    "intrinsic/ensemble",
    "external/unlabeled-data",
    "external/verification",
    "supervised",
)
"""Families by how far the evidence for a reward comes from: a mixture belongs to the last that has a part in it."""


def names() -> list[str]:
    """Return the names of all methods, which are the file names."""
    found = sorted(path.stem for path in FOLDER.glob("[!_]*.py"))
    if strange := [name for name in found if not NAME.fullmatch(name)]:
        raise UsageError(f"{FOLDER / strange[0]}.py is no method's name: rename it to lower-case letters, digits and _")
    return found


def mixture(families: Sequence[Family]) -> Family:
    """Return the family of what pays by evidence of several families."""
    return max(families, key=EVIDENCE.index)


def resolve(name: str) -> str:
    """Return the file name of a method that is given by it or by one of the aliases that its class declares."""
    known = names()
    wanted = _plain(name)
    if wanted in known:
        return wanted
    aliases = {_plain(alias): method for method in known for alias in load(method).aliases}
    if wanted not in aliases:
        raise unknown("method", name, known, aliases)
    return aliases[wanted]


def _plain(name: str) -> str:
    return name.strip().lower().replace("-", "_")


def load(name: str) -> type[Method]:
    """Return the one Method class of the file that `name`, or the alias `name`, stands for."""
    name = resolve(name)
    where = f"methods/{name}.py"
    try:
        module = importlib.import_module(f"{__name__}.{name}")
    except (Exception, SystemExit) as error:  # whatever a contributor's file raises is theirs to mend
        raise _does_not_load(where, str(FOLDER / f"{name}.py"), error) from error
    return _the_method(module, where)


def load_file(path: Path) -> type[Method]:
    """Return the one Method class of a file anywhere, such as a contributor's draft."""
    name = f"{__name__}_draft_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if not path.is_file() or spec is None or spec.loader is None:
        raise UsageError(f"{path} is not a Python file; give a method's name or the path of its .py file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # so that its instances can be pickled
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:  # whatever a contributor's file raises is theirs to mend
        raise _does_not_load(str(path), str(path), error) from error
    return _the_method(module, str(path))


def _does_not_load(where: str, file: str, error: BaseException) -> UsageError:
    """Return in one line why a file of a method cannot be imported, with the line of the file that it fails at."""
    if isinstance(error, UsageError):
        return error
    if isinstance(error, SyntaxError):
        return UsageError(f"{where} line {error.lineno} does not parse: {error.msg}")
    lines = [place.lineno for place in traceback.extract_tb(error.__traceback__) if place.filename == file]
    place = f" line {lines[-1]}" if lines else ""
    what = f"{type(error).__name__}: {error}".splitlines()[0]
    return UsageError(f"{where}{place} cannot be imported: {what}")


def _the_method(module: ModuleType, where: str) -> type[Method]:
    classes = inspect.getmembers(module, inspect.isclass)
    found = [cls for _, cls in classes if cls.__module__ == module.__name__ and issubclass(cls, Method)]
    if len(found) != 1:
        given = ", ".join(cls.__name__ for cls in found) or "none"
        raise UsageError(f"{where} must define exactly one Method; it defines {given}")
    return found[0]


def build(spec: str) -> tuple[str, Method]:
    """Return the name and the instance that `name(key=value, ...)`, or a sum `a+0.1*b`, asks for."""
    terms = parse(spec)
    if len(terms) == 1 and terms[0][0] == 1:
        _, name, params = terms[0]
        return name, configure(name, params)
    return HYBRID, configure(HYBRID, {"terms": spec})


def parse(spec: str) -> list[tuple[float, str, dict[str, str]]]:
    """Return the (weight, name, hyper-parameters) of every term of `a(key=value)+0.1*b`."""
    terms: list[tuple[float, str, dict[str, str]]] = []
    position = 0
    while position < len(spec) or not terms:
        match = TERM.match(spec, position)
        if match is None or (match.end() == len(spec) and spec.rstrip().endswith("+")):
            raise UsageError(f"method {spec!r} does not read as name, name(key=value, ...) or a sum like a+0.1*b")
        weight = float(match["weight"] or 1)
        if not math.isfinite(weight):
            raise UsageError(f"method {spec!r}: weight {match['weight']} is beyond all numbers; take a smaller one")
        terms.append((weight, resolve(match["name"]), _params(spec, match["params"] or "")))
        position = match.end()
    return terms


def _params(spec: str, text: str) -> dict[str, str]:
    params: dict[str, str] = {}
    position = 0
    while text[position:].strip():
        match = PARAM.match(text, position)
        if match is None:
            raise UsageError(f"method {spec!r}: {text[position:]!r} does not read as key=value, ...")
        value = match["value"].strip()
        params[match["key"]] = value[1:-1] if value[:1] in ("'", '"') else value
        position = match.end()
    return params


@cache
def _adapter(cls: type[Method]) -> TypeAdapter[Method]:
    return TypeAdapter(cls)


def configure(name: str, params: Mapping[str, Any]) -> Method:
    """Return method `name` with hyper-parameters `params`; values are checked against the field types."""
    cls = load(name)
    fields = [field.name for field in dataclasses.fields(cls)]
    for key in params:
        if key not in fields:
            raise unknown(f"hyper-parameter of {name}", key, fields)
    try:
        found: Method = _adapter(cls).validate_python(dict(params))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise UsageError(f"{name}: {where}={first['input']!r}: {first['msg'].removeprefix('Value error, ')}") from error
    if name == HYBRID:
        _summable(found)
    return found


def _summable(hybrid: Method) -> None:
    """Raise UsageError where a term of a sum has a turn or reads a signal that a sum has not."""
    if "extra_texts" in hybrid.needs:
        raise UsageError("a sum hands its terms no extra_texts, which one of them reads: train that term alone")
    for _, term, given in parse(str(vars(hybrid)["terms"])):
        part = configure(term, given)
        if part.token_turns() or part.memory():
            what = "trains single tokens" if part.token_turns() else "remembers what it noted"
            raise UsageError(f"{term} {what}, so it cannot be a term of a sum; take it alone")


@cache
def hyper_parameters(cls: type[Any]) -> tuple[tuple[str, Any, str], ...]:
    """Return the (name, default, description) of a dataclass's fields, such as a method's hyper-parameters.

    The description is the string below the field.
    """
    tree = ast.parse(textwrap.dedent(inspect.getsource(cls)))
    body = tree.body[0].body if isinstance(tree.body[0], ast.ClassDef) else []
    described = {}
    for field, below in itertools.pairwise(body):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and isinstance(below, ast.Expr):
            described[field.target.id] = inspect.cleandoc(str(ast.literal_eval(below.value)))
    return tuple((field.name, field.default, described.get(field.name, "")) for field in dataclasses.fields(cls))


def version(name: str, digest: str) -> str:
    """Return the hash that a text of a method counts as: that of the present text if it pays the same."""
    same = name in names() and digest in load(name).same_as
    return source_hash(name) if same else digest


def source_hash(name: str) -> str:
    """Return the first 16 hex digits of the SHA-256 of the method's file."""
    return hashlib.sha256((FOLDER / f"{name}.py").read_bytes()).hexdigest()[:16]
