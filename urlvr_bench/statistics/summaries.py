"""Summaries: what a cell's records say, as rows of plain numbers, one per method, and as data frames."""

import math
import re
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from urlvr_bench.protocol import Protocol
from urlvr_bench.records.schema import Record
from urlvr_bench.statistics.cells import Cell, Rows, role
from urlvr_bench.statistics.collapse import DEFINITIONS, eval_curve, logrank, rise_and_fall, step_curve, survival
from urlvr_bench.statistics.intervals import Floats, Interval, basis_of, over_seeds, two_way
from urlvr_bench.statistics.metrics import scores
from urlvr_bench.statistics.ranking import LISTED, RANKED, rank_intervals, tied_with_leader

if TYPE_CHECKING:
    import pandas as pd

Row = dict[str, Any]
"""The columns of one method; None or NaN where a number is not known."""
BASE = "step 0"
"""Name of the row of the untrained model."""
PICKS: dict[str, Callable[[Floats], float]] = {
    "first": lambda curve: curve[0],
    "best": lambda curve: np.fmax.reduce(curve),
    "last": lambda curve: curve[-1],
}
"""Which entries of a smoothed curve are reported; `fmax` passes over steps where the quantity is undefined."""
WHOLE = re.compile(r"rank.*|.*peak_step.*|(reward|label|train)_accuracy_(collapsed|median|low|high|censored_at)")
"""Columns of whole numbers, some of which are missing."""
QUANTITIES = ("reward_accuracy", "reward_auc", "label_accuracy", "majority_ratio")


def spread(name: str, interval: Interval) -> dict[str, float]:
    """Return an interval as three columns."""
    return {name: interval.mean, f"{name}_low": interval.low, f"{name}_high": interval.high}


def _who(cell: Cell, records: Sequence[Record]) -> Row:
    method = records[0].method
    return {
        "protocol": cell.protocol,
        "protocol_hash": cell.protocol_hash,
        "model": cell.model,
        "task": cell.task,
        "task_version": cell.task_version,
        "judged": cell.judged,
        "method": method.id,
        "family": method.family,
        "role": role(method),
        "uses_labels": method.uses_labels,
        "versions": len({record.method.source_sha256 for record in records}),
        "seeds": len(records),
        "problems": len(records[0].problems[cell.judged]),
        "samples": records[0].protocol.evaluation.samples,
        "steps": last_step(records),
        "basis": basis_of(len(records), len(records[0].problems[cell.judged])),
        "standing": "unranked" if len(records) < LISTED else "provisional" if len(records) < RANKED else "ranked",
    }


def last_step(records: Sequence[Record]) -> int:
    """Return the last step that any of the runs was trained for."""
    return max(record.last_step for record in records)


def _metrics(protocol: Protocol) -> list[str]:
    """Return the metrics that a protocol reports: the average, pass@k for its ks, the vote of all samples."""
    asked = protocol.evaluation
    return [f"avg@{asked.samples}", *(f"pass@{k}" for k in asked.k), f"maj@{asked.samples}"]


def frame(rows: Sequence[Row]) -> "pd.DataFrame":
    """Return rows as a data frame, in which ranks and steps are whole numbers although some are missing."""
    import pandas as pd  # half a second, which the site does without

    columns = {name: [row[name] for row in rows] for name in rows[0]} if rows else {}
    return pd.DataFrame(
        {name: pd.array(values, "Int64") if WHOLE.fullmatch(name) else values for name, values in columns.items()}
    )


def pass_rows(cell: Cell, rows: Rows) -> list[Row]:
    """Return accuracy at the last step with intervals, the gain over step 0, the oracle-picked peak and ranks.

    References (the untrained model, baselines, the supervised reference) are not ranked.
    """
    protocol = next(iter(rows.values()))[0].protocol
    names = _metrics(protocol)
    contenders = {
        method: scores(records, names[0], None, cell.judged)
        for method, records in rows.items()
        if role(records[0].method) == "contender"
    }
    ranks, tied = rank_intervals(contenders), tied_with_leader(contenders)
    found = [_base_row(cell, rows)]
    for method, records in rows.items():
        rank, lowest, highest = ranks.get(method, (None, None, None))
        place = {"rank": rank, "rank_low": lowest, "rank_high": highest}
        found.append(
            _who(cell, records)
            | _accuracy(last_step(records), names, partial(scores, records, step=None, task=cell.judged))
            | _course(cell, records)
            | place
            | {"tied_with_leader": method in tied if method in ranks else None}
        )
    return _ordered(found, names[0])


def _accuracy(step: int, names: Sequence[str], score: Callable[[str], Floats]) -> Row:
    """Return every metric's interval as columns; `score` gives a metric's (S, P) array."""
    intervals = {name: two_way(score(name)) for name in names}
    columns: Row = {"step": step}
    for name, interval in intervals.items():
        columns |= spread(name, interval)
    return columns


def _course(cell: Cell, records: Sequence[Record]) -> Row:
    """Return accuracy (avg@n) at the start, at each run's best step and at the end, and the gain, with intervals."""
    protocol = records[0].protocol
    average = _metrics(protocol)[0]
    first = scores(records, average, 0, cell.judged)
    last = scores(records, average, None, cell.judged)
    peaks = [rise_and_fall(*eval_curve(record, cell.judged)).peak_step for record in records]
    best = np.concatenate([scores([r], average, step, cell.judged) for r, step in zip(records, peaks, strict=True)])
    columns: Row = spread("gain", two_way(last - first, bounds=(-1.0, 1.0)))
    for name, array in {"base": first, "peak": best, "final": last}.items():
        columns |= spread(name, two_way(array))
    return columns | {"peak_step_first": min(peaks), "peak_step_last": max(peaks)}


def _base_row(cell: Cell, rows: Rows) -> Row:
    """Return the untrained model's row; evaluations of one seed are averaged over methods, as they judge the same."""
    by_seed: dict[int, list[Record]] = {}
    for record in (record for records in rows.values() for record in records):
        by_seed.setdefault(record.seed, []).append(record)
    firsts = [records[0] for records in by_seed.values()]

    def score(name: str) -> Floats:
        return np.stack([scores(records, name, 0, cell.judged).mean(0) for records in by_seed.values()])

    untrained = {"method": BASE, "family": "", "role": "reference: untrained", "uses_labels": False}
    return _who(cell, firsts) | untrained | _accuracy(0, _metrics(firsts[0].protocol), score)


def _ordered(rows: Sequence[Row], by: str) -> list[Row]:
    """Return the rows, each with all columns, with the references on top, then the best first."""
    names = dict.fromkeys(name for row in rows for name in row)
    whole = [{name: row.get(name) for name in names} for row in rows]
    return sorted(whole, key=lambda row: (row["role"] == "contender", row["method"] != BASE, -row[by], row["method"]))


def reward_rows(cell: Cell, rows: Rows) -> list[Row]:
    """Return how good the rewards were at the first, the oracle-picked best and the last steps (trailing means)."""
    found = []
    for records in rows.values():
        for quantity in QUANTITIES:
            if quantity == "reward_accuracy" and not records[0].method.binary:
                continue
            curves = [step_curve(record, quantity)[1] for record in records]
            row = _who(cell, records) | {"quantity": quantity}
            for name, pick in PICKS.items():
                known = [float(pick(curve)) for curve in curves if np.isfinite(pick(curve))]
                row |= spread(name, over_seeds(known)) | {f"{name}_seeds": len(known)}
            found.append(row)
    return sorted(found, key=lambda row: bool(row["role"] == "contender"))


def collapse_rows(cell: Cell, rows: Rows) -> list[Row]:
    """Return when runs collapsed by each definition, and the rise and fall of eval and train accuracy.

    `logrank_p` compares with the random line by train accuracy: does the method last as long as noise does?
    """
    noise = [records for records in rows.values() if records[0].method.name == "random_reward"]
    found = []
    for records in rows.values():
        row = _who(cell, records) | falls(records) | _course(cell, records) | _training_course(records)
        against = noise[0] if len(noise) == 1 and noise[0] is not records else []
        ours, theirs = ([DEFINITIONS[-1].step(record) for record in group] for group in (records, against))
        row["logrank_p"] = logrank(ours, theirs, len(records[0].steps.step)) if against else math.nan
        found.append(row)
    return _ordered(found, "final")


def falls(records: Sequence[Record]) -> Row:
    """Return when the runs of a method collapsed by each definition: in words, and as columns."""
    lasts, columns = [len(record.steps.step) for record in records], Row()
    for definition in DEFINITIONS:
        name = definition.column
        columns[name] = "not defined"
        if definition.applies(records[0]):
            summary = survival([definition.step(record) for record in records], lasts)
            columns[name] = str(summary)
            columns |= {f"{name}_{field}": value for field, value in vars(summary).items() if field != "seeds"}
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
