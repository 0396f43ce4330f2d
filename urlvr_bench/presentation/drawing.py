"""How figures look: one style for all, told apart without colour, and files that do not change when redrawn."""

import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from urlvr_bench.system.files import replacing

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

TRUTH, PROXY, TEST = "#0072B2", "#D55E00", "#000000"
"""Blue, vermilion and black of Okabe and Ito, which the colour-blind tell apart; in grey the line styles differ."""
STYLES = ("-", "--", "-.", ":", (0, (6, 1, 1, 1, 1, 1)), (0, (1, 1)), (0, (8, 3)), (0, (4, 1, 1, 1)))
MARKERS = "osD^vPX*"
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#000000", "#E69F00", "#56B4E9", "#8C564B")
LADDER = ("#b5de2b", "#6ece58", "#35b779", "#1f9e89", "#26828e", "#31688e", "#3e4989", "#482878")
"""Viridis from light to dark, so that the order of the priors survives in grey."""
SHARES = (-0.03, 1.03)
WIDTH = 3.1
"""Inches of one panel."""
NARROWEST = 6.6
"""Inches: what the legend and the caption of a figure of one panel need."""


def panels(count: int, columns: int = 4, width: float = WIDTH, height: float = 2.3) -> tuple["Figure", list["Axes"]]:
    """Return a figure with `count` panels that share their axes."""
    from matplotlib.figure import Figure

    columns = min(columns, count)
    width = max(width, NARROWEST / columns)
    lines = -(-count // columns)
    figure = Figure(figsize=(width * columns, height * lines + 1.0), layout="constrained")
    grid = figure.subplots(lines, columns, sharex=True, sharey=True, squeeze=False).ravel()
    for i, axes in enumerate(grid):
        if i + columns >= count:
            axes.tick_params(labelbottom=True)
            axes.set_xlabel("training step", fontsize=9)
        if i >= count:
            axes.remove()
    return figure, list(grid[:count])


def legend_lines(looks: dict[str, tuple[str, Any, str]]) -> list[Any]:
    from matplotlib.lines import Line2D

    return [
        Line2D([], [], color=color, linestyle=style, marker=marker, markersize=4, label=label)
        for label, (color, style, marker) in looks.items()
    ]


def caption(figure: "Figure", text: str) -> None:
    """Write below a figure what the reader must know."""
    wrapped = textwrap.fill(text, int(figure.get_figwidth() * 15), break_on_hyphens=False)
    figure.supxlabel(f"\n{wrapped}", fontsize=8)


@contextmanager
def style() -> Iterator[None]:
    """Draw in one style, and so that equal records give equal files."""
    import matplotlib as mpl
    import seaborn as sns

    settings: dict[Any, Any] = {**sns.plotting_context("paper"), **sns.axes_style("whitegrid")}
    settings |= {"font.family": ["DejaVu Sans"], "svg.hashsalt": "urlvr-bench", "grid.color": "0.92"}
    settings |= {"axes.spines.top": False, "axes.spines.right": False, "legend.frameon": False, "axes.titlesize": 9}
    settings |= {"legend.fontsize": 8, "legend.title_fontsize": 9, "axes.edgecolor": "0.6", "savefig.dpi": 200}
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
