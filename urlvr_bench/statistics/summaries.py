"""Summaries: what a cell's records say, as rows of plain numbers, one per method, and as data frames."""

import math
import re
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from urlvr_bench import methods
from urlvr_bench.protocol import Protocol
from urlvr_bench.records.schema import Record
from urlvr_bench.statistics.cells import Cell, Rows, role, twins
from urlvr_bench.statistics.collapse import eval_curve, rise_and_fall, step_curve
from urlvr_bench.statistics.intervals import Floats, Interval, basis_of, over_seeds, two_way
from urlvr_bench.statistics.metrics import scores
from urlvr_bench.statistics.parting import words
from urlvr_bench.statistics.passing import pass_intervals
from urlvr_bench.statistics.ranking import LISTED, RANKED, Standing, standings
from urlvr_bench.statistics.stopped import picked_step
from urlvr_bench.stopping.known import RECOMMENDED, load

if TYPE_CHECKING:
    import pandas as pd

Row = dict[str, Any]
"""The columns of one method; None or NaN where a number is not known."""
BASE = "step 0"
"""Name of the row of the untrained model."""
WATCHED = 5
"""Evaluations of a run from which on the best of them is called its peak."""
REFERENCE = "ground_truth"
"""The supervised method that costs are told in multiples of."""
PICKS: dict[str, Callable[[Floats], float]] = {
    "first": lambda curve: curve[0],
    "best": lambda curve: np.fmax.reduce(curve),
    "last": lambda curve: curve[-1],
}
"""Which entries of a smoothed curve are reported; `fmax` passes over steps where the quantity is undefined."""
WHOLE = re.compile(r"rank.*|fell_runs|.*(peak|stopped)_step.*|(reward|label|train)_accuracy_(collapsed|censored_at)")
"""Columns of whole numbers, some of which are missing."""
QUANTITIES = ("reward_accuracy", "reward_auc", "label_accuracy", "majority_ratio")


def spread(name: str, interval: Interval, start: float | None = None) -> Row:
    """Return an interval as columns: the mean, its ends and, where the seeds part, the two groups in words.

    `start` is the accuracy before training, where the words are to say who held and who fell.
    """
    parts = words(interval.parts, start) if interval.parts else None
    return {name: interval.mean, f"{name}_low": interval.low, f"{name}_high": interval.high, f"{name}_parts": parts}


def who(cell: Cell, records: Sequence[Record]) -> Row:
    """Return the columns that say which method's runs a row is about, and how many."""
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
        "versions": len({methods.version(one.method.name, one.method.source_sha256) for one in records}),
        "seeds": len(records),
        "without_signal": sum(record.without_signal for record in records),
        "problems": len(records[0].problems.get(cell.judged, ())),
        "samples": records[0].protocol.evaluation.samples,
        "steps": last_step(records),
        "basis": basis_of(len(records), len(records[0].problems.get(cell.judged, ()))),
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
    names = _metrics(next(iter(rows.values()))[0].protocol)
    same, places = twins(rows), _standings(cell, rows, names[0])
    found = [_base_row(cell, rows)]
    for method, records in rows.items():
        place, score = places.get(method), partial(scores, records, task=cell.judged)
        start = float(score(names[0], 0).mean())
        found.append(
            who(cell, records)
            | cost(rows, method)
            | {"same_as": ", ".join(same[method]) or None}
            | _accuracy(last_step(records), names, partial(score, step=None), start)
            | course(cell, records)
            | {"rank": place and place.rank, "rank_low": place and place.low, "rank_high": place and place.high}
            | {"tied_with_leader": place and place.leads}
        )
    return ordered(found, names[0])


def _standings(cell: Cell, rows: Rows, metric: str) -> dict[str, Standing]:
    """Return the standings of the contenders; of those whose runs are the same one is ranked, for all."""
    contenders = {method: records for method, records in rows.items() if role(records[0].method) == "contender"}
    first = {method: min((method, *others)) for method, others in twins(contenders).items()}
    found = standings({name: scores(contenders[name], metric, None, cell.judged) for name in set(first.values())})
    return {method: found[one] for method, one in first.items() if one in found}


def cost(rows: Rows, method: str) -> Row:
    """Return the completion tokens of a method's training, mean of its runs, and how many times the supervised ones.

    Forward passes that only score a text are no completions and do not count.
    """
    tokens = _tokens(rows[method])
    return {"train_tokens": tokens, "cost": tokens / _tokens(rows[REFERENCE]) if REFERENCE in rows else math.nan}


def _tokens(records: Sequence[Record]) -> float:
    return float(np.mean([record.provenance.train_tokens for record in records]))


def _accuracy(step: int, names: Sequence[str], score: Callable[[str], Floats], start: float | None = None) -> Row:
    """Return every metric's interval as columns; `score` gives a metric's (S, P) array."""
    average, *passes, vote = names
    sizes = {name: int(name.removeprefix("pass@")) for name in passes} | {average: 1}
    by_k = {sizes[name]: score(name) for name in sorted(sizes, key=lambda name: sizes[name])}
    found = dict(zip(by_k, pass_intervals(by_k), strict=True))
    columns: Row = {"step": step} | spread(average, found[1], start)
    for name in passes:
        columns |= spread(name, found[sizes[name]])
    return columns | spread(vote, two_way(score(vote)))


def course(cell: Cell, records: Sequence[Record]) -> Row:
    """Return accuracy (avg@n) at the start, at each run's best step and at the end, and the gain, with intervals.

    `stopped` is the accuracy at the checkpoint that the recommended stopping rule picks of each run. The best of fewer
    than WATCHED evaluations is no peak, and among so few no rule has a choice: neither is told.
    """
    protocol = records[0].protocol
    average = _metrics(protocol)[0]
    first = scores(records, average, 0, cell.judged)
    last = scores(records, average, None, cell.judged)
    columns: Row = spread("gain", two_way(last - first, bounds=(-1.0, 1.0)))
    for name, array in {"base": first, "final": last}.items():
        columns |= spread(name, two_way(array), float(first.mean()))
    curves = [eval_curve(record, cell.judged) for record in records]
    if min(len(steps) for steps, _ in curves) < WATCHED:
        unknown = {f"{name}_step_{end}": None for name in ("stopped", "peak") for end in ("first", "last")}
        return columns | spread("stopped", over_seeds([])) | spread("peak", over_seeds([])) | unknown
    picks = {
        "stopped": [picked_step(record, load(RECOMMENDED), task=cell.judged) for record in records],
        "peak": [rise_and_fall(*curve).peak_step for curve in curves],
    }
    for name, steps in picks.items():
        found = [scores([record], average, step, cell.judged) for record, step in zip(records, steps, strict=True)]
        columns |= spread(name, two_way(np.concatenate(found)), float(first.mean()))
        columns |= {f"{name}_step_first": min(steps), f"{name}_step_last": max(steps)}
    return columns


def _base_row(cell: Cell, rows: Rows) -> Row:
    """Return the untrained model's row; evaluations of one seed are averaged over methods, as they judge the same."""
    by_seed: dict[int, list[Record]] = {}
    for record in (record for records in rows.values() for record in records):
        by_seed.setdefault(record.seed, []).append(record)
    firsts = [records[0] for records in by_seed.values()]

    def score(name: str) -> Floats:
        return np.stack([scores(records, name, 0, cell.judged).mean(0) for records in by_seed.values()])

    untrained = {"method": BASE, "family": "", "role": "reference: untrained", "uses_labels": False}
    return who(cell, firsts) | untrained | _accuracy(0, _metrics(firsts[0].protocol), score)


def ordered(rows: Sequence[Row], by: str) -> list[Row]:
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
            row = who(cell, records) | {"quantity": quantity}
            for name, pick in PICKS.items():
                known = [float(pick(curve)) for curve in curves if np.isfinite(pick(curve))]
                row |= spread(name, over_seeds(known)) | {f"{name}_seeds": len(known)}
            found.append(row)
    return sorted(found, key=lambda row: bool(row["role"] == "contender"))
