"""A table: numbers for machines, and what of them people read."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from urlvr_bench.presentation.wording import Words, latex, markdown

DASH = "—"
ALONE = (
    "1 seed: where no column says how many, intervals are over problems only and say nothing about another "
    "training run."
)
STAR = "A star marks one seed: its interval is over problems only and says nothing about another training run."
ABOUT = {
    r"\]\*": STAR,
    r"\d of \d+ (held at|fell to|at) ": "Where seeds part into two groups (`4 of 5 held at`), as where a share of the "
    "runs collapses, the groups are named, since no interval of their mean would hold.",
}
"""Notes on how numbers are written, as in `Table.about`."""
Row = dict[str, Any]


@dataclass(frozen=True)
class Table:
    """One table: the numbers, the columns that people read, and what they must know to read them."""

    title: str
    notes: tuple[str, ...]
    frame: pd.DataFrame
    text: Callable[[Row], dict[str, str]]
    """Renders a row of the frame."""
    about: Mapping[str, str] = field(default_factory=dict)
    """Notes on what only some tables show, by a pattern of a heading or a cell that has it."""


def number(row: Row, name: str) -> str:
    """Return a value with its interval, such as `0.605 [0.551, 0.660]`, or the groups that its seeds part into.

    A dash stands for what is not known; a star marks an interval over problems only, which is all that one seed can
    give. A value alone has no interval.
    """
    value, low, high = row[name], row[f"{name}_low"], row[f"{name}_high"]
    if pd.isna(value):
        return DASH
    if isinstance(parts := row.get(f"{name}_parts"), str):
        return parts
    if pd.isna(low):
        return f"{value:.3f}"
    star = "*" if row["basis"] == "problems only" else ""
    return f"{value:.3f} [{low:.3f}, {high:.3f}]{star}"


def worded(each: Table, columns: Sequence[str] | None = None) -> Words:
    """Return one table as people read it, with its notes; `columns` picks some of those that they read.

    A column without any entry is left out, and where all rows have one seed a note says so instead of each row.
    """
    values = {str(name): each.frame[name].tolist() for name in each.frame}  # by column: rows are slow to take out
    rows: list[Row] = [dict(zip(values, row, strict=True)) for row in zip(*values.values(), strict=True)]
    alone = bool(rows) and all(row.get("seeds") == 1 for row in rows)
    body = [each.text({**row, "basis": ""} if alone else row) for row in rows]
    kept = [name for name in columns or (body[0] if body else ()) if _kept(name, body, alone)]
    body = [{name: row[name] for name in kept} for row in body]
    shown = "\n".join([*kept, *(text for row in body for text in row.values())])
    about = [note for mark, note in {**ABOUT, **each.about}.items() if re.search(mark, shown, re.MULTILINE)]
    return Words(each.title, body, [*([ALONE] if alone else []), *each.notes, *about])


def rendered(each: Table, form: str, columns: Sequence[str] | None = None) -> str:
    """Return one table as Markdown or LaTeX, with its notes; `columns` picks some of those that people read."""
    return {"markdown": markdown, "latex": latex}[form]([worded(each, columns)])


def _kept(name: str, body: Sequence[dict[str, str]], alone: bool) -> bool:
    return not (alone and name == "seeds") and any(row[name] != DASH for row in body)
