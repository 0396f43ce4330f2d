"""What the tables of scores, rewards and collapses show of a row, column by column."""

import pandas as pd

from urlvr_bench.presentation.rendering import DASH, Row, number
from urlvr_bench.statistics.collapse import DEFINITIONS, HEADLINE, Definition
from urlvr_bench.statistics.downfall import COLUMN, Downfall
from urlvr_bench.statistics.ranking import RANKED
from urlvr_bench.statistics.summaries import BASE

TRAIN_PEAK = "train peak (oracle-picked)"
"""A probe evaluates too rarely to show a peak of the test accuracy."""
STOPPED = "stopped (no labels)"
OLDER = "older source"
"""What marks runs that were paid by another version of the method's file than is installed."""
PICKED = {STOPPED: "stopped", "peak (oracle-picked)": "peak"}
"""Which checkpoints other than the last are told of, and by whom they are picked."""


def _picked(row: Row, name: str) -> str:
    """Return the accuracy at the step that each run was picked at, and the range of those steps."""
    value = number(row, name)
    return DASH if value == DASH else f"{value} @ {_span(row, f'{name}_step')}"


def _span(row: Row, name: str) -> str:
    first, last = row[f"{name}_first"], row[f"{name}_last"]
    if pd.isna(first):
        return DASH
    return f"{first:.0f}" if first == last else f"{first:.0f}-{last:.0f}"


def _who(row: Row) -> dict[str, str]:
    """Return the columns that every table starts with: who, what for, and how many seeds stand behind it."""
    role = row["role"].removeprefix("reference: ")
    name = row["method"] if row["role"] == "contender" else f"{row['method']} ({role} reference)"
    name += "" if row["versions"] == 1 or row["method"] == BASE else f" ({row['versions']} versions of its source)"
    if older := row.get("older"):
        name += f" ({OLDER})" if older == row["seeds"] else f" ({OLDER}: {older} of {row['seeds']})"
    name += f" (same runs as {row['same_as']})" if isinstance(row.get("same_as"), str) else ""
    if row["without_signal"] and row["method"] != BASE:
        name += f" ({Downfall('no signal', row['without_signal'], row['seeds'])})"
    few = "" if row["seeds"] >= RANKED else " (few)"
    return {"method": name, "seeds": f"{row['seeds']}{few}"}


def _cost(row: Row) -> str:
    """Return what training cost in completion tokens, such as `178k (1.0 x)`."""
    if pd.isna(row["train_tokens"]):
        return DASH
    times = "" if pd.isna(row["cost"]) else f" ({row['cost']:.1f} x)"
    return f"{row['train_tokens'] / 1000:,.0f}k{times}"


def pass_text(row: Row) -> dict[str, str]:
    average = f"avg@{row['samples']}"
    columns = _who(row) | {f"{average} = pass@1": number(row, average)}
    names = [name for name in row if name.startswith(("pass@", "maj@")) and f"{name}_low" in row and name != "pass@1"]
    columns |= {name: number(row, name) for name in names}
    untrained = row["method"] == BASE
    columns["gain over step 0"] = DASH if untrained else number(row, "gain")
    columns |= {heading: DASH if untrained else _picked(row, name) for heading, name in PICKED.items()}
    columns["rank"] = DASH
    if not pd.isna(row["rank"]):
        tied = " =" if row["tied_with_leader"] else ""
        columns["rank"] = f"{row['rank']:.0f} [{row['rank_low']:.0f}, {row['rank_high']:.0f}]{tied}"
    columns["training, tokens"] = _cost(row)
    columns["problems x samples"] = f"{row['problems']} x {row['samples']}"
    return columns


def reward_text(row: Row) -> dict[str, str]:
    columns = _who(row) | {"quantity": row["quantity"].replace("_", " ").replace("auc", "AUC")}
    for name, header in (("first", "first steps"), ("best", "best (oracle-picked)"), ("last", "last steps")):
        known = f" ({row[f'{name}_seeds']} of {row['seeds']} seeds)"
        columns[header] = number(row, name) + (known if row[f"{name}_seeds"] < row["seeds"] > 1 else "")
    return columns


def collapse_text(row: Row) -> dict[str, str]:
    columns = _who(row) | {column_name(definition): row[definition.column] for definition in DEFINITIONS}
    columns[COLUMN] = DASH if pd.isna(row["fell"]) else str(Downfall(row["fell"], row["fell_runs"], row["seeds"]))
    columns["log-rank p against random (Holm)"] = DASH if pd.isna(row["logrank_p"]) else f"{row['logrank_holm']:.2g}"
    columns |= {"base": number(row, "base"), "peak (oracle-picked)": number(row, "peak")}
    columns |= {"peak step": _span(row, "peak_step"), STOPPED: _picked(row, "stopped"), "final": number(row, "final")}
    return columns | {"training, tokens": _cost(row)}


def column_name(definition: Definition) -> str:
    """Return the heading of a definition's column: the headline one is the collapse step, others are named in full."""
    return f"collapse step: {definition.name}" if definition is HEADLINE else definition.name


def probe_text(row: Row) -> dict[str, str]:
    columns = collapse_text(row) | {TRAIN_PEAK: number(row, "train_peak")}
    order = ["seeds", "base", *map(column_name, DEFINITIONS), COLUMN, TRAIN_PEAK, "final", "training, tokens"]
    return {"model": row["model"]} | {name: columns[name] for name in order}
