"""The course of a method's runs, drawn: bands over seeds, test accuracy, peak and collapse, proxy beside truth."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from urlvr_bench.presentation.drawing import PAGE, PROXY, QUIET, SHARES, SMALL, TEST, TRUTH, end_labels, legend_lines
from urlvr_bench.records.schema import Record
from urlvr_bench.statistics.cells import Cell
from urlvr_bench.statistics.collapse import HEADLINE, WINDOW, judged_steps, step_curve
from urlvr_bench.statistics.downfall import Downfall
from urlvr_bench.statistics.intervals import Floats, two_way
from urlvr_bench.statistics.metrics import scores
from urlvr_bench.statistics.summaries import WATCHED

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True)
class Course:
    """A smoothed column of several runs: every seed, and what is drawn of them."""

    steps: Floats
    curves: Floats
    """NaN behind the end of a run that stopped early."""

    @property
    def mean(self) -> Floats:
        """The mean over the seeds that got there."""
        return np.asarray(np.nanmean(self.curves, axis=0))


def course(records: Sequence[Record], column: str) -> Course:
    """Return the trailing means of a column in every run."""
    found = [step_curve(record, column) for record in records]
    steps = max((steps for steps, _ in found), key=len)
    curves = [np.pad(values, (0, len(steps) - len(values)), constant_values=np.nan) for _, values in found]
    return Course(steps.astype(np.float64), np.stack(curves))


def band(axes: "Axes", drawn: Course, color: Any, style: Any = "-", width: float = 1.8) -> None:
    """Draw the mean of the seeds as a line, and the lowest to the highest of them as a band."""
    if len(drawn.curves) > 1:
        low, high = np.nanmin(drawn.curves, axis=0), np.nanmax(drawn.curves, axis=0)
        axes.fill_between(drawn.steps, low, high, color=color, alpha=0.16, linewidth=0)
    axes.plot(drawn.steps, drawn.mean, color=color, linestyle=style, linewidth=width)


def judged_points(axes: "Axes", cell: Cell, records: Sequence[Record], color: Any = TEST, apart: float = 0) -> None:
    """Draw the test accuracy at the evaluated steps with its interval.

    On a logarithmic axis, which has no step 0, at those alone that are `apart` times the one before, or more.
    """
    steps: list[int] = []
    for step in judged_steps(records, cell.judged):
        if not apart or (step and (not steps or step >= apart * steps[-1])):
            steps.append(step)
    if not steps:  # an artist without points would take the layout's room down to the corner of the page
        return
    found = [two_way(accuracy(cell, records, step)) for step in steps]
    means = np.array([each.mean for each in found])
    ends = np.abs(np.array([[each.low for each in found], [each.high for each in found]]) - means)
    axes.errorbar(
        steps, means, yerr=ends, color=color, marker="o", linestyle="", markersize=3, elinewidth=0.8, capsize=1.5,
        zorder=5, clip_on=False,
    )  # fmt: skip


def accuracy(cell: Cell, records: Sequence[Record], step: int | None) -> Floats:
    """Return the test accuracy of every run on every problem."""
    return scores(records, f"avg@{records[0].protocol.evaluation.samples}", step, cell.judged)


def proxy_unit(records: Sequence[Record]) -> tuple[float, float]:
    """Return the lowest value and the height of the scale on which a proxy is drawn from 0 to 1.

    Shares stay what they are. Others fill the panel from the lowest to the highest seed, unless they move by less than
    the rewards inside one group differ: what does not move is not to look as if it did.
    """
    paid = course(records, "proxy_reward").curves
    if all(0 <= value <= 1 for record in records for value in record.steps.proxy_reward):
        return 0.0, 1.0
    low, high = float(np.nanmin(paid)), float(np.nanmax(paid))
    inside = float(np.mean([value for record in records for value in record.steps.proxy_reward_std[:WINDOW]]))
    height = max(high - low, inside) or 1.0
    return high - height, height


def dual_panel(axes: "Axes", cell: Cell, records: Sequence[Record], height: float, labelled: bool = True) -> None:
    """Draw what a method pays and what is true: proxy, train accuracy, test accuracy, peak and steps of collapse."""
    axes.set_ylim(SHARES)
    low, unit = proxy_unit(records)
    paid = course(records, "proxy_reward")
    scaled = Course(paid.steps, (paid.curves - low) / unit)
    band(axes, scaled, PROXY, "--")
    first, final = (_short(paid.mean[end], unit) for end in (0, -1))
    ends = [(scaled.mean[-1], f"proxy {final}", PROXY)]
    if labelled and (unit != 1 or low) and first != final:
        beside = (-3, -9) if scaled.mean[0] > 0.12 else (7, -1)
        axes.annotate(
            first, (scaled.steps[0], scaled.mean[0]), xytext=beside, textcoords="offset points",
            fontsize=SMALL, color=PROXY,
        )  # fmt: skip
    if records[0].labelled:
        true = course(records, "train_accuracy")
        band(axes, true, TRUTH)
        marks(axes, records, true)
        ends.append((true.mean[-1], f"truth {true.mean[-1]:.2f}", TRUTH))
    if cell.judged:
        judged_points(axes, cell, records)
    if labelled:
        end_labels(axes, ends, height)


def marks(axes: "Axes", records: Sequence[Record], true: Course | None, color: Any = TRUTH) -> None:
    """Mark the step at which each run collapsed and, where `true` is given, the peak of its mean."""
    look: dict[str, Any] = {"color": color, "linestyle": "", "zorder": 6, "clip_on": False, "in_layout": False}
    if true:
        top = int(np.argmax(true.mean))
        axes.plot(true.steps[top], true.mean[top], marker="o", markerfacecolor="white", markersize=6, **look)
    fallen = [step for step in map(HEADLINE.step, records) if step is not None]
    if fallen and all(map(HEADLINE.applies, records)):
        at = [HEADLINE.threshold] * len(fallen)
        axes.plot(fallen, at, marker="v", markersize=5.5, markeredgecolor="white", markeredgewidth=0.5, **look)


def _short(value: float, unit: float) -> str:
    text = f"{value:.2f}" if unit >= 0.5 else f"{value:.3f}"
    return text.lstrip("-") if not float(text) else text.replace("-", "\u2212")


def heading(axes: "Axes", cell: Cell, records: Sequence[Record], fell: Downfall | None, name: str = "") -> None:
    """Write above a panel its name, if none is given the method's, how it fell, and its course in test accuracy."""
    name, place = name or records[0].method.id, axes.get_subplotspec()
    columns = place.get_gridspec().ncols if place else 1
    room = PAGE / columns * 72  # points; labels at the ends of lines take some of it
    fitting = min(9.0, (0.85 if columns > 3 else 0.7) * room / (0.7 * len(name)))
    axes.set_title(f"{name}\n", loc="left", fontweight="bold", fontsize=fitting)
    parts = [str(fell)] if fell else []
    if cell.judged:
        steps = judged_steps(records, cell.judged)
        means = [float(accuracy(cell, records, step).mean()) for step in steps]
        top = int(np.argmax(means))
        peak = [f"{means[top]:.2f} ({steps[top]})"] if len(steps) >= WATCHED and 0 < top < len(steps) - 1 else []
        parts.append(" \u2192 ".join([f"{means[0]:.2f}", *peak, f"{means[-1]:.2f}"]))
    text = ": ".join(parts)
    axes.annotate(
        text, (0, 1), xytext=(0, 4), xycoords="axes fraction", textcoords="offset points", color=QUIET,
        fontsize=min(SMALL, 0.9 * room / (0.55 * max(1, len(text)))), in_layout=False,
    )  # fmt: skip


def dual_legend(judged: bool) -> list[Any]:
    """Return the legend of dual panels."""
    looks: dict[str, tuple[str, Any, str]] = {"proxy (reward paid)": (PROXY, "--", "")}
    looks |= {"truth (train accuracy)": (TRUTH, "-", "")} | ({"test accuracy": (TEST, "", "o")} if judged else {})
    *found, peak, collapse = legend_lines(looks | {"peak": (TRUTH, "", "o"), "collapse of a run": (TRUTH, "", "v")})
    peak.set_markerfacecolor("white")
    return [*found, peak, collapse]
