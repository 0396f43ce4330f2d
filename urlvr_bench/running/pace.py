"""How long runs will still take, by the seconds of their steps and evaluations so far.

A token of an evaluation is taken to last as long as one that was sampled in training, until evaluations are timed.
"""

import heapq
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from statistics import fmean
from typing import Any

from urlvr_bench import tasks
from urlvr_bench.errors import UsageError
from urlvr_bench.protocol import Run

RECENT_STEPS = 20
"""What is left is timed by the last steps, for completions grow or shrink."""


@dataclass(frozen=True)
class Reading:
    """How far a run is: the rows of its steps, the seconds of its evaluations, and whether its training is over."""

    run: Run
    rows: Sequence[Mapping[str, Any]]
    judged: Sequence[float]
    trained: bool

    @property
    def last(self) -> int:
        """The last step, as far as is known: less than the protocol's where the run stopped early."""
        return len(self.rows) if self.trained else self.run.protocol.training.steps

    @property
    def judgements(self) -> int:
        """How many checkpoints are judged in all."""
        return len(self.run.protocol.evaluation.steps(self.last)) if samples(self.run, self.last) else 0

    @property
    def seconds_left(self) -> float | None:
        """How long the rest of the training and all evaluations will take; None where no step is timed yet."""
        if not self.rows:
            return None
        recent = self.rows[-RECENT_STEPS:]
        training: float = fmean(sum(row["seconds"].values()) for row in recent) * (self.last - len(self.rows))
        if not (left := self.judgements - len(self.judged)):
            return training
        if self.judged:
            return training + fmean(self.judged) * left
        tokens = sum(row["tokens"] for row in self.rows) or 1
        each: float = sum(row["seconds"]["generation"] for row in self.rows) / tokens
        return training + samples(self.run, self.last) * fmean(row["length"] for row in recent) * each


def samples(run: Run, last: int) -> int:
    """Return how many completions all evaluations of a run ask for."""
    asked = run.protocol.evaluation
    along, found = asked.task or _own_judge(run.task), 0
    for step in asked.steps(last):
        names = len(asked.tasks(step, last, along))
        controls = asked.controls(step, last, along, None) if along else ()
        found += asked.problems * (names * asked.samples + sum(how.samples for _, how in controls))
    return found


@cache  # asked of every waiting run, several times a minute
def _own_judge(task: str) -> str | None:
    """Return the task itself, for it judges what is trained on it; None for prompts of one's own, here or no more."""
    try:
        return None if tasks.load(task).own else task
    except UsageError:
        return None


def work(run: Run) -> int:
    """Return how many completions a run samples in all: what runs of one model are long by."""
    training = run.protocol.training
    return training.steps * training.rows + samples(run, training.steps)


def whole(run: Run, known: Sequence[tuple[Run, float]]) -> float | None:
    """Return how long a run will take from its start, by the whole seconds of others: of its model and task, if any."""
    alike = [(other, seconds) for other, seconds in known if (other.model, other.task) == (run.model, run.task)]
    rates = [seconds / work(other) for other, seconds in alike or known]
    return fmean(rates) * work(run) if rates else None


def until_all(running: Sequence[float], waiting: Sequence[float], jobs: int) -> float:
    """Return when the last run ends if those that wait start, in their order, whenever one of the others ends."""
    ends = sorted([*running, *[0.0] * (jobs - len(running))])
    heapq.heapify(ends)
    for seconds in waiting:
        heapq.heapreplace(ends, ends[0] + seconds)
    return max(ends, default=0.0)


def lasting(seconds: float) -> str:
    """Return a time for people."""
    if seconds < 60:
        return f"{seconds:.0f} s"
    if seconds < 600:
        return f"{seconds / 60:.1f} min"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
