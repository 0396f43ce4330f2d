"""The figures of studies that compare points, not courses: gains by judged task, and problems before and after."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from urlvr_bench.presentation.drawing import MARKERS, PALETTE, SHARES, SMALL, TEXT, framed, legend_lines, panels
from urlvr_bench.presentation.naming import words
from urlvr_bench.records.schema import Record
from urlvr_bench.studies.definition import Study
from urlvr_bench.studies.summary import moves, tasks_table

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def tasks(study: Study, records: Sequence[Record]) -> "Figure":
    """Draw the gain on every judged task, one panel per task trained on."""
    frame = tasks_table(study, records).frame
    trained, methods = sorted(frame["trained on"].unique()), sorted(frame["method"].unique())
    drawn, grid = panels(len(trained), columns=2, height=2.8)
    for axes, name in zip(grid, trained, strict=True):
        part = frame[frame["trained on"] == name]
        judged = sorted(part["judged on"].unique())
        for i, method in enumerate(methods):
            rows = part[part["method"] == method].set_index("judged on").reindex(judged)
            at = [place + (i - (len(methods) - 1) / 2) * 0.15 for place in range(len(judged))]
            ends = [rows["gain"] - rows["gain_low"], rows["gain_high"] - rows["gain"]]
            axes.errorbar(
                at, rows["gain"], yerr=ends, color=PALETTE[i], marker=MARKERS[i], linestyle="", capsize=2, label=method
            )
        axes.axhline(0, color="0.5", linewidth=0.8)
        axes.set_xticks(range(len(judged)), [words(task) for task in judged], fontsize=SMALL)
        axes.set_xlim(-0.5, len(judged) - 0.5)
        axes.set_title(f"trained on {words(name)}", loc="left", fontweight="bold")
        axes.set_xlabel("judged on", fontsize=TEXT)
    grid[0].set_ylabel("gain in test accuracy")
    framed(
        drawn,
        study.title,
        study.question,
        "Gain: test accuracy (avg@n) at the end less that at step 0, 95 % intervals over seeds and problems, "
        f"{frame['seeds'].min()} seeds.",
        legend_lines({method: (PALETTE[i], "", MARKERS[i]) for i, method in enumerate(methods)}),
    )
    return drawn


def transitions(study: Study, records: Sequence[Record]) -> "Figure":
    """Draw every judged problem's share of right samples at the start against the end, one panel per method."""
    frame = moves(records)
    methods = sorted(frame["method"].unique())
    drawn, grid = panels(len(methods), columns=2, height=3.6)
    for axes, method in zip(grid, methods, strict=True):
        part = frame[frame["method"] == method]
        own, others = part[part["trained"]], part[~part["trained"]]
        axes.scatter(others["start"], others["end"], color="0.7", s=6, label="others")
        axes.scatter(own["start"], own["end"], color=PALETTE[1], s=40, marker="D", label="the trained problem")
        axes.plot([0, 1], [0, 1], color="0.5", linewidth=0.8, linestyle=":")
        axes.set_xlim(SHARES)
        axes.set_ylim(SHARES)
        axes.set_title(method, loc="left", fontweight="bold")
        axes.set_xlabel("share of right samples at step 0", fontsize=TEXT)
    grid[0].set_ylabel("share of right samples at the end")
    samples = records[0].protocol.evaluation.samples
    framed(
        drawn,
        study.title,
        study.question,
        f"{len(records)} runs, each on one problem; every point a problem of one run, {samples} samples. Above the "
        "dotted line: better than before.",
        legend_lines({"the trained problem": (PALETTE[1], "", "D"), "others": ("0.7", "", "o")}),
    )
    return drawn
