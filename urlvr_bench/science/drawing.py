"""The figure of sharpening: where step 0 alone says that training ends, against where it ended."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from urlvr_bench.drawing import MARKERS, PALETTE, SHARES, WIDTH, caption, panels
from urlvr_bench.intervals import Interval, two_way
from urlvr_bench.schema import Record
from urlvr_bench.science.sharpening import best, forecast, reached

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def forecast_figure(title: str, groups: Sequence[Sequence[Record]]) -> "Figure":
    """Return one panel: per method and model, forecast against reached, at the last and at the best checkpoint."""
    figure, (axes,) = panels(1, width=2.2 * WIDTH, height=3.8)
    axes.plot([0, 1], [0, 1], color="0.6", linewidth=0.8, zorder=1)
    methods = list(dict.fromkeys(group[0].method.id for group in groups))
    several = len({group[0].model.name for group in groups}) > 1
    labelled: set[str] = set()
    for group in groups:
        method = group[0].method.id
        which = methods.index(method)
        color, marker = PALETTE[which % len(PALETTE)], MARKERS[which % len(MARKERS)]
        shift = 0 if several else (which - (len(methods) - 1) / 2) * 0.008
        label = "" if method in labelled else method
        labelled.add(method)
        _point(axes, group, shift, color, marker, label)
        if several:
            x = float(forecast(group).mean())
            axes.annotate(group[0].model.name, (x, 1.0), fontsize=7, rotation=90, ha="center", va="top", color="0.35")
    axes.set(xlim=SHARES, ylim=SHARES, xlabel="accuracy that step 0 forecasts", ylabel="test accuracy")
    axes.legend(loc="center left", bbox_to_anchor=(1.01, 0.5), title="method", alignment="left")
    figure.suptitle(title, x=0.01, ha="left", fontsize=10)
    caption(figure, _caption(groups, several))
    return figure


def _point(axes: "Axes", group: Sequence[Record], shift: float, color: str, marker: str, label: str) -> None:
    """Draw one method on one model: the last checkpoint full, the best one hollow, a thin line between them."""
    x, last = two_way(forecast(group)), two_way(reached(group))
    top = float(np.mean([reached([one], best(one)).mean() for one in group]))
    axes.plot([x.mean + shift] * 2, [last.mean, top], color=color, linewidth=0.8, zorder=2)
    axes.scatter([x.mean + shift], [top], s=26, marker=marker, facecolor="white", edgecolor=color, zorder=4)
    look: dict[str, Any] = {
        "color": color,
        "marker": marker,
        "markersize": 5.0,
        "elinewidth": 0.8,
        "capsize": 1.5,
        "zorder": 5,
    }
    axes.errorbar([x.mean + shift], [last.mean], xerr=_ends(x), yerr=_ends(last), linestyle="", label=label, **look)


def _ends(found: Interval) -> "np.ndarray[tuple[int, int], np.dtype[np.float64]] | None":
    if np.isnan(found.low):
        return None
    return np.array([[found.mean - found.low], [found.high - found.mean]])


def _caption(groups: Sequence[Sequence[Record]], several: bool) -> str:
    first = groups[0][0]
    seeds = sorted({len(group) for group in groups})
    size = f"{len(first.problems[first.task.name])} test problems x {first.protocol.evaluation.samples} samples"
    shifted = "" if several else " Points are shifted sideways a little."
    return (
        f"Full: last step; hollow: best step, oracle-picked. n = {'-'.join(map(str, seeds))} seeds, {size}; bars 95 % "
        "intervals over seeds and problems. Forecast: maj@N of step 0, for rewards with labels pass@N, for noise "
        f"avg@N. On the line, training did what its start foretold.{shifted}"
    )
