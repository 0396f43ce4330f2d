"""A table: numbers for machines, and what of them people read, as Markdown or LaTeX."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from tabulate import tabulate

DASH = "—"
Row = dict[str, Any]


@dataclass(frozen=True)
class Table:
    """One table: the numbers, the columns that people read, and what they must know to read them."""

    title: str
    notes: tuple[str, ...]
    frame: pd.DataFrame
    text: Callable[[Row], dict[str, str]]
    """Renders a row of the frame."""


def number(row: Row, name: str) -> str:
    """Return a value with its interval, such as `0.605 [0.551, 0.660]`; a dash stands for what is not known.

    A star marks an interval over problems only, which is all that one seed can give.
    """
    value, low, high = row[name], row[f"{name}_low"], row[f"{name}_high"]
    if pd.isna(value):
        return DASH
    if pd.isna(low):
        return f"{value:.3f} [no interval]"
    star = "*" if row["basis"] == "problems only" else ""
    return f"{value:.3f} [{low:.3f}, {high:.3f}]{star}"


def rendered(each: Table, form: str, columns: Sequence[str] | None = None) -> str:
    """Return one table as Markdown or LaTeX, with its notes; `columns` picks some of those that people read."""
    rows: list[Row] = each.frame.astype(object).to_dict("records")  # whole numbers that may miss are slow to unpack
    body = [each.text(row) for row in rows]
    body = [{name: row[name] for name in columns} for row in body] if columns else body
    if form == "latex":
        return "\n".join([*(f"% {note}" for note in (each.title, *each.notes)), _grid(body, "latex_booktabs")])
    grid = _grid([{_inert(name): _inert(text) for name, text in row.items()} for row in body], "pipe")
    return "\n".join([f"### {_inert(each.title)}", "", grid, "", *(f"- {note}" for note in each.notes)])


def _grid(body: Sequence[dict[str, str]], form: str) -> str:
    return str(tabulate(body, headers="keys", tablefmt=form, disable_numparse=True))


def _inert(text: str) -> str:
    """Return text that Markdown shows as it is: a name may hold anything printable."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace("|", "\\|").replace("`", "\\`")
