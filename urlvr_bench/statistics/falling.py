"""When the runs of each method collapsed, by every definition, and how their accuracy rose and fell."""

import math
from collections.abc import Sequence

from urlvr_bench.records.schema import Record
from urlvr_bench.statistics.cells import Cell, Rows, twins
from urlvr_bench.statistics.collapse import DEFINITIONS, HEADLINE, rise_and_fall, step_curve, survival
from urlvr_bench.statistics.downfall import downfalls
from urlvr_bench.statistics.intervals import over_seeds
from urlvr_bench.statistics.logrank import logrank
from urlvr_bench.statistics.ranking import holm
from urlvr_bench.statistics.summaries import Row, cost, course, ordered, spread, who


def collapse_rows(cell: Cell, rows: Rows) -> list[Row]:
    """Return when runs collapsed by each definition, and the rise and fall of eval and train accuracy.

    `logrank_p` compares the collapse step with the random line: does the method last as long as noise does?
    `logrank_holm` is that p-value adjusted for the number of methods compared. `fell` says how most runs,
    `fell_runs` of them, fell: docs/statistics.md.
    """
    noise = [records for records in rows.values() if records[0].method.name == "random_reward"]
    same, fell, found = twins(rows), downfalls(rows), []
    for method, records in rows.items():
        row = who(cell, records) | cost(rows, method) | {"same_as": ", ".join(same[method]) or None}
        how = fell[method]
        row |= {"fell": how and how.word, "fell_runs": how and how.runs}
        row |= falls(records) | course(cell, records) | _training_course(records)
        against = noise[0] if len(noise) == 1 and noise[0] is not records else []
        ours, theirs = ([HEADLINE.step(record) for record in group] for group in (records, against))
        row["logrank_p"] = logrank(ours, theirs, len(records[0].steps.step)) if against else math.nan
        found.append(row)
    for row, adjusted in zip(found, holm([row["logrank_p"] for row in found]), strict=True):
        row["logrank_holm"] = adjusted
    return ordered(found, "final")


def falls(records: Sequence[Record]) -> Row:
    """Return when the runs of a method collapsed by each definition: in words, and as columns."""
    lasts, columns = [len(record.steps.step) for record in records], Row()
    for definition in DEFINITIONS:
        name = definition.column
        columns[name] = "not defined"
        if all(map(definition.applies, records)):
            summary = survival([definition.step(record) for record in records], lasts)
            columns[name] = str(summary)
            columns |= {f"{name}_{field}": value for field, value in vars(summary).items() if field != "seeds"}
            columns |= {f"{name}_collapsed": summary.collapsed, f"{name}_steps": ", ".join(map(str, summary.steps))}
    return columns


def _training_course(records: Sequence[Record]) -> Row:
    """Return base, peak, final and area of the smoothed train accuracy with intervals, and where the peaks lie."""
    curves = [rise_and_fall(*step_curve(record, "train_accuracy")) for record in records]
    columns: Row = {}
    for field in ("base", "peak", "final", "area"):
        bounds = (-1.0, 1.0) if field == "area" else (0.0, 1.0)
        columns |= spread(f"train_{field}", over_seeds([getattr(curve, field) for curve in curves], bounds))
    peaks = [curve.peak_step for curve in curves]
    return columns | {"train_peak_step_first": min(peaks), "train_peak_step_last": max(peaks)}
