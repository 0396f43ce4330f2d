"""Figures of records: what is paid beside what is true, every method at a glance, and a ladder of priors."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from urlvr_bench.errors import UsageError
from urlvr_bench.models import pretraining_of
from urlvr_bench.presentation.drawing import LADDER, save, style
from urlvr_bench.protocol import slug
from urlvr_bench.records.schema import Record
from urlvr_bench.reports.dual import SHOWN, dual_curves
from urlvr_bench.reports.ladder import ladder
from urlvr_bench.reports.overview import overview
from urlvr_bench.science.drawing import forecast_figure
from urlvr_bench.science.kinds import per_protocol
from urlvr_bench.statistics.cells import Cell, Rows, cells

if TYPE_CHECKING:
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
            figures[f"{where}_dual"] = dual_curves(cell, rows, SHOWN)
            if len(rows) > SHOWN:
                figures[f"{where}_dual-all"] = dual_curves(cell, rows)
            if len(rows) > 1 and cell.judged:
                figures[f"{where}_overview"] = overview(cell, rows)
        for (protocol, task, *_), every in ladders.items():
            for kin, rungs in legible(every).items():
                if len(rungs) > 1 and all(cell.judged for cell in rungs):
                    name = _free("_".join(map(slug, filter(None, (protocol, kin, task)))), figures)
                    figures[f"{name}_ladder"] = ladder(rungs)
        for groups in per_protocol(records).values():
            first = groups[0][0]
            name = "_".join(map(slug, (first.protocol_id, first.task.name)))
            name += f"-{first.protocol_hash}" if f"{name}_forecast" in figures else ""
            figures[f"{name}_forecast"] = forecast_figure(groups)
        return [path for name, figure in figures.items() for path in save(figure, out_dir / name)]


def legible(rungs: dict[Cell, Rows]) -> dict[str, dict[Cell, Rows]]:
    """Return the rungs of one ladder by its name, or, where there are too many to tell apart, by their pre-training.

    Models that share none are drawn together, as many at a time as there are colours.
    """
    if len(rungs) <= len(LADDER):
        return {"": rungs}
    kin: dict[str, dict[Cell, Rows]] = {}
    for cell, rows in rungs.items():
        kin.setdefault(pretraining_of(cell.model), {})[cell] = rows
    alone = {cell: rows for part in kin.values() if len(part) == 1 for cell, rows in part.items()}
    found = {}
    for name, part in {**{name: part for name, part in kin.items() if len(part) > 1}, "others": alone}.items():
        order, most = list(part), len(LADDER)
        for first in range(0, len(order), most):
            title = f"{name}-{first // most + 1}" if first else name
            found[title] = {cell: part[cell] for cell in order[first : first + most]}
    return found


def _free(name: str, taken: dict[str, "Figure"]) -> str:
    """Return a file name that no other cell has: cells may differ in a hash alone."""
    if not any(other.startswith(f"{name}_") for other in taken):
        return name
    return next(f"{name}-{i}" for i in range(2, len(taken) + 2) if not any(o.startswith(f"{name}-{i}_") for o in taken))
