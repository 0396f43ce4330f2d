"""Every method at a glance: where its accuracy ended, against when half of its runs had collapsed."""

import itertools
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from urlvr_bench.presentation.courses import accuracy
from urlvr_bench.presentation.drawing import PAGE, PALETTE, SHARES, SMALL, framed, legend_lines, spaced
from urlvr_bench.presentation.naming import seeds, setting
from urlvr_bench.records.schema import Record
from urlvr_bench.statistics.cells import Cell, Rows
from urlvr_bench.statistics.collapse import HEADLINE, Survival, survival
from urlvr_bench.statistics.intervals import Interval, two_way

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LOOKS = {
    "intrinsic/certainty": (PALETTE[1], "D"),
    "intrinsic/ensemble": (PALETTE[0], "o"),
    "external/verification": (PALETTE[2], "s"),
    "external/unlabeled-data": (PALETTE[3], "P"),
    "baseline": ("0.55", "X"),
    "supervised": ("0", "^"),
}
"""Colour and marker of each family of rewards."""
TIED = 0.01
"""Neighbours in accuracy that are closer than this share one label."""
LETTERS = 38
"""Letters of a line beside the right panel."""
STRIP = 0.9
"""Inches that points side by side take."""
LINE = 1.3 * SMALL / 72
"""Inches of a line of labels."""


_COLLAPSED = (
    f"Collapse: {HEADLINE.name}; points at the Kaplan-Meier median with its 95 % interval, an arrow where it is open. "
    f"Methods within {TIED} of a neighbour share a label; (2 of 5): as many runs collapsed."
)


@dataclass(frozen=True)
class Dot:
    """One method."""

    name: str
    family: str
    end: Interval
    when: Survival


def overview(cell: Cell, rows: Rows) -> "Figure":
    """Return accuracy at the end against the step of collapse; where hardly any run got there, one method a line."""
    from matplotlib.figure import Figure

    dots = sorted((_dot(cell, records) for records in rows.values()), key=lambda dot: (dot.end.mean, dot.name))
    runs = [record for records in rows.values() for record in records]
    fallen = [dot for dot in dots if dot.when.median is not None]
    standing = [dot for dot in dots if dot.when.median is None]
    if fallen:
        lines = sum(_label(group).count("\n") + 2 for group in _alike(standing))
        height = max(3.4, 0.2 * len(fallen), LINE * lines + 0.6)
        figure = Figure(figsize=(PAGE, height), layout="constrained")
        left, right = figure.subplots(1, 2, sharey=True, width_ratios=(1, 1))
        _fallen(left, fallen, max(record.last_step for record in runs), height)
        _standing(right, standing, height)
    else:
        figure = Figure(figsize=(PAGE, 0.6 + 0.17 * len(dots)), layout="constrained")
        _ranked(figure.subplots(), dots, float(accuracy(cell, runs, 0).mean()))
    note = _COLLAPSED if fallen else "Dashed: before training. The axis does not begin at 0."
    looks = {
        family: (*LOOKS[family][:1], "", LOOKS[family][1]) for family in LOOKS if any(d.family == family for d in dots)
    }
    framed(
        figure,
        f"Where each method ends{', and when it collapses' if fallen else ''}",
        f"{setting(runs)}, {seeds(rows.values())}. "
        f"{len(fallen)} of {len(rows)} methods collapsed in at least half of their runs.",
        f"Accuracy: test accuracy (avg@{runs[0].protocol.evaluation.samples}) after the last step, bars 95 % intervals "
        f"over seeds and problems, none where seeds part into two groups. {note}",
        legend_lines(looks),
    )
    return figure


def _dot(cell: Cell, records: Sequence[Record]) -> Dot:
    when = survival([HEADLINE.step(record) for record in records], [record.last_step for record in records])
    who = records[0].method
    return Dot(who.id, who.family, two_way(accuracy(cell, records, None)), when)


def _ranked(axes: "Axes", dots: Sequence[Dot], start: float) -> None:
    """Draw one line per method, the best on top, beside where all began."""
    axes.axvline(start, color="0.5", linewidth=0.8, linestyle=(0, (4, 3)))
    for y, dot in enumerate(dots):
        color, marker = LOOKS.get(dot.family, ("0", "o"))
        axes.plot([dot.end.low, dot.end.high], [y, y], color=color, linewidth=0.8)
        axes.plot([dot.end.mean], [y], marker, color=color, markersize=6, mec="white", mew=0.6)
    names = [
        dot.name + (f" ({dot.when.collapsed} of {dot.when.seeds} collapsed)" if dot.when.steps else "") for dot in dots
    ]
    axes.set_yticks(range(len(dots)), names, fontsize=SMALL)
    axes.set(ylim=(-0.7, len(dots) - 0.3), xlabel="test accuracy at the end")


def _mark(axes: "Axes", x: float, dot: Dot) -> None:
    color, marker = LOOKS.get(dot.family, ("0", "o"))
    ends = [[dot.end.mean - dot.end.low], [dot.end.high - dot.end.mean]]
    axes.errorbar([x], [dot.end.mean], yerr=ends, color=color, elinewidth=0.8, zorder=3)
    axes.plot([x], [dot.end.mean], marker, color=color, markersize=6, mec="white", mew=0.6, zorder=4)


def _fallen(axes: "Axes", dots: Sequence[Dot], last: int, height: float) -> None:
    """Draw the methods of which half of the runs collapsed, each with its name above it."""
    axes.set(xlim=(0, last), ylim=SHARES, xlabel="training step at which half of the runs had collapsed")
    axes.set_ylabel("test accuracy at the end")
    ordered = sorted(dots, key=lambda dot: (-dot.end.mean, dot.name))
    width, tall = 0.47 * PAGE, (height - 0.6) / (SHARES[1] - SHARES[0])
    at = [(_median(dot) / last * width, dot.end.mean * tall) for dot in ordered]
    for dot, (x, y), (middle, bottom) in zip(ordered, at, _free([dot.name for dot in ordered], at, width), strict=True):
        _mark(axes, _median(dot), dot)
        low, high = dot.when.low, dot.when.high
        open_ended = "->" if high is None and low is not None else "-"
        ends = (low or _median(dot), min(last, high or _median(dot) + (0.08 * last if low else 0)))
        axes.annotate("", (ends[1], dot.end.mean), (ends[0], dot.end.mean), arrowprops=_thin(open_ended, "0.6"))
        if bottom > y + 0.2 or abs(middle - x) > 0.5:
            leader = [_median(dot), middle / width * last], [dot.end.mean, bottom / tall]
            axes.plot(*leader, color="0.75", linewidth=0.6, zorder=1)
        axes.text(
            middle / width * last, bottom / tall, dot.name, fontsize=SMALL, ha="center", zorder=5,
            bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 0.5},
        )  # fmt: skip


def _median(dot: Dot) -> float:
    return float(dot.when.median or 0)


def _thin(head: str, color: str) -> dict[str, Any]:
    return {"arrowstyle": head, "color": color, "lw": 0.6, "shrinkA": 0, "shrinkB": 0}


def _free(names: Sequence[str], at: Sequence[tuple[float, float]], width: float) -> list[tuple[float, float]]:
    """Return the middle and the bottom of each name, in inches: above its point, as low as nothing is in the way."""
    taken = [(x - 0.06, x + 0.06, y - 0.06, y + 0.06) for x, y in at]
    found = []
    for name, (x, y) in zip(names, at, strict=True):
        half = 0.3 * SMALL / 72 * len(name)
        middle = min(max(x, half), width - half)
        levels = (y + 0.1 + LINE * level for level in itertools.count())
        boxes = ((middle - half, middle + half, bottom, bottom + LINE) for bottom in levels)
        box = next(box for box in boxes if not any(_overlap(box, other) for other in taken))
        taken.append(box)
        found.append((middle, box[2]))
    return found


def _overlap(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return one[0] < other[1] and other[0] < one[1] and one[2] < other[3] and other[2] < one[3]


def _alike(dots: Sequence[Dot]) -> list[list[Dot]]:
    """Return the methods that end alike, group by group from the lowest up."""
    groups: list[list[Dot]] = []
    for dot in dots:
        if groups and dot.end.mean - groups[-1][-1].end.mean < TIED:
            groups[-1].append(dot)
        else:
            groups.append([dot])
    return groups


def _label(group: Sequence[Dot]) -> str:
    """Return the accuracy and the names of methods that end alike, the best first."""
    low, high = (f"{group[end].end.mean:.3f}" for end in (0, -1))
    names = [dot.name + (f" ({dot.when.collapsed} of {dot.when.seeds})" if dot.when.steps else "") for dot in group]
    return textwrap.fill((low if low == high else f"{low} to {high}") + f": {', '.join(reversed(names))}", LETTERS)


def _standing(axes: "Axes", dots: Sequence[Dot], height: float) -> None:
    """Draw the methods that are censored, side by side where they end alike, and name them."""
    ends = sorted({dot.when.censored_at for dot in dots if dot.when.censored_at})
    axes.set_xlabel(f"not by step {' or '.join(map(str, ends))} (censored)" if ends else "", loc="left")
    axes.set(xlim=(-0.12, 0.48 * PAGE), ylim=SHARES, xticks=[])
    axes.spines["left"].set_linestyle((0, (2, 2)))
    axes.tick_params(left=False)
    groups = _alike(dots)
    apart = min(0.1, STRIP / max(map(len, groups), default=1))
    texts = [_label(group) for group in groups]
    scale = (SHARES[1] - SHARES[0]) / (height - 0.6)
    sizes = [LINE * scale * (text.count("\n") + 1.5) for text in texts]
    middles = [sum(dot.end.mean for dot in group) / len(group) for group in groups]
    for group, text, y, place in zip(groups, texts, middles, spaced(middles, sizes, *SHARES), strict=True):
        for i, dot in enumerate(group):
            _mark(axes, i * apart, dot)
        axes.annotate(
            text, ((len(group) - 1) * apart + 0.07, y), xytext=(STRIP + 0.25, place), va="center", fontsize=SMALL,
            linespacing=1.15, arrowprops=_thin("-", "0.75") | {"relpos": (0.0, 0.5)},
        )  # fmt: skip
