"""Tests that run in one process against a program that runs in another. Standard library only.

The program's side obeys: look up a name, call, read or set an attribute. The judge's side holds the tests, what is
expected and every comparison. All that a program can do, also with the pipe in its hands, is to give values.
"""

from __future__ import annotations

import builtins
import sys

from urlvr_bench.verifiers import crossing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def serve(calls: int, values: int, program: str) -> None:
    """Run the program, then do what the judge asks for until it asks no more."""
    objects: list[object] = []

    def keep(value: object) -> int:
        objects.append(value)
        return len(objects) - 1

    module = sys.modules["solution"] = type(sys)("solution")
    acts: dict[str, Callable[..., object]] = {
        "get": vars(module).__getitem__,
        "call": _call,
        "attribute": getattr,
        "set": setattr,
    }
    answer = _attempt(_load, program, vars(module))
    while True:
        try:
            crossing.send(values, answer, keep)
        except Exception as error:  # while an object was taken apart
            crossing.send(values, (False, type(error).__name__, ()), keep)
        act, *operands = crossing.receive(calls, objects.__getitem__)
        answer = _attempt(acts[act], *operands)


def _load(program: str, names: dict[str, object]) -> None:
    exec(compile(program, "solution.py", "exec", dont_inherit=True), names)  # noqa: S102 (this is the sandbox)


def _call(function: Callable[..., object], positional: tuple[object, ...], named: dict[str, object]) -> object:
    return function(*positional, **named)


def _attempt(act: Callable[..., object], *operands: object) -> tuple[object, ...]:
    try:
        return True, act(*operands)
    except BaseException as error:
        kinds = [kind.__name__ for kind in type(error).__mro__ if kind.__module__ == "builtins"]
        return False, kinds[0], error.args


class Remote:
    """An object of the program's: it can be called and asked for attributes, and is true or equal to nothing."""

    _link: Link
    _number: int

    def __init__(self, link: Link, number: int) -> None:
        vars(self).update(_link=link, _number=number)

    def __call__(self, *positional: object, **named: object) -> object:
        return self._link.ask("call", self, positional, named)

    def __getattr__(self, name: str) -> object:
        if name.startswith("__"):
            raise AttributeError(name)
        return self._link.ask("attribute", self, name)

    def __setattr__(self, name: str, value: object) -> None:
        self._link.ask("set", self, name, value)

    def __bool__(self) -> bool:
        raise TypeError("the program gave an object of its own where a test asks whether it is true")


class Link:
    """The judge's end of the two pipes to a program."""

    def __init__(self, calls: int, values: int) -> None:
        self.calls, self.values = calls, values

    def ask(self, act: str, *operands: object) -> object:
        """Let the program act and return what it gives; what it raises is raised here as the built-in of that name."""
        crossing.send(self.calls, (act, *operands), self._number)
        return self.answer()

    def answer(self) -> object:
        """Return the next value that the program gives."""
        said = crossing.receive(self.values, lambda number: Remote(self, number))
        if type(said) is not tuple or not said or said[0] not in (True, False):
            raise crossing.NotDataError("the program broke the protocol")
        if said[0] is True:
            return said[1]
        kind = getattr(builtins, str(said[1]), None)
        raise kind(*said[2]) if isinstance(kind, type) and issubclass(kind, Exception) else RuntimeError(said[1:])

    @staticmethod
    def _number(value: object) -> int:
        if type(value) is not Remote:
            raise crossing.NotDataError(f"a test hands the program {type(value).__name__}, which is no data")
        return value._number


def failure(link: Link, tests: str, asked: Mapping[str, str]) -> str:
    """Return why the tests fail, empty if all pass; `asked` maps names in them to the program's names."""
    try:
        link.answer()  # the program has been loaded
        names: dict[str, object] = {"__name__": "judge"}
        code = compile(tests, "tests.py", "exec", dont_inherit=True)
        if "random" in tests:
            import random

            random.seed(0)  # the verdict on a program is the same whenever it is asked for
        names |= {name: link.ask("get", there) for name, there in asked.items()}
        exec(code, names)  # noqa: S102 (published tests; nothing that a model wrote)
    except BaseException as error:
        return f"{type(error).__name__}: {error}"[:500]
    return ""
