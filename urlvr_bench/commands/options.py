"""Options that several commands share, and what they mean."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console

from urlvr_bench.errors import UsageError, presentable, unknown
from urlvr_bench.local_data import entry

console = Console(stderr=True)
"""Everything for people goes to standard error; standard output is for what a command is asked to print."""

MOST_SEEDS = 1000
"""More than anybody plans; a grid of them is made whole before the first run."""
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON on standard output.")]
Data = Annotated[
    list[str] | None,
    typer.Option("--data", metavar="TASK=DIR", help="Read a task's rows from local files (also: URLVR_DATA)."),
]
Folders = Annotated[list[Path], typer.Argument(help="Run folders, results folders or records.")]


def names_of(kind: str) -> Callable[[str], list[str]]:
    """Return what completes a name of some kind behind the Tab key."""

    def complete(incomplete: str) -> list[str]:
        from urlvr_bench import methods, models, protocol, tasks
        from urlvr_bench.stopping import known as rules

        known = {
            "methods": methods.names,
            "models": models.names,
            "protocols": protocol.names,
            "tasks": tasks.names,
            "stop-rules": rules.live,
        }
        return [name for name in known[kind]() if name.startswith(incomplete)]

    return complete


def plain(text: str) -> str:
    """Return text that rich prints as it is, and that no terminal obeys."""
    return presentable(text).replace("[", r"\[")


def say(text: str) -> None:
    """Print one line for people, however long: a command in it can be copied whole."""
    console.print(plain(text), highlight=False, soft_wrap=True)


def several(count: int, noun: str) -> str:
    """Return a number of things in words: `1 run`, `2 runs`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def complain(why: str) -> NoReturn:
    """Say in one line what was wrong with the input, and exit with 2."""
    console.print(f"[bold red]error:[/] {plain(why)}", highlight=False, soft_wrap=True)
    sys.exit(2)


def pairs(settings: list[str] | None, option: str = "--set") -> dict[str, str]:
    """Return `key=value` options as a mapping."""
    found = {}
    for setting in settings or []:
        key, equals, value = setting.partition("=")
        if not equals or not key:
            raise UsageError(f"{option} {setting!r} is not of the form key=value")
        found[key] = value
    return found


def use_local_data(settings: list[str] | None) -> None:
    """Let this process and its children read the named tasks' rows from local folders, or from a file of one's own."""
    if not settings:
        return
    from urlvr_bench import tasks

    given = []
    for setting in settings:
        name, _, folder = setting.partition("=")
        path = Path(folder).expanduser()
        if not folder or not (path.is_dir() or (path.suffix == ".jsonl" and path.is_file())):
            raise UsageError(f"--data {setting!r} is not of the form TASK=DIR with a folder that exists")
        if path.is_dir() and name.partition("@")[0] not in tasks.names():
            raise unknown("task of --data", name, tasks.names())
        given.append(entry(name, path.resolve()))
    os.environ["URLVR_DATA"] = ",".join([*given, *filter(None, [os.environ.get("URLVR_DATA")])])


def one_thread() -> None:
    """Use one thread per process on a CPU, where two are slower, and keep libraries' notices off the terminal."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
