"""What runs in a method's own process: build the walls, load the method behind them, let it take its turns.

Started as `python -s -S -P <this file>` by booth.py, before any data is loaded. It is sent groups and nothing else, and
sends JSON back. Every module that a method may import is imported first, and the files of methods are read.
"""

import ast
import contextlib
import json
import os
import pickle
import signal
import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_loader
from pathlib import Path
from types import ModuleType
from typing import Any

LIBRARY = frozenset(
    {
        *("__future__", "abc", "array", "bisect", "cmath", "collections", "collections.abc", "contextlib", "copy"),
        *(
            "dataclasses",
            "decimal",
            "difflib",
            "enum",
            "fractions",
            "functools",
            "hashlib",
            "heapq",
            "itertools",
            "json",
        ),
        *("math", "numbers", "operator", "random", "re", "statistics", "string", "struct", "textwrap", "typing"),
        *("unicodedata", "warnings", "zlib"),
    }
)
NUMPY = ("numpy", "numpy.linalg", "numpy.random")
OURS = tuple(
    f"urlvr_bench.{name}"
    for name in ("rollouts", "needs", "bounds", "voting", "likeness", "asking", "errors", "methods")
)
NAMES = ("Extra", "Family", "Group", "Method", "Query", "Sampled", "Signal")
"""What a method may import: of the standard library what only computes, numpy, and from `urlvr_bench` these names."""
LONGEST = 1000
"""Characters of an error."""

source, sink = open(0, "rb", closefd=False), open(os.dup(0), "wb")  # noqa: PTH123, SIM115 (one socket, both ways)


def hear() -> Any:
    """Return what the trainer says next; leave when it is gone."""
    length = source.read(8)
    if len(length) < 8:
        os._exit(0)
    return pickle.loads(source.read(int.from_bytes(length)))  # noqa: S301 (the trainer's own bytes)


def say(reply: bytes) -> None:
    """Send a reply."""
    sink.write(len(reply).to_bytes(8) + reply)
    sink.flush()


def encoded(reply: Any) -> bytes:
    """Return JSON; what is none goes as its repr, for the trainer to complain of."""
    return json.dumps(reply, default=repr).encode()


class Files(MetaPathFinder, Loader):
    """Imports `urlvr_bench.methods.<name>` from texts that were read before the walls stood."""

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
    from urlvr_bench.errors import UsageError

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
    from pydantic import TypeAdapter, ValidationError

    from urlvr_bench import methods
    from urlvr_bench.rollouts import Extra

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


def facts(method: Any, kernel: bool) -> dict[str, Any]:
    """Return what the trainer has to know of a method."""
    return {
        "family": method.family,
        "paper": method.paper,
        "needs": list(method.needs),
        "binary": method.binary,
        "advantages": method.advantages,
        "scaled_over_batch": method.scaled_over_batch,
        "token_turns": method.token_turns(),
        "memory": method.memory(),
        "extras": [[extra.count, extra.view, extra.teacher_decay] for extra in method.extras()],
        "closed_by": "kernel" if kernel else "interpreter",
    }


def turn(method: Any, name: str, group: Any) -> list[Any]:
    """Return what a method does with one group, in JSON's types."""
    if name == "queries":
        return [[query.prefix, query.continuation, query.teacher_decay] for query in method.queries(group)]
    if name == "ask":
        from urlvr_bench.rollouts import Sampled

        return [[prompt, isinstance(prompt, Sampled)] for prompt in method.ask(group)]
    if name == "note":
        return [json.loads(json.dumps(method.note(group), allow_nan=False))]
    if name == "reward":
        return list(map(paid, method.reward(group)))
    return [list(map(paid, row)) for row in getattr(method, name)(group)]


def paid(reward: Any) -> Any:
    """Return a reward as a float; what is no finite number goes as how it is shown, for the trainer to complain of."""
    from urlvr_bench.training.firewall import number, shown

    found = number(reward)
    return [shown(reward)] if found is None else found


def serve(method: Any, see: Callable[..., Any], explain: Callable[[BaseException, int], bytes]) -> None:
    """Answer one batch of groups after the other; the method gets what `see` makes of a group's fields."""
    while True:
        name, groups = hear()
        done: list[list[Any]] = []
        try:
            for signals in groups:
                done.append(turn(method, name, see(signals)))
            reply = encoded({"done": done})
        except BaseException as error:  # whatever a method raises is told
            reply = explain(error, len(done))
        say(reply)


def main() -> None:
    """Be the process of one method."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1, signal.SIGUSR2):
        signal.signal(number, signal.SIG_IGN)  # a training that is asked to stop still has a step to pay
    told = hear()
    sys.path[:0] = told["path"]
    from urlvr_bench import methods
    from urlvr_bench.rollouts import Group
    from urlvr_bench.training import walls
    from urlvr_bench.training.firewall import guard

    with walls.without_ctypes():
        files = prepare(told["file"])
    sys.meta_path.insert(0, files)
    kernel = walls.filter_system_calls()
    walls.forget_ctypes()
    frames = walls.audit()

    def explain(error: BaseException, group: int = 0) -> bytes:
        with frames():
            line = deepest(label(told["name"]))
        try:
            what = str(error)[:LONGEST]
        except Exception:
            what = "(it does not say what)"
        return encoded({"error": type(error).__name__, "what": what, "line": line, "group": group})

    try:
        with contextlib.suppress(SyntaxError):  # which `load` tells; of all else the line is told here
            import_module(f"urlvr_bench.methods.{told['name']}")
        methods.load(told["name"])
        with frames():  # which the validation of hyper-parameters reads
            method = methods.configure(told["name"], told["params"])
        reply = encoded(facts(method, kernel))
    except BaseException as error:
        say(explain(error))
        os._exit(1)
    say(reply)
    serve(method, lambda signals: guard(Group(**signals), method), explain)


def deepest(file: str) -> int | None:
    """Return the line of the exception in hand that lies deepest in a file, None where none does."""
    place, line = sys.exc_info()[2], None
    while place is not None:
        if place.tb_frame.f_code.co_filename == file:
            line = place.tb_lineno
        place = place.tb_next
    return line


if __name__ == "__main__":
    main()
