"""What policies wrote to a few problems at the start, at their best and at the end: a section of docs/desk.md."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from tabulate import tabulate

from urlvr_bench.records import record
from urlvr_bench.records.excerpts import Excerpts

SHOWN = 2
"""Problems whose samples are printed, the first of the test set."""


def written(texts: dict[str, Excerpts]) -> Iterator[str]:
    """Show what each policy wrote to the first problems at the start, at its best and at the end."""
    if not texts:
        return
    yield "## What they write"
    rows = []
    for method, found in texts.items():
        for problem in found.problems[:SHOWN]:
            row = {"method": method, "question": code(problem.prompt.splitlines()[-1])}
            for name, said in zip(("start", "peak", "end"), _three(problem.said, found.peak), strict=True):
                row[name] = ", ".join(code(one.text.strip()) for one in said.samples) + f" ({said.step})"
            rows.append(row)
    yield str(tabulate(rows, headers="keys", tablefmt="pipe", disable_numparse=True))
    yield "Two samples each, of seed 0, with the step that they were drawn at."


def _three(said: Sequence[Any], peak: int) -> list[Any]:
    """Return what was said at the start, the peak and the end; a peak at either end is that end."""
    return [said[0], next(one for one in said if one.step == peak), said[-1]]


def code(text: str) -> str:
    """Return a text as Markdown's code, on one line."""
    plain = text.replace("`", "'").replace("|", "/").replace("\n", " ")
    return f"`{plain}`" if plain else "(nothing)"


def first_texts(folder: Path) -> dict[str, Excerpts]:
    """Return the texts beside the records of seed 0 in a folder, by method."""
    found = {}
    for path in record.find([folder]):
        loaded = record.load(path)
        if loaded.record.seed == 0 and (texts := Excerpts.read(path, loaded.content)):
            found[loaded.record.method.id] = texts
    return found
