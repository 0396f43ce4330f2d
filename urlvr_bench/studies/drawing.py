"""A study's figure: how accuracy moved in each arm."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from urlvr_bench.presentation.drawing import LADDER, MARKERS, PALETTE, SHARES, STYLES, WIDTH, caption, panels, style
from urlvr_bench.records.schema import Record
from urlvr_bench.reports.figures import curves
from urlvr_bench.statistics.collapse import WINDOW
from urlvr_bench.studies.definition import Study
from urlvr_bench.studies.summary import Arm, arms, moves, tasks_table

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def figure(study: Study, records: Sequence[Record]) -> "Figure":
    """Return the study's figure."""
    with style():
        drawn = DRAW[study.view](study, records)
        drawn.suptitle(study.title, x=0.01, ha="left", fontsize=10)
        return drawn


def _curves(study: Study, records: Sequence[Record]) -> "Figure":
    """Draw train accuracy, one panel per varied setting, method, model or task, one line per arm in it."""
    grouped: dict[str, list[tuple[str, list[Record]]]] = {}
    for panel, line, found in _placed(study, arms(study, records)):
        grouped.setdefault(panel, []).append((line, found))
    drawn, grid = panels(len(grouped), columns=3, width=(1.15 if len(grouped) > 1 else 2) * WIDTH)
    for axes, (panel, lines) in zip(grid, grouped.items(), strict=True):
        for i, (line, found) in enumerate(lines):
            color = LADDER[round(i * (len(LADDER) - 1) / max(1, len(lines) - 1))] if len(lines) > 1 else PALETTE[0]
            curves(axes, found, "train_accuracy", color, STYLES[i % len(STYLES)], label=line)
        axes.set_ylim(SHARES)
        axes.set_title(panel, loc="left", fontweight="bold")
        if any(line for line, _ in lines):
            place = {"loc": "best"} if len(grouped) > 1 else {"loc": "center left", "bbox_to_anchor": (1.01, 0.5)}
            axes.legend(fontsize=7, **place)
    drawn.supylabel("train accuracy (ground-truth reward)", fontsize=9)
    seeds = sorted({len(found) for lines in grouped.values() for _, found in lines})
    caption(
        drawn,
        f"Thin lines: one seed, mean of {WINDOW} steps; bold: mean over {' or '.join(map(str, seeds))} seeds. "
        "Accuracy of the training rollouts, a share between 0 and 1.",
    )
    return drawn


def _placed(study: Study, found: Sequence[Arm]) -> list[tuple[str, str, list[Record]]]:
    """Return each arm with its panel and the name of its line; the run that varies nothing is in every panel."""
    told = {
        "setting": [name for _, name, _ in found],
        "method": [rows[0].method.id for _, _, rows in found],
        "model": [cell.model for cell, _, _ in found],
        "task": [cell.task for cell, _, _ in found],
    }
    lines = [name for name, values in told.items() if name != study.panel and len(set(values)) > 1]
    placed = []
    for i, (_, name, rows) in enumerate(found):
        line = ", ".join(told[kind][i] for kind in lines)
        if study.panel != "setting":
            placed.append((told[study.panel][i], line, rows))
            continue
        varied = name.rpartition(", ")[2]  # a variant's own setting comes after those of its whole sweep
        keys = sorted({other.rpartition(", ")[2].partition("=")[0] for other in told["setting"] if other != "default"})
        panel_of = keys if name == "default" else [varied.partition("=")[0]]
        placed += [(key, ", ".join(filter(None, [varied, line])), rows) for key in panel_of]
    return placed


def _tasks(study: Study, records: Sequence[Record]) -> "Figure":
    """Draw the gain on every judged task, one panel per task trained on."""
    frame = tasks_table(study, records).frame
    trained, methods = sorted(frame["trained on"].unique()), sorted(frame["method"].unique())
    drawn, grid = panels(len(trained), columns=2, width=1.5 * WIDTH, height=2.6)
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
        axes.set_xticks(range(len(judged)), judged, fontsize=7)
        axes.set_title(f"trained on {name}", loc="left", fontweight="bold")
        axes.set_xlabel("judged on", fontsize=9)
    grid[0].legend(fontsize=7)
    drawn.supylabel("gain in test accuracy", fontsize=9)
    seeds = frame["seeds"].min()
    caption(drawn, f"Gain: test accuracy (avg@n) at the end less that at step 0, 95 % intervals, {seeds} seeds.")
    return drawn


def _moves(study: Study, records: Sequence[Record]) -> "Figure":
    """Draw every judged problem's share of right samples at the start against the end, one panel per method."""
    frame = moves(records)
    methods = sorted(frame["method"].unique())
    drawn, grid = panels(len(methods), columns=2, width=1.3 * WIDTH, height=3.2)
    for axes, method in zip(grid, methods, strict=True):
        part = frame[frame["method"] == method]
        own, others = part[part["trained"]], part[~part["trained"]]
        axes.scatter(others["start"], others["end"], color="0.7", s=6, label="others")
        axes.scatter(own["start"], own["end"], color=PALETTE[1], s=40, marker="D", label="the trained problem")
        axes.plot([0, 1], [0, 1], color="0.5", linewidth=0.8, linestyle=":")
        axes.set_xlim(SHARES)
        axes.set_ylim(SHARES)
        axes.set_title(method, loc="left", fontweight="bold")
        axes.set_xlabel("share of right samples at step 0", fontsize=9)
    grid[0].legend(fontsize=7)
    drawn.supylabel("share of right samples at the end", fontsize=9)
    samples = records[0].protocol.evaluation.samples
    caption(drawn, f"{len(records)} runs, each on one problem; every point a problem of one run, {samples} samples.")
    return drawn


DRAW = {"arms": _curves, "tasks": _tasks, "transitions": _moves}
