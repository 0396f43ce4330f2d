"""The dual curve: what a method pays against what is true, fallen methods first."""

from collections import Counter
from typing import TYPE_CHECKING

from urlvr_bench.presentation.courses import accuracy, dual_legend, dual_panel, heading
from urlvr_bench.presentation.drawing import framed, panels
from urlvr_bench.presentation.naming import seeds, setting
from urlvr_bench.records.schema import Record
from urlvr_bench.statistics.cells import Cell, Rows, role
from urlvr_bench.statistics.collapse import HEADLINE, WINDOW
from urlvr_bench.statistics.downfall import MANNERS, Downfall, downfalls
from urlvr_bench.statistics.summaries import REFERENCE
from urlvr_bench.statistics.verdicts import NOISE

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SHOWN = 6
"""Panels that a page has room for; the other methods are in the appendix."""
FEW, MANY = 4, 4
"""Panels that stand in two columns; columns too narrow for labels at the ends of lines."""


def dual_curves(cell: Cell, rows: Rows, most: int | None = None) -> "Figure":
    """Return one panel per method, the fallen first; of more than `most` those that tell most."""
    from matplotlib.ticker import MaxNLocator

    fell = downfalls(rows)
    names = picked(cell, rows, fell, most)
    columns = 1 if len(names) == 1 else 2 if len(names) <= FEW else 3 if most else 4
    height = {1: 3.0, 2: 2.5, 3: 2.2, 4: 1.75}[columns]
    figure, grid = panels(len(names), columns, height)
    for axes, name in zip(grid, names, strict=True):
        dual_panel(axes, cell, rows[name], height - 0.75, labelled=columns < MANY)
        heading(axes, cell, rows[name], fell[name])
    whole = MaxNLocator("auto", integer=True, steps=[1, 2, 2.5, 5, 10])
    grid[0].xaxis.set_major_locator(whole)  # of all panels: they share their steps
    for axes in grid[::columns]:
        axes.set_ylabel("share of completions")
    framed(
        figure,
        "What is paid and what is true: the proxy reward against accuracy",
        _about(rows, fell, len(names)),
        dual_note(cell, next(iter(rows.values()))[0]),
        dual_legend(bool(cell.judged)),
    )
    return figure


def _about(rows: Rows, fell: dict[str, Downfall | None], drawn: int) -> str:
    """Return what is compared, how much of it is drawn, and how many methods fell how."""
    said = f"{setting([record for records in rows.values() for record in records])}, {seeds(rows.values())}."
    counts = Counter(one.word for one in fell.values() if one)
    ends = ", ".join(f"{counts[word]} {word}" for word in MANNERS if counts[word])
    if len(rows) > 1 and ends:
        said += f" Of {len(rows)} methods: {ends}" + (f"; {drawn} are drawn." if drawn < len(rows) else ".")
    return said


def dual_note(cell: Cell, record: Record) -> str:
    """Return what the reader of dual panels must know; `record` is one of those drawn."""
    test = ""
    if cell.judged:
        test = (
            f"Above each panel: how the method fell (docs/statistics.md), and test accuracy at the start, at its best "
            f"step and at the end; {len(record.problems[cell.judged])} problems x {record.protocol.evaluation.samples} "
            "samples, bars 95 % intervals, none where the seeds part into two groups. "
        )
    return (
        f"{test}Lines: mean over seeds of {WINDOW}-step means; bands: from the lowest to the highest seed. A proxy "
        "that is no share is drawn from its lowest to its highest value, up is what the method pays. Peak: of the mean "
        f"train accuracy. Collapse: {HEADLINE.name}."
    )


def picked(cell: Cell, rows: Rows, fell: dict[str, Downfall | None], most: int | None = None) -> list[str]:
    """Return the methods to draw: contenders, the fallen first, then references, of which noise and truth stay."""

    def order(name: str) -> tuple[bool, int, float, str]:
        word = found.word if (found := fell[name]) else "held"
        end = float(accuracy(cell, rows[name], None).mean()) if cell.judged else 0.0
        return role(rows[name][0].method) != "contender", MANNERS.index(word), end, name

    names = sorted(rows, key=order)
    frame = [name for name in names if name in (NOISE, REFERENCE)]
    if most is None or len(names) <= most:
        return [name for name in names if name not in frame] + frame
    return [name for name in names if name not in frame][: most - len(frame)] + frame
