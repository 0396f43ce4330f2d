"""The figure of sharpening: where step 0 alone says that training ends, against where it ended."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from urlvr_bench.presentation.drawing import PROXY, SHARES, TEST, TRUTH, framed, panels
from urlvr_bench.presentation.naming import seeds, setting
from urlvr_bench.records.schema import Record
from urlvr_bench.science.sharpening import best, forecast, reached
from urlvr_bench.statistics.intervals import Floats, two_way

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LOOKS: dict[str, dict[str, Any]] = {
    "start": {"color": "0.55", "marker": "x", "markersize": 5.0},
    "forecast": {"color": PROXY, "marker": "D", "markersize": 7.0, "markerfacecolor": "none"},
    "best step (oracle-picked)": {"color": TRUTH, "marker": "o", "markersize": 5.0, "markerfacecolor": "white"},
    "last step": {"color": TEST, "marker": "o", "markersize": 5.0},
}


def forecast_figure(groups: Sequence[Sequence[Record]]) -> "Figure":
    """Return one line per method and model: start, forecast, best and last accuracy, from bottom to top."""
    several = len({group[0].model.name for group in groups}) > 1
    ordered = sorted(groups, key=lambda group: float(reached(group, 0 if several else None).mean()))
    figure, (axes,) = panels(1, height=0.6 + 0.2 * len(groups))
    for height, group in enumerate(ordered):
        _line(axes, height, group)
    names = [f"{group[0].model.name}, {group[0].method.id}" if several else group[0].method.id for group in ordered]
    axes.set_yticks(range(len(names)), names)
    axes.set(xlim=SHARES, ylim=(-0.6, len(names) - 0.4), xlabel="test accuracy")
    handles, _ = axes.get_legend_handles_labels()
    framed(
        figure,
        "Where step 0 says that training ends, and where it ended",
        f"{setting([record for group in groups for record in group], not several)}, {seeds(groups)}.",
        _caption(groups),
        handles,
    )
    return figure


def _line(axes: "Axes", height: int, group: Sequence[Record]) -> None:
    """Draw the four accuracies of one method on one model; bars are 95 % intervals."""
    top = np.concatenate([reached([one], best(one)) for one in group])
    arrays: tuple[Floats, ...] = (reached(group, 0), forecast(group), top, reached(group))
    means = [float(array.mean()) for array in arrays]
    axes.plot([min(means), max(means)], [height, height], color="0.8", linewidth=1.2, zorder=1)
    for place, ((name, look), array) in enumerate(zip(LOOKS.items(), arrays, strict=True)):
        found = two_way(array)
        ends = None if np.isnan(found.low) else [[found.mean - found.low], [found.high - found.mean]]
        axes.errorbar(
            [found.mean],
            [height],
            xerr=ends,
            linestyle="",
            elinewidth=0.8,
            capsize=1.5,
            zorder=2 + place,
            label=name if height == 0 else "",
            **look,
        )


def _caption(groups: Sequence[Sequence[Record]]) -> str:
    first = groups[0][0]
    problems = first.problems[first.judged or first.task.name]
    size = f"{len(problems)} test problems x {first.protocol.evaluation.samples} samples"
    return (
        f"{size}; accuracy is avg@n; bars 95 % intervals over seeds and problems. Best step: of each run, picked with "
        "the test labels. "
        "Forecast from the samples of step 0 alone: maj@n, for rewards with labels pass@n, for noise avg@n."
    )
