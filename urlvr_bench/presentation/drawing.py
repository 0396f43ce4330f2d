"""How figures look: one width and one style for all, told apart without colour, and files that do not change."""

import textwrap
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from urlvr_bench.system.files import replacing

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

TRUTH, PROXY, TEST, QUIET = "#0072B2", "#D55E00", "#000000", "0.35"
"""Blue, vermilion and black of Okabe and Ito, which the colour-blind tell apart; in grey the line styles differ."""
STYLES = ("-", "--", "-.", ":", (0, (6, 1, 1, 1, 1, 1)), (0, (1, 1)), (0, (8, 3)), (0, (4, 1, 1, 1)))
MARKERS = "osD^vPX*"
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#000000", "#E69F00", "#56B4E9", "#8C564B")
LADDER = ("#b5de2b", "#6ece58", "#35b779", "#1f9e89", "#26828e", "#31688e", "#3e4989", "#482878")
"""Viridis from light to dark, so that the order of the priors survives in grey."""
SHARES = (-0.03, 1.03)
PAGE = 8.3
"""Inches of every figure: at the width of a README its letters have the size of the text around it."""
HEAD, TEXT, SMALL = 12.0, 8.5, 7.5
"""Points of titles, of what belongs to them, and of labels inside a panel."""
LEADING = 1.4
"""Lines of text are so many times their letters apart."""


def panels(
    count: int, columns: int = 4, height: float = 2.3, ratios: Sequence[float] = (1.0,), alike: bool = True
) -> tuple["Figure", list["Axes"]]:
    """Return a figure of PAGE with `count` panels that share their axes, each `height` inches high.

    Where they are not `alike`, each has an x axis of its own. With several `ratios` each panel is that many axes, one
    below the other; they come panel by panel.
    """
    from matplotlib.figure import Figure

    columns, parts = min(columns, count), len(ratios)
    lines = -(-count // columns)
    figure = Figure(figsize=(PAGE, height * lines), layout="constrained")
    grid = figure.subplots(
        lines * parts, columns, sharex=alike, sharey="row" if parts > 1 else True, squeeze=False,
        height_ratios=[*ratios] * lines,
    )  # fmt: skip
    found = []
    for place in range(lines * columns):
        line, column = divmod(place, columns)
        stack = [grid[line * parts + part][column] for part in range(parts)]
        if place >= count:
            for axes in stack:
                axes.remove()
            continue
        if place + columns >= count:
            stack[-1].tick_params(labelbottom=True)
            stack[-1].set_xlabel("training step", fontsize=TEXT)
        found += stack
    return figure, found


def framed(figure: "Figure", title: str, about: str = "", note: str = "", handles: Sequence[Any] = ()) -> None:
    """Put a title, a line about what is shown and a legend above a figure, and what the reader must know below it.

    The figure grows by what they take, so that nothing is ever cut.
    """
    width, body = figure.get_size_inches()
    columns, rows = _fitting(handles, width)
    head = [(line, HEAD, "bold", "0") for line in _wrapped(title, HEAD * 1.12, width)]
    head += [(line, TEXT, "normal", QUIET) for line in _wrapped(about, TEXT, width)]
    foot = [(line, SMALL, "normal", QUIET) for line in _wrapped(note, SMALL, width)]
    above = 0.12 + sum(size for _, size, *_ in head) * LEADING / 72 + 0.2 * rows
    below = 0.1 + sum(size for _, size, *_ in foot) * LEADING / 72
    height = body + above + below
    figure.set_size_inches(width, height)
    figure.set_layout_engine("constrained", rect=(0.0, below / height, 1.0, body / height))
    left = 0.08 / width
    for lines, at in ((head, height - 0.06), (foot, below - 0.06)):
        for line, size, weight, color in lines:
            figure.text(left, at / height, line, fontsize=size, fontweight=weight, color=color, va="top")
            at -= size * LEADING / 72
    if handles:
        at = 1 - (above - 0.2 * rows - 0.06) / height
        figure.legend(
            handles=[*handles], loc="upper left", bbox_to_anchor=(left / 2, at), ncols=columns, borderaxespad=0.0,
            borderpad=0.1, columnspacing=1.4, handletextpad=0.6, labelspacing=0.3, fontsize=TEXT,
        )  # fmt: skip


def _wrapped(text: str, size: float, width: float) -> list[str]:
    return textwrap.wrap(text, int((width - 0.2) * 72 / (0.545 * size)), break_on_hyphens=False)


def _fitting(handles: Sequence[Any], width: float) -> tuple[int, int]:
    """Return the columns and rows of a legend that is no wider than its figure."""
    if not handles:
        return 0, 0
    widest = max(len(handle.get_label()) for handle in handles) * 0.56 * TEXT + 3.6 * TEXT + 8
    total = sum(len(handle.get_label()) * 0.56 * TEXT + 3.6 * TEXT + 8 for handle in handles)
    room = (width - 0.2) * 72
    columns = len(handles) if total < room else max(1, int(room // widest))
    return columns, -(-len(handles) // columns)


def legend_lines(looks: dict[str, tuple[str, Any, str]]) -> list[Any]:
    """Return the entries of a legend: label to colour, line style and marker."""
    from matplotlib.lines import Line2D

    return [
        Line2D([], [], color=color, linestyle=style, marker=marker, markersize=4.5, label=label)
        for label, (color, style, marker) in looks.items()
    ]


def end_labels(axes: "Axes", labels: Sequence[tuple[float, str, Any]], height: float) -> None:
    """Write (y, text, colour) to the right of a panel that is `height` inches high, each at its line or close to it."""
    low, high = axes.get_ylim()
    ordered = sorted(labels, key=lambda label: label[0])
    places = spaced([y for y, *_ in ordered], 1.25 * SMALL / 72 / height * (high - low), low, high)
    for place, (_, text, color) in zip(places, ordered, strict=True):
        axes.annotate(
            text, (1.0, place), xytext=(4, 0), xycoords=("axes fraction", "data"), textcoords="offset points",
            va="center", fontsize=SMALL, color=color, annotation_clip=False,
        )  # fmt: skip


def led_labels(axes: "Axes", labels: Sequence[tuple[float, str, Any, Any]], height: float) -> None:
    """Write (y, text, colour, line style) beside a panel whose lines end at its edge, with a leader to each line."""
    low, high = axes.get_ylim()
    ordered = sorted(labels, key=lambda label: label[0])
    places = spaced([y for y, *_ in ordered], 1.25 * SMALL / 72 / height * (high - low), low, high)
    edge = ("axes fraction", "data")
    for place, (y, text, color, look) in zip(places, ordered, strict=True):
        leader = {"arrowstyle": "-", "color": color, "linestyle": look, "linewidth": 1.3, "shrinkA": 1, "shrinkB": 0}
        axes.annotate(
            text, (1.0, y), xytext=(1.09, place), xycoords=edge, textcoords=edge, va="center", fontsize=SMALL,
            arrowprops={**leader, "relpos": (0.0, 0.5)}, annotation_clip=False,
        )  # fmt: skip


def spaced(wanted: Sequence[float], least: float | Sequence[float], low: float, high: float) -> list[float]:
    """Return rising places near those wanted, so far apart as the `least` of each asks, from `low` to `high`."""
    sizes = [least] * len(wanted) if isinstance(least, float) else list(least)
    places: list[float] = []
    edge = low
    for place, size in zip(wanted, sizes, strict=True):
        places.append(max(place, edge + size / 2))
        edge = places[-1] + size / 2
    edge = high
    for i in reversed(range(len(places))):
        places[i] = min(places[i], edge - sizes[i] / 2)
        edge = places[i] - sizes[i] / 2
    return places


@contextmanager
def style() -> Iterator[None]:
    """Draw in one style, and so that equal records give equal files."""
    import matplotlib as mpl
    import seaborn as sns

    settings: dict[Any, Any] = {**sns.plotting_context("paper"), **sns.axes_style("whitegrid")}
    settings |= {"font.family": ["DejaVu Sans"], "svg.hashsalt": "urlvr-bench", "grid.color": "0.92"}
    settings |= {"axes.spines.top": False, "axes.spines.right": False, "legend.frameon": False, "axes.titlesize": 9}
    settings |= {"legend.fontsize": TEXT, "axes.edgecolor": "0.6", "savefig.dpi": 200}
    settings |= {"xtick.labelsize": SMALL, "ytick.labelsize": SMALL, "axes.labelsize": TEXT}
    with mpl.rc_context(settings):
        yield


def save(figure: "Figure", stem: Path) -> list[Path]:
    """Write a figure as PNG and SVG, without dates, by way of temporary names."""
    files = []
    for ending, metadata in (("png", {"Software": None}), ("svg", {"Date": None})):
        target = stem.with_name(f"{stem.name}.{ending}")
        with replacing(target) as temporary:
            figure.savefig(temporary, format=ending, metadata=metadata)
            figure.set_layout_engine("none")  # laid out once, for both
        files.append(target)
    return files
