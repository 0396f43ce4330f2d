"""Collapse as a time-to-event: when a run falls below a threshold, and what is said of the runs that never do."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from urlvr_bench.records.schema import Record
from urlvr_bench.statistics.intervals import LEVEL, wilson
from urlvr_bench.statistics.metrics import Floats, accuracy
from urlvr_bench.stopping.series import WINDOW as WINDOW
from urlvr_bench.stopping.series import smooth as smooth

if TYPE_CHECKING:
    from scipy.stats import CensoredData

FEWEST = 5
"""Runs below which a Kaplan-Meier interval does not hold: the steps themselves say more."""


@dataclass(frozen=True)
class Definition:
    """A run has collapsed at the first step where the trailing mean of `column` is below `threshold`."""

    name: str
    column: str
    threshold: float
    window: int

    def applies(self, record: Record) -> bool:
        """Whether the column means for this run what the definition says.

        Reward accuracy needs binary rewards, and a run that starts below the line cannot fall below it.
        """
        if (self.column == "reward_accuracy" and not record.method.binary) or not record.labelled:
            return False
        start = smooth(getattr(record.steps, self.column), self.window)[:1]
        return not len(start) or bool(start[0] >= self.threshold)

    def step(self, record: Record) -> int | None:
        """Return the step of collapse, or None for a run that is censored at its last step."""
        return first_below(getattr(record.steps, self.column), self.threshold, self.window)


HEADLINE = Definition(f"train accuracy below 10 % ({WINDOW}-step mean)", "train_accuracy", 0.10, WINDOW)
"""What `collapse step` means wherever nothing else is said; docs/statistics.md argues why."""
LABELS_LOST = Definition(f"label accuracy below 1 % ({WINDOW}-step mean)", "label_accuracy", 0.01, WINDOW)
PAPER = Definition("reward accuracy below 1 % (paper)", "reward_accuracy", 0.01, 1)
"""The Model Collapse Step as published. A tiny model reaches it only with a proxy of one, long after all is lost."""
DEFINITIONS = (HEADLINE, LABELS_LOST, PAPER)


def first_below(series: Sequence[float | None], threshold: float, window: int = 1) -> int | None:
    """Return the first step (counted from 1) whose trailing mean is below `threshold`, None if there is none."""
    below = np.flatnonzero(smooth(series, window) < threshold)
    return int(below[0]) + window if len(below) else None


@dataclass(frozen=True)
class Survival:
    """How many of the runs collapsed and when: their steps, and the Kaplan-Meier median with its 95 % interval."""

    steps: tuple[int, ...]
    """Steps of the runs that collapsed, the earliest first."""
    seeds: int
    median: float | None
    """None where fewer than half of the runs collapsed."""
    low: float | None
    high: float | None
    """None where the interval is open, for the runs were too short to bound it, and below FEWEST seeds."""
    share_low: float
    share_high: float
    """Wilson's interval of the share of runs that collapse before their end."""
    censored_at: int | None
    """The earliest step at which a run ended without collapse."""

    @property
    def collapsed(self) -> int:
        """How many runs collapsed."""
        return len(self.steps)

    def __str__(self) -> str:
        if self.seeds == 1:
            return f"step {self.steps[0]}" if self.steps else f"none by step {self.censored_at}"
        text = f"{self.collapsed}/{self.seeds} seeds"
        if not self.steps:
            text += f" (< {100 * self.share_high:.0f} %)"
        elif self.seeds < FEWEST:
            text += f" at {', '.join(map(str, self.steps))}"
        else:
            middle = "median not reached" if self.median is None else f"median {self.median:g}"
            text += f", {middle} [{_end(self.low)}, {_end(self.high)}{')' if self.high is None else ']'}"
        return text if self.censored_at is None else f"{text}, censored at {self.censored_at}"


def _end(step: float | None) -> str:
    return "-" if step is None else f"{step:g}"


def survival(steps: Sequence[int | None], lasts: Sequence[int]) -> Survival:
    """Return the summary of runs that collapsed at `steps`, or at None up to their last step `lasts`."""
    fallen = tuple(sorted(step for step in steps if step is not None))
    share_low, share_high = wilson(len(fallen), len(steps))
    ends = [last for step, last in zip(steps, lasts, strict=True) if step is None]
    median = low = high = None
    if fallen:
        from scipy import stats  # a second to import, which most tables do without

        curve = stats.ecdf(censored(steps, lasts)).sf
        median = _middle(curve.quantiles, curve.probabilities)
    if fallen and len(steps) >= FEWEST:
        with warnings.catch_warnings():  # undefined where the curve is 0 or 1: bounded below by 0, above by 1
            warnings.simplefilter("ignore", RuntimeWarning)
            bounds = curve.confidence_interval(LEVEL, method="log-log")
        lower = np.where(curve.probabilities > 0, bounds.low.probabilities, 0.0)
        low = _first_half(curve.quantiles, lower)
        high = _first_half(curve.quantiles, bounds.high.probabilities)
    return Survival(fallen, len(steps), median, low, high, share_low, share_high, min(ends, default=None))


def _first_half(steps: Floats, probabilities: Floats) -> float | None:
    """Return the first step at which a survival curve is at or below one half; NaN is not."""
    reached = np.flatnonzero(probabilities <= 0.5 + 1e-12)
    return float(steps[reached[0]]) if len(reached) else None


def _middle(steps: Floats, probabilities: Floats) -> float | None:
    """Return the median of a survival curve: where it is flat at one half, the middle of that stretch."""
    first = _first_half(steps, probabilities)
    later = steps[probabilities < 0.5 - 1e-12]
    flat = first is not None and abs(probabilities[steps == first][0] - 0.5) < 1e-12
    return (first + float(later[0])) / 2 if first is not None and flat and len(later) else first


def censored(steps: Sequence[int | None], lasts: Sequence[int]) -> "CensoredData":
    """Return steps of collapse as scipy knows them; a run without one is censored at its last step."""
    from scipy import stats

    times = [last if step is None else step for step, last in zip(steps, lasts, strict=True)]
    return stats.CensoredData.right_censored(times, [step is None for step in steps])


@dataclass(frozen=True)
class RiseAndFall:
    """A curve in five numbers. The peak is picked with hindsight: it is no result that anyone could have had."""

    base: float
    peak: float
    peak_step: int
    final: float
    area: float
    """Mean height of the curve above its base."""


def rise_and_fall(steps: Sequence[int] | NDArray[np.int64], values: Sequence[float] | Floats) -> RiseAndFall:
    """Summarise a curve; the first of equal peaks counts."""
    top = int(np.argmax(values))
    span = steps[-1] - steps[0]
    area = float(np.trapezoid(np.subtract(values, values[0]), steps)) / span if span else 0.0
    return RiseAndFall(float(values[0]), float(values[top]), int(steps[top]), float(values[-1]), area)


def eval_curve(record: Record, task: str | None = None) -> tuple[list[int], list[float]]:
    """Return the steps of a record's evaluations and the accuracy (avg@n) at each."""
    task = task or record.judged or record.task.name
    judged = sorted((e for e in record.evals if e.task == task), key=lambda e: e.step)
    return [e.step for e in judged], [accuracy(e) for e in judged]


def judged_steps(records: Sequence[Record], task: str | None = None) -> list[int]:
    """Return the steps at which every run was judged, or had ended before; there it is still the policy of its end."""
    known = [(set(eval_curve(record, task)[0]), record.last_step) for record in records]
    every = set.union(*(steps for steps, _ in known))
    return sorted(step for step in every if all(step in steps or step > last for steps, last in known))


def step_curve(record: Record, column: str) -> tuple[NDArray[np.int64], Floats]:
    """Return the trailing mean of a column and the steps it belongs to; a short run is averaged whole."""
    window = min(WINDOW, len(record.steps.step))
    means = smooth(getattr(record.steps, column), window)
    return np.arange(window, window + len(means)), means
