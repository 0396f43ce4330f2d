"""A study's figure: how proxy and accuracy moved in each arm."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from urlvr_bench.presentation.courses import (
    Course,
    band,
    course,
    dual_legend,
    dual_panel,
    heading,
    judged_points,
    marks,
    proxy_unit,
)
from urlvr_bench.presentation.drawing import (
    LADDER,
    SHARES,
    STYLES,
    framed,
    led_labels,
    legend_lines,
    panels,
    style,
)
from urlvr_bench.presentation.naming import seeds, setting, words
from urlvr_bench.records.schema import Record
from urlvr_bench.reports.dual import FEW, dual_note
from urlvr_bench.statistics.collapse import HEADLINE, WINDOW
from urlvr_bench.statistics.downfall import MANNERS
from urlvr_bench.studies import alignment, foretelling, points, verifying
from urlvr_bench.studies.definition import Study
from urlvr_bench.studies.summary import Arm, arms, manners

if TYPE_CHECKING:
    from matplotlib.figure import Figure

HEIGHTS = (1.6, 0.9)
"""Parts of a panel of several lines: accuracy above, proxy below."""


def figure(study: Study, records: Sequence[Record]) -> "Figure":
    """Return the study's figure."""
    with style():
        return DRAW[study.view](study, records)


def _curves(study: Study, records: Sequence[Record]) -> "Figure":
    """Draw accuracy and proxy, one panel per varied setting, method, model or task, one line per arm in it."""
    grouped: dict[str, list[tuple[str, Arm]]] = {}
    for panel, line, arm in _placed(study, arms(study, records)):
        grouped.setdefault(panel, []).append((line, arm))
    alone = {panel: lines[0][1] for panel, lines in grouped.items() if len(lines) == 1}
    return _single(study, alone) if len(alone) == len(grouped) else _several(study, grouped)


def _single(study: Study, found: dict[str, Arm]) -> "Figure":
    """Draw a dual panel per arm; methods with the fallen first, anything else in the order of the study."""
    fell = dict(zip(found, manners(list(found.values())), strict=True))
    order = list(found)
    if study.panel == "method":
        order.sort(key=lambda panel: MANNERS.index(how.word) if (how := fell[panel]) else len(MANNERS))
    columns = 2 if len(order) <= FEW else 3
    height = 2.5 if columns == 2 else 2.1
    drawn, grid = panels(len(order), columns, height)
    for axes, panel in zip(grid, order, strict=True):
        cell, _, runs = found[panel]
        dual_panel(axes, cell, runs, height - 0.75)
        heading(axes, cell, runs, fell[panel], panel)
    for axes in grid[::columns]:
        axes.set_ylabel("share of completions")
    cell, _, runs = found[order[0]]
    groups = [runs for _, _, runs in found.values()]
    framed(drawn, study.title, _about(study, groups), dual_note(cell, runs[0]), dual_legend(bool(cell.judged)))
    return drawn


def _several(study: Study, grouped: dict[str, list[tuple[str, Arm]]]) -> "Figure":
    """Draw pairs of axes: accuracies of several arms above, what they are paid below."""
    height = 2.9
    drawn, grid = panels(len(grouped), columns=2, height=height if len(grouped) > 1 else 3.8, ratios=HEIGHTS)
    last = max(run.last_step for lines in grouped.values() for _, (_, _, runs) in lines for run in runs)
    for above, below, (panel, lines) in zip(grid[::2], grid[1::2], grouped.items(), strict=True):
        ends = []
        for i, (line, (cell, _, runs)) in enumerate(lines):
            color, look = LADDER[1 + round(i * (len(LADDER) - 2) / max(1, len(lines) - 1))], STYLES[i % len(STYLES)]
            low, unit = proxy_unit(runs)
            true, paid = course(runs, "train_accuracy"), course(runs, "proxy_reward")
            band(above, true, color, look, 1.5)
            band(below, Course(paid.steps, (paid.curves - low) / unit), color, look, 1.5)
            judged_points(above, cell, runs, color)
            marks(above, runs, None, color)
            ends.append((float(true.mean[-1]), line, color, look))
        above.set_xlim(-0.03 * last, last)
        for axes in (above, below):
            axes.set_ylim(SHARES)
        led_labels(above, ends, 1.4 if len(grouped) > 1 else 2.0)
        above.set_title(panel if study.panel == "method" else words(panel), loc="left", fontweight="bold")
    columns = min(2, len(grouped))
    for above, below in zip(grid[:: 2 * columns], grid[1 :: 2 * columns], strict=True):
        above.set_ylabel("accuracy")
        below.set_ylabel("proxy")
    looks = {"train accuracy, proxy": ("0.3", "-", ""), "test accuracy": ("0.3", "", "o")}
    groups = [runs for lines in grouped.values() for _, (_, _, runs) in lines]
    framed(
        drawn,
        study.title,
        _about(study, groups),
        f"Lines: mean over seeds of {WINDOW}-step means; bands: from the lowest to the highest seed. Test accuracy "
        f"with 95 % intervals, none where the seeds part into two groups. Collapse: {HEADLINE.name}. A proxy that is "
        "no share is drawn from its lowest to its highest value; up is what the method pays.",
        legend_lines(looks | {"collapse of a run": ("0.3", "", "v")}),
    )
    return drawn


def _about(study: Study, groups: Sequence[Sequence[Record]]) -> str:
    """Return the question, and what all arms have in common."""
    return f"{study.question} {_told(groups)}."


def _told(groups: Sequence[Sequence[Record]]) -> str:
    models = {runs[0].model.name for runs in groups}
    return f"{setting([run for runs in groups for run in runs], len(models) == 1)}, {seeds(groups)}"


def _placed(study: Study, found: Sequence[Arm]) -> list[tuple[str, str, Arm]]:
    """Return each arm with its panel and the name of its line; the run that varies nothing is in every panel.

    A line is named by one kind of thing where that tells it from the others of its panel, else by all that differ.
    """
    told = {
        "setting": [name for _, name, _ in found],
        "method": [rows[0].method.id for _, _, rows in found],
        "model": [cell.model for cell, _, _ in found],
        "task": [cell.task for cell, _, _ in found],
    }
    lines = [name for name, values in told.items() if name != study.panel and len(set(values)) > 1]
    placed = []
    for i, arm in enumerate(found):
        name = arm[1]
        if study.panel != "setting":
            own = told[study.panel]
            beside = [j for j in range(len(found)) if own[j] == own[i]]
            enough = [kind for kind in lines if len({told[kind][j] for j in beside}) == len(beside)]
            placed.append((own[i], ", ".join(told[kind][i] for kind in enough[-1:] or lines), arm))
            continue
        line = ", ".join(told[kind][i] for kind in lines)
        varied = name.rpartition(", ")[2]  # a variant's own setting comes after those of its whole sweep
        keys = sorted({other.rpartition(", ")[2].partition("=")[0] for other in told["setting"] if other != "default"})
        panel_of = keys if name == "default" else [varied.partition("=")[0]]
        placed += [(key, ", ".join(filter(None, [_value(varied), line])), arm) for key in panel_of]
    return placed


def _value(varied: str) -> str:
    """Return the value of a varied setting, whose name is that of the panel."""
    return varied.partition("=")[2] or varied


DRAW = {
    "arms": _curves,
    "tasks": points.tasks,
    "transitions": points.transitions,
    "alignment": alignment.figure,
    "foretelling": foretelling.figure,
    "verifying": verifying.figure,
}
