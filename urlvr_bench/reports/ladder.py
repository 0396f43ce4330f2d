"""The ladder: the same method on priors from weak to strong, and when it collapses on each."""

from typing import TYPE_CHECKING, Any

from urlvr_bench.presentation.courses import accuracy, band, course, judged_points, marks, proxy_unit
from urlvr_bench.presentation.drawing import (
    LADDER,
    QUIET,
    SHARES,
    SMALL,
    STYLES,
    TEXT,
    framed,
    legend_lines,
    panels,
    spaced,
)
from urlvr_bench.presentation.naming import seeds, setting
from urlvr_bench.records.schema import Record
from urlvr_bench.science.claims import median_collapse
from urlvr_bench.statistics.cells import Cell, Rows
from urlvr_bench.statistics.collapse import HEADLINE, WINDOW

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

HEIGHTS = (1.6, 1.0)
"""Parts of a panel: accuracy above, proxy below."""
ROOM = 0.22
"""Share of the (logarithmic) width that names at the lines' starts take."""
APART = 1.25
"""Of the evaluated steps, those that are drawn are this many times the one before."""


def ladder(rungs: dict[Cell, Rows]) -> "Figure":
    """Return, one pair of panels per method, accuracy and proxy on every prior, from the weakest to the strongest."""
    methods = sorted({method for rows in rungs.values() for method in rows})
    looks = _looks(rungs)
    figure, grid = panels(len(methods), columns=1, height=4.6, ratios=HEIGHTS)
    for i, method in enumerate(methods):
        climbing = {cell: rows[method] for cell, rows in rungs.items() if method in rows}
        _climb(grid[2 * i], grid[2 * i + 1], climbing, looks)
        grid[2 * i].set_title(method, loc="left", fontweight="bold")
    for axes in grid[1::2]:
        axes.set_xlabel("training step, logarithmic", fontsize=TEXT)
    groups = [records for rows in rungs.values() for records in rows.values()]
    first = groups[0][0]
    lines = {"mean train accuracy, proxy": ("0.3", "-", ""), "test accuracy": ("0.3", "", "o")}
    framed(
        figure,
        "The stronger the start, the later the collapse" if _ordered(rungs) else "When each prior collapses",
        f"{len(rungs)} priors of {first.model.parameters:,} parameters, each named at its start. "
        f"{setting(groups[0], model=False)}, {seeds(groups)}.",
        f"Lines: mean over seeds of {WINDOW}-step means; bands: from the lowest to the highest seed. Collapse: "
        f"{HEADLINE.name}; the number above its line is the Kaplan-Meier median over all seeds. Test accuracy: mean "
        f"and 95 % interval, at evaluated steps {APART:g} times apart.",
        legend_lines(lines | {"collapse of a run": ("0.3", "", "v")}),
    )
    return figure


Looks = dict[Cell, tuple[str, Any]]
"""Color and style of the lines of each prior."""


def _looks(rungs: dict[Cell, Rows]) -> Looks:
    """Return how each prior is drawn, whatever the method, from the weakest start to the strongest."""
    starts = {cell: float(accuracy(cell, next(iter(rows.values())), 0).mean()) for cell, rows in rungs.items()}
    order = sorted(rungs, key=lambda cell: (starts[cell], cell))
    top = max(1, len(order) - 1)
    return {cell: (LADDER[round(i * (len(LADDER) - 1) / top)], STYLES[i % len(STYLES)]) for i, cell in enumerate(order)}


def _climb(above: "Axes", below: "Axes", climbing: dict[Cell, list[Record]], looks: Looks) -> None:
    """Draw one method on every prior."""
    base = {cell: float(accuracy(cell, records, 0).mean()) for cell, records in climbing.items()}
    order = sorted(climbing, key=lambda cell: (base[cell], cell))
    lowest, height = proxy_unit([record for records in climbing.values() for record in records])
    starts: list[float] = []
    medians: list[float] = []
    for cell in order:
        records, (color, look) = climbing[cell], looks[cell]
        true = course(records, "train_accuracy")
        band(above, true, color, look)
        band(below, course(records, "proxy_reward"), color, look)
        judged_points(above, cell, records, color, apart=APART)
        marks(above, records, None, color)
        starts.append(float(true.mean[0]))
        if median := median_collapse(records):
            medians.append(median)
            for axes in (above, below):
                axes.axvline(median, color=color, linewidth=0.8, linestyle=":")
            above.annotate(
                f"{median:g}", (median, 1), xytext=(0, 2), ha="center", xycoords=("data", "axes fraction"),
                textcoords="offset points", fontsize=SMALL, color=QUIET,
            )  # fmt: skip
    above.set_ylim(SHARES)
    below.set_ylim(lowest - 0.03 * height, lowest + 1.03 * height)
    above.set_ylabel("train accuracy")
    below.set_ylabel("proxy reward")
    _logarithmic(above, max(record.last_step for records in climbing.values() for record in records))
    if medians:
        above.annotate(
            "half collapsed at", (min(medians), 1), xytext=(-14, 2), ha="right", xycoords=("data", "axes fraction"),
            textcoords="offset points", fontsize=SMALL, color=QUIET,
        )  # fmt: skip
    for cell, at, place in zip(order, starts, spaced(starts, 0.055, *SHARES), strict=True):
        above.annotate(
            f"{cell.model} ({base[cell]:.2f})", (true.steps[0], at), xytext=(true.steps[0] * 0.93, place), ha="right",
            va="center", fontsize=SMALL,
        )  # fmt: skip


def _logarithmic(axes: "Axes", last: int) -> None:
    """Give the steps a logarithmic axis, with room for names before the first mean."""
    first = min(WINDOW, last)
    axes.set_xscale("log")
    axes.set_xlim(first * (last / first) ** (-ROOM / (1 - ROOM)), last * 1.02)
    ticks = [step for step in (5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000) if first <= step <= last]
    axes.set_xticks(ticks, [str(step) for step in ticks])
    axes.minorticks_off()


def _ordered(rungs: dict[Cell, Rows]) -> bool:
    """Whether every method collapses later, in the median, the higher its prior starts, one on three priors or more."""
    most = 0
    for method in {method for rows in rungs.values() for method in rows}:
        found = [(cell, rows[method]) for cell, rows in rungs.items() if method in rows]
        found.sort(key=lambda pair: float(accuracy(pair[0], pair[1], 0).mean()))
        medians = [median_collapse(records) for _, records in found]
        known = [median for median in medians if median is not None]
        if len(known) < len(medians) or known != sorted(set(known)):
            return False
        most = max(most, len(known))
    return most >= 3
