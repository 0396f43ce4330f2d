"""Rows of the board: cells for readers, raw values for sorting and downloads."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from urlvr_bench import methods
from urlvr_bench.board.boards import Board
from urlvr_bench.board.columns import Column
from urlvr_bench.board.entries import Entry
from urlvr_bench.board.values import Cell, Raw, Tag
from urlvr_bench.records.attestation import Attestation
from urlvr_bench.records.record import Record


@dataclass(frozen=True)
class Row:
    """One row, ready to be written."""

    board: Board
    entry: Entry
    style: str
    """CSS class: `reference` rows are pinned, `unranked` ones grey."""
    cells: dict[str, Cell]
    raw: dict[str, Raw]
    words: str = ""
    """What a search finds it by, beside what it shows: other names of its method."""

    @property
    def id(self) -> str:
        """What tells the row from all others of the site."""
        return f"{self.board.name}/{self.entry.id}"


def rows(board: Board, columns: Sequence[Column]) -> list[Row]:
    """Return the rows of a board: the untrained model, the other references, then the methods, best first."""
    return [_row(board, entry, columns) for entry in board.entries]


def _row(board: Board, entry: Entry, columns: Sequence[Column]) -> Row:
    written = {column: column.cell(board, entry) for column in columns}
    raw = {name: value for column, (_, row) in written.items() for name, value in zip(column.fields, row, strict=True)}
    return Row(
        board=board,
        entry=entry,
        style="reference" if entry.reference else "" if entry.ranked else "unranked",
        cells={column.key: cell for column, (cell, _) in written.items()},
        raw=raw,
        words=" ".join(_aliases(entry.records[0].method.name)) if entry.records else "",
    )


@lru_cache(maxsize=1000)
def _aliases(name: str) -> tuple[str, ...]:
    return tuple(methods.load(name).aliases) if name in methods.names() else ()


def verified(row: Row, attested: Mapping[Path, Attestation]) -> Row:
    """Return a row with a badge beside its method where some of its runs have been made again."""
    found = [(one, attested[one.path]) for one in row.entry.records if one.path in attested]
    tags = [_tag([pair for pair in found if pair[1].confirmed is well], well) for well in (True, False)]
    cell = row.cells["method"]
    badged = replace(cell, tags=(*cell.tags, *(tag for tag in tags if tag)))
    return replace(row, cells={**row.cells, "method": badged}) if found else row


def _tag(found: Sequence[tuple[Record, Attestation]], well: bool) -> Tag | None:
    if not found:
        return None
    tip = "; ".join(f"seed {one.seed} by {made.by}: {made.verdict}" for one, made in found)
    return Tag("verified", f"Run again, {tip}", "good") if well else Tag("not repeated", f"Run again, {tip}", "warn")
