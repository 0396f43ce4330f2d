"""Signs of collapse that need no label, and the rules by which a run may end early: one reading of a step's numbers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from urlvr_bench.errors import unknown
from urlvr_bench.records.schema import Record
from urlvr_bench.statistics.collapse import DEFINITIONS, WINDOW, first_below, smooth


@dataclass(frozen=True)
class Sign:
    """The trailing mean of a column reaches a bound: a number, or a multiple of its start or of the prompts a step."""

    name: str
    column: str
    bound: float
    unit: Literal["one", "start", "prompts"] = "one"
    above: bool = False
    window: int = WINDOW

    def first(self, series: Sequence[float | None], prompts: int) -> int | None:
        """Return the first step (counted from 1) that shows the sign, None if there is none."""
        means = smooth(series, self.window)
        if not len(means):
            return None
        limit = self.bound * {"one": 1.0, "start": float(means[0]), "prompts": float(prompts)}[self.unit]
        shown = np.flatnonzero(means >= limit if self.above else means <= limit)
        return int(shown[0]) + self.window if len(shown) else None

    def step(self, record: Record) -> int | None:
        """Return the first step of a run that shows the sign, None if there is none."""
        return self.first(getattr(record.steps, self.column), record.protocol.training.prompts_per_step)


SIGNS = (
    Sign("majority ratio at least 0.99", "majority_ratio", 0.99, above=True),
    Sign("different answers in a batch at most half its prompts", "batch_answers", 0.5, "prompts"),
    Sign("entropy at most a tenth of its start", "entropy", 0.1, "start"),
    Sign("length at most half of its start", "length", 0.5, "start"),
    Sign("at least half of all 3-grams repeated", "repetition", 0.5, above=True),
)
"""Bounds set before looking at agreement: 0.99 is the study's saturation, the others say that half or nine tenths of
something is gone. Different prompts have different answers, so few answers in a batch mean that the prompt no longer
counts; on a multiple-choice task they mean nothing."""


def first_stop(column: str, series: Sequence[float | None], prompts: int) -> int | None:
    """Return the first step at which a run that stops at collapse, as `column` shows it, must end.

    A labelled column stops by its definition of collapse, any other by its label-free sign.
    """
    for definition in DEFINITIONS:
        if definition.column == column:
            return first_below(series, definition.threshold, definition.window)
    for sign in SIGNS:
        if sign.column == column:
            return sign.first(series, prompts)
    raise unknown("sign of collapse", column, [part.column for part in (*DEFINITIONS, *SIGNS)])
