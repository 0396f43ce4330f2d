"""Can collapse be seen without labels? How label-free signs agree with the labelled Model Collapse Step."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from urlvr_bench.presentation.rendering import DASH, Row
from urlvr_bench.records.schema import Record
from urlvr_bench.science.correlation import NO_INTERVAL, correlation
from urlvr_bench.science.ladders import with_end
from urlvr_bench.statistics.collapse import DEFINITIONS, Definition
from urlvr_bench.statistics.signs import SIGNS, Sign

NOTES = (
    "Detected: collapsed runs that show the sign at any time. False alarms: runs without collapse that show it. No "
    "intervals: runs of one model or one method fall alike.",
    "Lag: steps from the labelled collapse to the sign, median [least, most] over runs that show both; negative leads.",
    "Rank correlation: Spearman over all runs, those without the event last.",
    NO_INTERVAL,
    "A sign is the first step at which a 5-step mean reaches its bound; none reads a label.",
)


def agreement(records: Sequence[Record]) -> pd.DataFrame:
    """Return one row per labelled definition and label-free sign: shares, lag and rank correlation over runs."""
    rows = []
    for definition in DEFINITIONS:
        judged = [record for record in records if definition.applies(record)]
        rows += [_row(definition, sign, judged) for sign in SIGNS if judged]
    return pd.DataFrame(rows)


def _row(definition: Definition, sign: Sign, records: Sequence[Record]) -> Row:
    labelled = [definition.step(record) for record in records]
    seen = [sign.step(record) for record in records]
    pairs = list(zip(labelled, seen, strict=True))
    lags = [sign_at - at for at, sign_at in pairs if at is not None and sign_at is not None]
    row: Row = {"collapse": definition.name, "sign": sign.name, "runs": len(records)}
    for name, group in {
        "detected": [sign_at for at, sign_at in pairs if at is not None],
        "false_alarms": [sign_at for at, sign_at in pairs if at is None],
    }.items():
        row |= {name: sum(step is not None for step in group), f"{name}_of": len(group)}
    row |= {"lag": float(np.median(lags)) if lags else np.nan}
    row |= {"lag_least": min(lags, default=None), "lag_most": max(lags, default=None)}
    return row | {"rank": correlation(with_end(labelled, records), with_end(seen, records))}


def text(row: Row) -> dict[str, str]:
    """Return a row as people read it."""
    columns = {"collapse (labels)": row["collapse"], "sign (no labels)": row["sign"], "runs": str(row["runs"])}
    for name in ("detected", "false_alarms"):
        columns[name.replace("_", " ")] = f"{row[name]}/{row[f'{name}_of']}"
    lag = f"{row['lag']:+.0f} [{row['lag_least']:+.0f}, {row['lag_most']:+.0f}]" if not pd.isna(row["lag"]) else DASH
    rank = DASH if pd.isna(row["rank"]) else f"{row['rank']:.2f}"
    return columns | {"lag, steps": lag, "rank correlation": rank}
