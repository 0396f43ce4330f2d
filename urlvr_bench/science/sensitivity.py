"""How much the Model Collapse Step hangs on its threshold and smoothing, and on which accuracy it reads."""

from collections.abc import Mapping, Sequence

import pandas as pd

from urlvr_bench.presentation.rendering import DASH, Row
from urlvr_bench.records.schema import Record
from urlvr_bench.science.correlation import NO_INTERVAL, correlation
from urlvr_bench.science.ladders import start_accuracy, with_end
from urlvr_bench.statistics.collapse import Definition, survival

COLUMNS = ("reward_accuracy", "label_accuracy", "train_accuracy")
WINDOWS = (1, 5, 10)
THRESHOLDS = (0.01, 0.02, 0.05, 0.10)
NOTES = (
    "Per threshold: runs that fell below it, Kaplan-Meier median step over all runs, and Spearman's correlation, over "
    "runs, of the step with the accuracy of the run's model at step 0.",
    NO_INTERVAL,
    "The study reads reward accuracy below 1 % without smoothing (window 1). Reward accuracy needs a binary reward.",
    "A run that never fell ranks behind all that did.",
)


def sensitivity(rungs: Mapping[str, Sequence[Record]]) -> pd.DataFrame:
    """Return, per column and window, when the runs of a ladder fell below each threshold; one row per pair."""
    records = [record for group in rungs.values() for record in group]
    strength = [start_accuracy(group) for group in rungs.values() for _ in group]
    rows = []
    for column in COLUMNS:
        if column == "reward_accuracy" and not records[0].method.binary:
            continue
        for window in WINDOWS:
            row: Row = {"column": column, "window": window, "models": len(rungs), "runs": len(records)}
            for threshold in THRESHOLDS:
                steps = [Definition("", column, threshold, window).step(record) for record in records]
                found = survival(steps, [record.last_step for record in records])
                order = correlation(with_end(steps, records), strength)
                name = f"below_{threshold:g}"
                row |= {f"{name}_runs": found.collapsed, f"{name}_median": found.median}
                row |= {f"{name}_order": order}
            rows.append(row)
    return pd.DataFrame(rows)


def text(row: Row) -> dict[str, str]:
    """Return a row as people read it."""
    columns = {"reads": row["column"].replace("_", " "), "window": f"{row['window']} steps"}
    for threshold in THRESHOLDS:
        name = f"below_{threshold:g}"
        median = DASH if pd.isna(row[f"{name}_median"]) else f"{row[f'{name}_median']:g}"
        order = f"{row[f'{name}_order']:.2f}"
        cell = f"{row[f'{name}_runs']}/{row['runs']}, median {median}"
        columns[f"below {threshold:.0%}"] = cell if pd.isna(row[f"{name}_order"]) else f"{cell}, order {order}"
    return columns
