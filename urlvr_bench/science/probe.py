"""What a probe of one model says: its Model Collapse Step, what it cost, and what a supervised run would have cost."""

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd

from urlvr_bench.errors import UsageError
from urlvr_bench.presentation.rendering import DASH, Row, Table
from urlvr_bench.records.schema import Record
from urlvr_bench.statistics.collapse import FEWEST, WINDOW, Survival, survival
from urlvr_bench.statistics.intervals import over_seeds
from urlvr_bench.statistics.signs import first_stop

LABEL_FREE = "batch_answers"
"""The label-free sign that agrees best with the labelled step on the pocket ladder; it comes late, and misses collapses
that leave more different answers: `table --kind agreement`."""
LABELLED = "train_accuracy"


def collapse_step(record: Record) -> int | None:
    """Return the step at which a run shows the collapse that its protocol stops at, None where it never does."""
    column = record.protocol.training.stop_at
    if column is None:
        raise UsageError(f"{record.path} has no stop_at: a probe needs a protocol that stops at collapse")
    return first_stop(column, getattr(record.steps, column), record.protocol.training.prompts_per_step)


def supervised_tokens(record: Record, against: Sequence[Record]) -> tuple[float, str]:
    """Return the completion tokens of a supervised run of the probe's model and task, and where the figure is from.

    Measured where `against` holds such runs; else what the probe's own protocol would generate over all of its
    steps, at the length of its first rollouts.
    """
    taught = [
        one.provenance.train_tokens
        for one in against
        if one.method.uses_labels
        and (one.model.weights_sha256, one.task.name) == (record.model.weights_sha256, record.task.name)
    ]
    if taught:
        return float(np.mean(taught)), f"mean of {len(taught)} supervised runs"
    per_step = float(np.mean(record.steps.tokens[:WINDOW]))
    return per_step * record.protocol.training.steps, "all steps of this protocol, at the length of its first rollouts"


def geometric(steps: Sequence[int | None]) -> str:
    """Return the geometric mean of collapse steps with its 95 % t interval over seeds; a dash where one is open."""
    known = [math.log(step) for step in steps if step is not None]
    if not steps or len(known) < len(steps):
        return DASH
    found = over_seeds(known, (-math.inf, math.inf))
    mean = f"{math.exp(found.mean):.1f}"
    return mean if math.isnan(found.low) else f"{mean} [{math.exp(found.low):.1f}, {math.exp(found.high):.1f}]"


def report(records: Sequence[Record], against: Sequence[Record] = ()) -> Table:
    """Return the probe's table, one row for the model: step, interval, tokens, saving."""
    first = records[0]
    steps = [collapse_step(record) for record in records]
    found: Survival = survival(steps, [record.last_step for record in records])
    spent = [sum(record.steps.tokens) for record in records]
    budget, source = supervised_tokens(first, against)
    row: Row = {"model": first.model.name, "task": first.task.name, "protocol": first.protocol_id}
    row |= {"stops_at": first.protocol.training.stop_at, "seeds": len(records), "collapse": str(found)}
    row |= {"steps": ", ".join(DASH if step is None else str(step) for step in steps), "mean": geometric(steps)}
    row |= {"median": found.median, "low": found.low, "high": found.high}
    row |= {"tokens": float(np.mean(spent)), "tokens_total": sum(spent), "supervised_tokens": budget}
    row |= {"supervised_source": source, "saving": budget / np.mean(spent)}
    notes = (
        f"Collapse: the first step with {_words(first)}; Kaplan-Meier median [95 % interval], below {FEWEST} seeds the "
        "steps themselves; and the geometric mean [95 % t interval] over seeds where all collapsed.",
        f"Tokens: completion tokens of training, per run. Supervised: {source}. Evaluations cost extra on both sides.",
    )
    return Table(f"probe of {row['model']} on {row['task']}: {row['protocol']}", notes, pd.DataFrame([row]), text)


def _words(record: Record) -> str:
    column = record.protocol.training.stop_at
    kind = "labels" if column in ("reward_accuracy", "label_accuracy", "train_accuracy") else "no labels"
    return f"{str(column).replace('_', ' ')} beyond its bound ({kind})"


def text(row: Row) -> dict[str, str]:
    """Return the row as people read it."""
    return {
        "model": row["model"],
        "steps by seed": row["steps"],
        "Model Collapse Step": row["collapse"],
        "geometric mean": row["mean"],
        "tokens per run": f"{row['tokens']:,.0f}",
        "supervised, tokens per run": f"{row['supervised_tokens']:,.0f}",
        "saving": f"{row['saving']:.1f} x",
    }
