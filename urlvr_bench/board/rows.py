"""Rows of the board: cells for readers, raw values for sorting and downloads, and differences for the compare page."""

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from urlvr_bench.board import charts
from urlvr_bench.board.boards import Board, Entry
from urlvr_bench.board.charts import Chart, Line
from urlvr_bench.board.columns import Column
from urlvr_bench.board.curves import mean_curve
from urlvr_bench.board.values import Cell, Raw, Tag
from urlvr_bench.records.attestation import Attestation
from urlvr_bench.records.record import Record
from urlvr_bench.statistics.collapse import HEADLINE
from urlvr_bench.statistics.intervals import Interval, differences
from urlvr_bench.statistics.logrank import logrank
from urlvr_bench.statistics.ranking import holm

COMPARED = 60
"""Methods per board, best first, whose differences are worked out: their number grows with the square."""
DRAWN = 8
"""Methods per board, best first, whose curves are drawn on the front page."""
OVERVIEW = (
    ("Reward accuracy", "How often the reward pays what a rollout deserves, for each method.", "reward_accuracy"),
    ("Ground-truth reward", "Share of training rollouts that are correct, for each method.", "train_accuracy"),
)
"""Title, summary and column of the front page's charts."""
FAMILY_STYLES = {
    "supervised": "plain dashed",
    "baseline": "plain dotted",
    "intrinsic/certainty": "proxy",
    "intrinsic/ensemble": "truth",
    "external/verification": "reward",
    "external/unlabeled-data": "label",
}


@dataclass(frozen=True)
class Row:
    """One row, ready to be written."""

    board: Board
    entry: Entry
    style: str
    """CSS class: `reference` rows are pinned, `unranked` ones grey."""
    cells: dict[str, Cell]
    raw: dict[str, Raw]

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
    )


def verified(row: Row, attested: Mapping[Path, Attestation]) -> Row:
    """Return a row with a badge beside its scores where some of its runs have been made again."""
    found = [(one, attested[one.path]) for one in row.entry.records if one.path in attested]
    tags = tuple(_tag([pair for pair in found if pair[1].confirmed is well], well) for well in (True, False))
    badge = replace(row.cells["badge"], tags=tuple(tag for tag in tags if tag))
    return replace(row, cells={**row.cells, "badge": badge}) if found else row


def _tag(found: Sequence[tuple[Record, Attestation]], well: bool) -> Tag | None:
    if not found:
        return None
    tip = "; ".join(f"seed {one.seed} by {made.by}: {made.verdict}" for one, made in found)
    return Tag("verified", f"Run again, {tip}", "good") if well else Tag("not repeated", f"Run again, {tip}", "warn")


def comparison(board: Board) -> dict[str, Any]:
    """Return what the compare page needs of a board: curves, and the paired difference of every two methods."""
    entries = [entry for entry in board.entries if entry.records]
    chosen = entries[:COMPARED]
    gaps = differences([board.end(entry) for entry in chosen])
    fallen = [tuple(HEADLINE.step(record) for record in entry.records) for entry in chosen]
    collapses = holm([_collapse_p(*steps, board.steps) for steps in itertools.combinations(fallen, 2)])
    return {
        "title": board.title,
        "metric": board.metric,
        "left_out": len(entries) - len(chosen),
        "entries": [
            {
                "name": entry.id,
                "ranked": entry.ranked,
                "truth": _path(entry, "train_accuracy"),
                "reward": _path(entry, "reward_accuracy"),
            }
            for entry in chosen
        ],
        "pairs": [[*_rounded(gap), _known(p)] for gap, p in zip(gaps, collapses, strict=True)],
    }


@lru_cache(maxsize=10_000)
def _collapse_p(first: tuple[int | None, ...], second: tuple[int | None, ...], last: int) -> float:
    return logrank(first, second, last)


def _rounded(found: Interval) -> list[float | None]:
    return [_known(found.mean), _known(found.low), _known(found.high)]


def _known(value: float) -> float | None:
    """Return a number to five places, None for NaN."""
    return round(value, 5) if math.isfinite(value) else None


def _path(entry: Entry, column: str) -> str:
    """Return the path of a column's curve, both axes from 0 to 1 of what they may be."""
    x, y = charts.axis("", bounds=(0, len(entry.records[0].steps.step))), charts.axis("", bounds=(0, 1))
    return charts.path(mean_curve(entry.records, column), x, y)


def overview(board: Board) -> list[Chart]:
    """Return what training did to the best methods of a board: reward accuracy beside ground-truth reward."""
    trained = [entry for entry in board.entries if entry.records]
    chosen = [entry for entry in trained if entry.reference][:2]
    chosen += [entry for entry in trained if not entry.reference][:DRAWN]
    return [_overview(board, chosen, *part) for part in OVERVIEW]


def _overview(board: Board, entries: Sequence[Entry], title: str, summary: str, column: str) -> Chart:
    x, y = charts.axis("step", bounds=(0, board.steps)), charts.axis("", bounds=(0, 1))
    families = [entry.records[0].method.family for entry in entries]
    styles = [FAMILY_STYLES.get(family, "plain") for family in families]
    curves = [mean_curve(entry.records, column) for entry in entries]
    last = [charts.ends(curve)[1] for curve in curves]
    ends = [
        (entry.id, style.split()[0], 100 * (1 - value))
        for entry, style, value in zip(entries, styles, last, strict=True)
        if value is not None
    ]
    return Chart(
        title=title,
        summary=summary,
        x=x,
        left=y,
        lines=tuple(
            Line(entry.id, style, charts.path(curve, x, y))
            for entry, style, curve in zip(entries, styles, curves, strict=True)
        ),
        groups=tuple(dict.fromkeys(zip(families, styles, strict=True))),
        labels=charts.labels(ends, gap=6),
    )


def frames() -> list[Chart]:
    """Return the empty charts into which the compare page draws."""
    x, y = charts.axis("share of training, %", bounds=(0, 100)), charts.axis("", bounds=(0, 1))
    return [Chart(title, summary, x, y, ()) for title, summary, _ in reversed(OVERVIEW)]
