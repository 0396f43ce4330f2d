"""Sentences that stand or fall with records: each is written from the numbers that bear it out."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from urlvr_bench.errors import UsageError
from urlvr_bench.records.schema import Record
from urlvr_bench.statistics.collapse import HEADLINE, survival
from urlvr_bench.statistics.intervals import Interval
from urlvr_bench.statistics.metrics import accuracy, evaluation_at

Runs = Sequence[Record]


@dataclass(frozen=True)
class Claim:
    """A sentence, its figures filled in from records, and whether those records bear it out."""

    text: str
    holds: bool


def told(claims: Iterable[Claim]) -> str:
    """Return the sentences as a paragraph; one that the records contradict is an error that quotes it."""
    sentences = []
    for claim in claims:
        if not claim.holds:
            raise UsageError(f'the records contradict "{claim.text}"; write what they say where this sentence is made')
        sentences.append(claim.text)
    return " ".join(sentences)


def starts(runs: Runs) -> list[float]:
    """Return the test accuracy of each run before training."""
    return [accuracy(evaluation_at(run, 0)) for run in runs]


def ends(runs: Runs) -> list[float]:
    """Return the test accuracy of each run at its last step."""
    return [accuracy(evaluation_at(run, run.last_step)) for run in runs]


def collapses(runs: Runs) -> list[int]:
    """Return the collapse steps of those runs that collapsed, the earliest first."""
    return sorted(step for run in runs if (step := HEADLINE.step(run)) is not None)


def median_collapse(runs: Runs) -> float | None:
    """Return the Kaplan-Meier median of the collapse steps, None where fewer than half are seen to collapse."""
    return survival([HEADLINE.step(run) for run in runs], [run.last_step for run in runs]).median


def by_model(runs: Runs, method: str) -> dict[str, list[Record]]:
    """Return the runs of a method, by the name of the model."""
    found: dict[str, list[Record]] = {}
    for run in runs:
        if run.method.id == method:
            found.setdefault(run.model.name, []).append(run)
    return found


def written(found: Interval) -> str:
    """Return a gain as `+0.047 [+0.023, +0.072]`."""
    return f"{found.mean:+.3f} [{found.low:+.3f}, {found.high:+.3f}]"


def mean(runs: Runs, of: Callable[[Runs], list[float]]) -> float:
    """Return the mean over runs of what `of` says of each."""
    return float(np.mean(of(runs)))


def listed(values: Iterable[object]) -> str:
    """Return `a, b and c`; `none` for nothing."""
    *most, last = [str(value) for value in values] or ["none"]
    return f"{', '.join(most)} and {last}" if most else last


def shares(values: Iterable[float]) -> str:
    """Return shares with two digits, listed."""
    return listed(f"{value:.2f}" for value in values)


def runs_each(records: Iterable[Record]) -> str:
    """Return how many runs there are of a method on a prior: `1 run`, or `3 to 5 runs`."""
    counted = Counter((one.method.id, one.model.name) for one in records).values()
    return f"{span(counted, 'd')} run{'s' if max(counted) > 1 else ''}"


def span(values: Iterable[float], form: str = ".2f") -> str:
    """Return the least and the most of some values, or the one that they all are as written; `none` for nothing."""
    if not (found := list(values)):
        return "none"
    low, high = f"{min(found):{form}}", f"{max(found):{form}}"
    return low if low == high else f"{low} to {high}"
