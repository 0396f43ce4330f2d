"""How a run fails: by rules on its last steps against its first ones, in the study's words."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import pandas as pd

from urlvr_bench.presentation.rendering import Row
from urlvr_bench.records.schema import Record
from urlvr_bench.statistics.collapse import WINDOW, rise_and_fall, step_curve
from urlvr_bench.statistics.downfall import LOSS

Mode = Literal["none", "repetition", "length", "constant answer", "gradual"]
MODES: tuple[Mode, ...] = get_args(Mode)

REPEATED = 0.5
"""Share of a completion's 3-grams that occurred in it before, from which on it is mere repetition."""
REPEATED_MORE = 0.25
"""By how much that share must also have grown: long chains of thought repeat themselves a little anyway."""
SHORTENED = 0.5
"""Part of the starting length at which a length has collapsed."""
CONSTANT = 0.25
"""Different answers per prompt of a batch, below which the answer hardly depends on the prompt."""
NOTES = (
    f"A run has failed if its train accuracy ended at least {LOSS:.0%} below its highest ({WINDOW}-step means). The "
    "first rule that holds names how, on the last steps:",
    f"repetition: at least {REPEATED:.0%} of a completion's 3-grams repeat, {REPEATED_MORE:.0%} more than at the "
    f"start; length: at most {SHORTENED:.0%} of the starting length; constant answer: at most one different answer per "
    f"{1 / CONSTANT:.0f} prompts of a batch, and most completions have one; gradual: none of these.",
    "From → to: mean of the first and of the last steps, over seeds.",
)
SHOWN = ("train_accuracy", "length", "repetition", "batch_answers", "entropy")


@dataclass(frozen=True)
class Ends:
    """A column's mean over the first and over the last WINDOW steps."""

    first: float
    last: float


def ends(record: Record, column: str) -> Ends:
    """Return where a column of a run started and where it ended; a short run is averaged whole."""
    means = step_curve(record, column)[1]
    return Ends(means[0], means[-1])


def mode(record: Record) -> Mode:
    """Return how a run failed, `none` where it kept its accuracy."""
    course = rise_and_fall(*step_curve(record, "train_accuracy"))
    if course.final > (1 - LOSS) * course.peak:
        return "none"
    repeated, length, answers = (ends(record, name) for name in ("repetition", "length", "batch_answers"))
    if repeated.last >= REPEATED and repeated.last - repeated.first >= REPEATED_MORE:
        return "repetition"
    if length.last <= SHORTENED * length.first:
        return "length"
    if answers.last <= CONSTANT * record.protocol.training.prompts_per_step and ends(record, "unparsed").last < 0.5:
        return "constant answer"
    return "gradual"


def failures(records: Sequence[Record]) -> Row:
    """Return how a method's runs on one model failed, and where the columns that decide it began and ended."""
    row: Row = {"method": records[0].method.id, "model": records[0].model.name, "seeds": len(records)}
    counts = Counter(map(mode, records))
    row |= {f"mode {name}": counts[name] for name in MODES}
    for column in SHOWN:
        found = [ends(record, column) for record in records]
        row |= {f"{column}_first": float(np.mean([each.first for each in found]))}
        row |= {f"{column}_last": float(np.mean([each.last for each in found]))}
    return row


def frame(groups: Sequence[Sequence[Record]]) -> pd.DataFrame:
    """Return one row per method and model."""
    return pd.DataFrame([failures(group) for group in groups])


def text(row: Row) -> dict[str, str]:
    """Return a row as people read it."""
    modes = ", ".join(f"{name} {row[f'mode {name}']}/{row['seeds']}" for name in MODES if row[f"mode {name}"])
    columns = {"model": row["model"], "method": row["method"], "seeds": str(row["seeds"]), "failure": modes}
    for column in SHOWN:
        header = "different answers per batch" if column == "batch_answers" else column.replace("_", " ")
        unit = {"length": ", tokens", "entropy": ", nats"}.get(column, "")
        columns[f"{header}{unit}"] = f"{row[f'{column}_first']:.2f} → {row[f'{column}_last']:.2f}"
    return columns
