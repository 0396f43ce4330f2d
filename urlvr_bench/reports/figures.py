"""Figures of records: the dual curve of every method, all methods in one panel, and a ladder of priors."""

import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from urlvr_bench.errors import UsageError
from urlvr_bench.presentation.drawing import (
    LADDER,
    MARKERS,
    PALETTE,
    PROXY,
    SHARES,
    STYLES,
    TEST,
    TRUTH,
    WIDTH,
    caption,
    legend_lines,
    panels,
    save,
    style,
)
from urlvr_bench.protocol import slug
from urlvr_bench.records.schema import Record
from urlvr_bench.science.drawing import forecast_figure
from urlvr_bench.science.kinds import per_protocol
from urlvr_bench.statistics.cells import Cell, Rows, cells, role
from urlvr_bench.statistics.collapse import FEWEST, HEADLINE, WINDOW, eval_curve, step_curve, survival
from urlvr_bench.statistics.intervals import two_way
from urlvr_bench.statistics.metrics import scores

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def plot(records: Sequence[Record], out_dir: Path) -> list[Path]:
    """Draw every figure that the records allow, each as PNG and SVG, and return the files."""
    if not records:
        raise UsageError("there are no records to plot; make some with `urlvr-bench run`")
    trained = {cell: rows for cell, rows in cells(records).items() if cell.main}
    ladders: dict[tuple[str, ...], dict[Cell, Rows]] = {}
    for cell, rows in trained.items():
        ladders.setdefault((cell.protocol, cell.task, cell.protocol_hash, cell.task_version), {})[cell] = rows
    figures: dict[str, Figure] = {}
    with style():
        for cell, rows in trained.items():
            where = _free("_".join(map(slug, (cell.protocol, cell.model, cell.task))), figures)
            figures[f"{where}_dual"] = dual_curves(cell, rows)
            if len(rows) > 1 and cell.judged:
                figures[f"{where}_overview"] = overview(cell, rows)
        for (protocol, task, *_), rungs in ladders.items():
            if len(rungs) > 1 and all(cell.judged for cell in rungs):
                figures[f"{_free('_'.join(map(slug, (protocol, task))), figures)}_ladder"] = ladder(rungs)
        for title, groups in per_protocol(records).items():
            first = groups[0][0]
            name = "_".join(map(slug, (first.protocol_id, first.task.name)))
            name += f"-{first.protocol_hash}" if f"{name}_forecast" in figures else ""
            figures[f"{name}_forecast"] = forecast_figure(title, groups)
        return [path for name, figure in figures.items() for path in save(figure, out_dir / name)]


def dual_curves(cell: Cell, rows: Rows) -> "Figure":
    """Return small multiples, one panel per method: what the method pays against what is true."""
    figure, grid = panels(len(rows))
    for axes, records in zip(grid, sorted(rows.values(), key=_references_last), strict=True):
        _dual_panel(axes, cell, records)
    protocol = next(iter(rows.values()))[0].protocol
    lines = legend_lines({"proxy reward": (PROXY, "--", ""), "ground-truth reward": (TRUTH, "-", "")})
    points = legend_lines({f"test accuracy (avg@{protocol.evaluation.samples})": (TEST, "", "o")})
    title = _title(figure, cell)
    figure.legend(handles=lines + points, loc="outside upper left", ncols=3, title=title, alignment="left")
    caption(
        figure,
        f"Thin lines: one seed, mean of {WINDOW} steps; bold: mean over seeds. Points: {_test_set(cell, rows)}. "
        "Proxy rewards are read on the right axis, each in its own unit; accuracies on the left one.",
    )
    figure.supylabel("share of completions that are correct", fontsize=9)
    return figure


def _title(figure: "Figure", cell: Cell) -> str:
    return textwrap.fill(cell.title, int(figure.get_figwidth() * 12), break_on_hyphens=False)


def _dual_panel(axes: "Axes", cell: Cell, records: Sequence[Record]) -> None:
    """Draw one method: accuracies on the left axis, the proxy reward in its own unit on the right one."""
    right = axes.twinx()
    curves(right, records, "proxy_reward", PROXY, "--")
    if records[0].labelled:
        curves(axes, records, "train_accuracy", TRUTH, "-")
    if cell.judged:
        _test_points(axes, cell, records, color=TEST, marker="o", linestyle="")
    rewards = [value for record in records for value in record.steps.proxy_reward]
    if min(rewards) >= 0 and max(rewards) <= 1:
        right.set_ylim(SHARES)
    right.tick_params(axis="y", colors=PROXY, labelsize=7)
    right.grid(False)
    axes.set_ylim(SHARES)
    axes.set_title(f"{records[0].method.id}\n", loc="left", fontweight="bold")
    note = f"{records[0].method.family}, {_seeds(records)}"
    axes.text(0, 1.03, note, transform=axes.transAxes, fontsize=8, color="0.35")


def overview(cell: Cell, rows: Rows) -> "Figure":
    """Return one panel with the test accuracy of every method over training, best at the end first."""
    figure, (axes,) = panels(1, width=2.2 * WIDTH, height=max(3.6, 0.2 * len(rows)))  # the legend has a line each
    final = {method: _accuracy(cell, records, None).mean() for method, records in rows.items()}
    for i, method in enumerate(sorted(rows, key=lambda method: (-final[method], method))):
        look = {
            "color": PALETTE[i % len(PALETTE)],
            "linestyle": STYLES[(i + i // len(PALETTE)) % len(STYLES)],  # no two of 64 methods look alike
            "marker": MARKERS[(i + 2 * (i // len(PALETTE))) % len(MARKERS)],
        }
        label = f"{method} ({_seeds(rows[method])})"
        _test_points(
            axes, cell, rows[method], label=label, offset=(i - len(rows) / 2) * min(0.004, 0.05 / len(rows)), **look
        )
    axes.set_ylim(SHARES)
    axes.set_ylabel(f"test accuracy (avg@{next(iter(rows.values()))[0].protocol.evaluation.samples})")
    axes.legend(loc="center left", bbox_to_anchor=(1.01, 0.5), title="highest at the end first", alignment="left")
    figure.suptitle(cell.title, x=0.01, ha="left", fontsize=10)
    caption(figure, f"Points: {_test_set(cell, rows)}; shifted sideways a little so that bars do not hide each other.")
    return figure


def ladder(rungs: dict[Cell, Rows]) -> "Figure":
    """Return, one panel per method, the train accuracy of every prior, from the weakest (light) to the strongest."""
    methods = sorted({method for rows in rungs.values() for method in rows})
    figure, grid = panels(len(methods), columns=1, width=2.6 * WIDTH, height=2.8)
    for axes, method in zip(grid, methods, strict=True):
        climbing = {cell: rows[method] for cell, rows in rungs.items() if method in rows}
        base = {cell: float(_accuracy(cell, records, 0).mean()) for cell, records in climbing.items()}
        for i, cell in enumerate(sorted(climbing, key=lambda cell: (base[cell], cell))):
            color = LADDER[round(i * (len(LADDER) - 1) / max(1, len(climbing) - 1))]
            steps = [HEADLINE.step(record) for record in climbing[cell]]
            when = survival(steps, [len(record.steps.step) for record in climbing[cell]])
            label = f"{cell.model} ({base[cell]:.2f}): {when}"
            curves(axes, climbing[cell], "train_accuracy", color, STYLES[i % len(STYLES)], label=label)
        axes.set_ylim(SHARES)
        axes.set_title(method, loc="left", fontweight="bold")
        axes.legend(loc="center left", bbox_to_anchor=(1.01, 0.5), title="prior (accuracy at step 0): collapse step")
    first = min(rungs)
    figure.suptitle(
        f"{first.protocol} ({first.protocol_hash}) · {first.task} v{first.task_version}", x=0.01, ha="left", fontsize=10
    )
    figure.supylabel("train accuracy (ground-truth reward)", fontsize=9)
    caption(
        figure,
        f"Thin lines: one seed, mean of {WINDOW} steps; bold: mean over seeds. Collapse step: {HEADLINE.name}, "
        f"Kaplan-Meier median over all seeds [95 % interval], below {FEWEST} seeds the steps themselves.",
    )
    return figure


def curves(axes: "Axes", records: Sequence[Record], column: str, color: Any, style: Any, label: str = "") -> None:
    """Draw a smoothed column of every seed thin and their mean bold."""
    import seaborn as sns

    name = axes.get_xlabel()  # seaborn writes its own
    curves = [
        pd.DataFrame(dict(zip(("step", "value"), step_curve(r, column), strict=True))).assign(seed=r.seed)
        for r in records
    ]
    frame = pd.concat(curves)
    if len(records) > 1:
        sns.lineplot(
            frame, x="step", y="value", units="seed", estimator=None, ax=axes, color=color, alpha=0.35, linewidth=0.6
        )
    axes.set(xlabel=name, ylabel="")
    mean = frame.groupby("step")["value"].mean()
    axes.plot(mean.index, mean, color=color, linestyle=style, linewidth=1.8, label=label)


def _accuracy(cell: Cell, records: Sequence[Record], step: int | None) -> Any:
    return scores(records, f"avg@{records[0].protocol.evaluation.samples}", step, cell.judged)


def _test_points(axes: "Axes", cell: Cell, records: Sequence[Record], offset: float = 0.0, **look: Any) -> None:
    """Draw the test accuracy at every evaluated step with its interval."""
    steps = sorted(set.intersection(*(set(eval_curve(record, cell.judged)[0]) for record in records)))
    found = [two_way(_accuracy(cell, records, step)) for step in steps]
    means = np.array([each.mean for each in found])
    ends = np.abs(np.array([[each.low for each in found], [each.high for each in found]]) - means)
    at = np.array(steps) + offset * steps[-1]
    axes.errorbar(at, means, yerr=ends, markersize=3.5, linewidth=1.3, elinewidth=0.8, capsize=1.5, zorder=5, **look)


def _test_set(cell: Cell, rows: Rows) -> str:
    records = [record for group in rows.values() for record in group]
    evaluation = records[0].protocol.evaluation
    if not cell.judged:
        return "none, no task was named to judge"
    problems = len(records[0].problems[cell.judged])
    one = " (over problems only where there is one seed)" if min(map(len, rows.values())) == 1 else ""
    return (
        f"{problems} test problems x {evaluation.samples} samples, bars 95 % intervals over seeds and problems{one}, "
        "none where the seeds part into two groups"
    )


def _seeds(records: Sequence[Record]) -> str:
    return "1 seed" if len(records) == 1 else f"{len(records)} seeds"


def _references_last(records: Sequence[Record]) -> tuple[bool, str]:
    return role(records[0].method) != "contender", records[0].method.id


def _free(name: str, taken: dict[str, "Figure"]) -> str:
    """Return a file name that no other cell has: cells may differ in a hash alone."""
    if not any(other.startswith(f"{name}_") for other in taken):
        return name
    return next(f"{name}-{i}" for i in range(2, len(taken) + 2) if not any(o.startswith(f"{name}-{i}_") for o in taken))
