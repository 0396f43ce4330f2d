"""What a method's file may import, and how it is imported behind the walls: from bytes that were read before.

Every module that a method may import is imported first, and the files of all methods are read.
"""

import ast
import contextlib
from collections.abc import Mapping
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_loader
from pathlib import Path
from types import ModuleType
from typing import Any

from pydantic import TypeAdapter, ValidationError

from urlvr_bench import methods
from urlvr_bench.errors import UsageError
from urlvr_bench.rollouts import Extra

LIBRARY = frozenset(
    {"__future__", "abc", "array", "bisect", "cmath", "collections", "collections.abc", "contextlib", "copy"}
    | {"dataclasses", "decimal", "difflib", "enum", "fractions", "functools", "hashlib", "heapq", "itertools", "json"}
    | {"math", "numbers", "operator", "random", "re", "statistics", "string", "struct", "textwrap", "typing"}
    | {"unicodedata", "warnings", "zlib"}
)
NUMPY = ("numpy", "numpy.linalg", "numpy.random")
OURS = tuple(
    f"urlvr_bench.{name}"
    for name in ("rollouts", "needs", "bounds", "voting", "likeness", "asking", "errors", "methods")
)
NAMES = ("Extra", "Family", "Group", "Method", "Query", "Sampled", "Signal")
"""What a method may import: of the standard library what only computes, numpy, and from `urlvr_bench` these names."""


class Files(MetaPathFinder, Loader):
    """Imports `urlvr_bench.methods.<name>` from bytes that were read before the walls stood."""

    def __init__(self, texts: Mapping[str, bytes]) -> None:
        self.texts = texts

    def find_spec(self, fullname: str, *_: Any) -> ModuleSpec | None:
        package, name = fullname.rpartition(".")[::2]
        known = package == "urlvr_bench.methods" and name in self.texts
        return spec_from_loader(fullname, self) if known else None

    def exec_module(self, module: ModuleType) -> None:
        name = module.__name__.rpartition(".")[2]
        tree = ast.parse(self.texts[name], label(name))
        refuse_imports(tree, label(name))
        exec(compile(tree, label(name), "exec"), vars(module))  # noqa: S102 (this is the import)


def label(name: str) -> str:
    """Return how a method's file is called in messages."""
    return f"methods/{name}.py"


def refuse_imports(tree: ast.Module, where: str) -> None:
    """Raise UsageError for the first import of what a method may not import, also inside functions."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            wanted = [name.name for name in node.names]
        elif isinstance(node, ast.ImportFrom):
            whole = node.module in (*LIBRARY, *OURS) or (node.module or "").partition(".")[0] == "numpy"
            wanted = [] if whole else [f"{node.module or '.'}.{name.name}" for name in node.names]
        else:
            continue
        for name in wanted:
            ours = name in OURS or name in [f"urlvr_bench.{one}" for one in NAMES]
            if not ours and name not in LIBRARY and name.partition(".")[0] != "numpy":
                raise UsageError(
                    f"{where} line {node.lineno} imports {name}; a method may import what only computes: "
                    "numpy, such modules of the standard library as math, re and collections, and from urlvr_bench "
                    f"{', '.join(NAMES)}, rollouts, bounds, voting, likeness, asking and errors"
                )


def prepare(file: Path | None) -> Files:
    """Import all that may be imported, read all methods, and keep them listed once the folder cannot be."""
    texts = {name: (methods.FOLDER / f"{name}.py").read_bytes() for name in methods.names()}
    if file is not None:
        texts[file.stem] = file.read_bytes()
    for name in (*LIBRARY, *OURS, *(NUMPY if any(b"numpy" in text for text in texts.values()) else ())):
        import_module(name)
    known = sorted(texts)
    methods.names = lambda: known
    with contextlib.suppress(ValidationError):  # pydantic imports parts of itself when it is first used
        TypeAdapter(Extra).validate_python({"count": 1})
        TypeAdapter(Extra).validate_python({"count": "x"})
    return Files(texts)
