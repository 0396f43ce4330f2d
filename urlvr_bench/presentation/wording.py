"""Tables in words: as Markdown or LaTeX, and on a terminal in blocks of columns that fit."""

import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table as Grid
from rich.text import Text
from tabulate import tabulate

GAP = 2
"""Blanks between two columns on a terminal."""
LEAST = 28
"""Letters that a cell of the first column has room for, in the narrowest terminal too."""
CLAUSE = re.compile(r"(?<=,) | (?=\()")


@dataclass(frozen=True)
class Words:
    """A table as people read it: its rows by their headings, and what they must know to read them."""

    title: str
    rows: Sequence[dict[str, str]]
    notes: Sequence[str]


def gathered(found: Sequence[Words]) -> list[str]:
    """Return the notes of some tables, each once."""
    return list(dict.fromkeys(note for each in found for note in each.notes))


def latex(found: Sequence[Words]) -> str:
    """Return tables as LaTeX; what must be known to read one stands above it, as comments."""
    parts = [
        [*(f"% {note}" for note in (each.title, *each.notes)), _grid(each.rows, "latex_booktabs")] for each in found
    ]
    return "\n\n".join("\n".join(part) for part in parts)


def markdown(found: Sequence[Words]) -> str:
    """Return tables as Markdown, with the notes of all at the end."""
    parts = []
    for each in found:
        rows = [{_inert(name): _inert(text) for name, text in row.items()} for row in each.rows]
        parts.append(f"### {_inert(each.title)}\n\n{_grid(rows, 'pipe')}")
    return "\n\n".join([*parts, "\n".join(f"- {note}" for note in gathered(found))]).rstrip()


def show(found: Sequence[Words], console: Console) -> None:
    """Print tables on a terminal, with the notes of all at the end.

    A table that is too wide continues below with further columns; a cell is folded between its clauses alone.
    """
    for each in found:
        console.print(Text(each.title, style="bold"))
        for block in blocks(each.rows, console.width):
            console.print(block, highlight=False)
            console.print()
    for note in gathered(found):
        console.print(Text(f"- {note}", style="dim"))


def blocks(rows: Sequence[dict[str, str]], width: int) -> Iterator[Grid]:
    """Yield as many of the columns as fit into `width`, then the first with those that come next, and so on."""
    columns = {name: [folded(row[name], width // 2) for row in rows] for name in (rows[0] if rows else ())}
    if not columns:
        return
    first, *others = columns
    columns[first] = [folded(row[first], max(LEAST, width // 3)) for row in rows]
    block, left = [first], width - _needed(first, columns[first])
    for name in others:
        needed = GAP + _needed(name, columns[name])
        if needed > left and len(block) > 1:
            yield _block({each: columns[each] for each in block})
            block, left = [first], width - _needed(first, columns[first])
        block.append(name)
        left -= needed
    yield _block({each: columns[each] for each in block})


def folded(text: str, limit: int) -> str:
    """Return a cell in lines of at most `limit` letters, broken behind a comma and before a bracket where it can be."""
    lines = [""]
    for clause in CLAUSE.split(text):
        parts = textwrap.wrap(clause, limit) or [""]
        if lines[-1] and len(lines[-1]) + 1 + len(parts[0]) <= limit:
            lines[-1] += f" {parts.pop(0)}"
        lines += parts
    return "\n ".join(line for line in lines if line)


def _needed(name: str, cells: Sequence[str]) -> int:
    """Return how wide a column must be: as the widest line of its cells, or the longest word of its heading."""
    return max(cell_len(line) for text in (*cells, *name.split()) for line in text.split("\n"))


def _block(columns: Mapping[str, Sequence[str]]) -> Grid:
    grid = Grid(box=None, padding=(0, GAP, 0, 0), pad_edge=False)
    for name, cells in columns.items():
        heading = textwrap.wrap(name, _needed(name, cells), break_long_words=False, break_on_hyphens=False)
        grid.add_column(Text("\n".join(heading)), overflow="fold")
    for row in zip(*columns.values(), strict=True):
        grid.add_row(*map(Text, row))
    return grid


def _grid(rows: Sequence[dict[str, str]], form: str) -> str:
    return str(tabulate(rows, headers="keys", tablefmt=form, disable_numparse=True))


def _inert(text: str) -> str:
    """Return text that Markdown shows as it is: a name may hold anything printable."""
    text = re.sub("<(?! )", "&lt;", text.replace("&", "&amp;"))  # before a blank it opens no tag
    return text.replace("|", "\\|").replace("`", "\\`")
