"""Stopping rules judged like methods: parameters chosen on some runs, accuracy at the picked checkpoint on others."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from urlvr_bench.records.measured import Frozen
from urlvr_bench.records.schema import Record
from urlvr_bench.statistics.cells import cells, different
from urlvr_bench.statistics.collapse import eval_curve
from urlvr_bench.statistics.downfall import of_records
from urlvr_bench.statistics.intervals import Floats, Interval, over_seeds
from urlvr_bench.statistics.stopped import judged_by, label_free
from urlvr_bench.statistics.summaries import WATCHED
from urlvr_bench.stopping.known import live, load
from urlvr_bench.stopping.rule import Params, StopRule
from urlvr_bench.system import plain_yaml

SPLIT = Path(__file__).with_suffix(".yaml")


class Part(Frozen):
    """Some of the records; no tasks or seeds named are all of them."""

    name: str
    protocol: str
    changed: tuple[str, ...] | None = None
    """The settings, and no others, that the runs changed in the protocol; None for whatever they changed."""
    tasks: tuple[str, ...] = ()
    seeds: tuple[int, ...] = ()

    def has(self, one: Record) -> bool:
        """Whether a record belongs to the part."""
        return (
            one.protocol.id == self.protocol
            and (self.changed is None or set(one.overrides) == set(self.changed))
            and (not self.tasks or one.task.name in self.tasks)
            and (not self.seeds or one.seed in self.seeds)
        )


class Split(Frozen):
    """Which runs choose parameters and which judge, and by what."""

    choose: tuple[Part, ...]
    judge: tuple[Part, ...]
    since: tuple[Part, ...]
    """Those that judge as well, but were named after the rules had been seen at work."""
    least: float
    """A stop in a healthy run is false where it costs more accuracy than this."""
    allowed: float
    """Share of the healthy runs that parameters may stop falsely."""


@cache
def split() -> Split:
    """Return the split of the records, as science/stopping.yaml fixes it."""
    return Split.model_validate(plain_yaml.parse(SPLIT.read_text(encoding="utf-8")))


@dataclass(frozen=True)
class Trained:
    """What judging needs of a run that was trained to its end."""

    part: str
    group: str
    """Runs that differ in their seed alone."""
    blind: bool
    """Whether the method reads no label, so that somebody may want to know when to stop it."""
    healthy: bool
    """Whether it held and ended no worse than it began."""
    steps: int
    columns: Mapping[str, Floats]
    accuracies: Mapping[int, float]
    """By the step that was judged."""

    @property
    def first(self) -> float:
        """Accuracy before training."""
        return self.accuracies[0]

    @property
    def last(self) -> float:
        """Accuracy at the last step."""
        return self.accuracies[max(self.accuracies)]

    def at(self, end: int | None) -> float:
        """Return the accuracy of the last checkpoint that was judged by a step."""
        return self.accuracies[judged_by(self.accuracies, end)]


def runs_of(records: Sequence[Record], parts: Sequence[Part]) -> list[Trained]:
    """Return the runs of some parts that were trained to their end and judged often enough; equal runs count once."""
    return [run for part in parts for run in _runs(part, [one for one in records if part.has(one)])]


def _runs(part: Part, records: Sequence[Record]) -> Iterator[Trained]:
    whole = [one for one in records if one.labelled and not one.protocol.training.may_end_early]
    for cell, rows in cells(whole).items():
        for method, runs in different(rows if cell.main and cell.judged else {}).items():
            for one in runs:
                accuracies = dict(zip(*eval_curve(one, cell.judged), strict=True))
                if len(accuracies) < WATCHED:
                    continue
                fell, ended = of_records([one]), accuracies[max(accuracies)]
                healthy = fell is not None and fell.word == "held" and ended >= accuracies[0]
                group = f"{cell.title} · {method}"
                columns = {name: np.asarray(column, dtype=np.float64) for name, column in label_free(one).items()}
                blind = not one.method.uses_labels
                yield Trained(part.name, group, blind, healthy, one.last_step, columns, accuracies)


@dataclass(frozen=True)
class Outcome:
    """What a rule did to some runs."""

    runs: Sequence[Trained]
    ends: Sequence[int | None]
    """Where it ended each."""
    accuracies: Sequence[float]
    """Of the checkpoint that it picked of each."""

    def per_group(self, values: Sequence[float]) -> list[float]:
        """Return the means over seeds of a number of each run, one per group that reads no label."""
        found: dict[str, list[float]] = {}
        for run, value in zip(self.runs, values, strict=True):
            if run.blind:
                found.setdefault(run.group, []).append(value)
        return [float(np.mean(group)) for group in found.values()]

    @property
    def accuracy(self) -> float:
        """Mean over groups."""
        return float(np.mean(self.per_group(self.accuracies)))

    def false_stops(self, least: float) -> int:
        """Return how many healthy runs would have ended better by more than `least`."""
        pairs = zip(self.runs, self.accuracies, strict=True)
        return sum(run.healthy and run.last - accuracy > least for run, accuracy in pairs)

    @property
    def healthy(self) -> int:
        """How many runs are healthy."""
        return sum(run.healthy for run in self.runs)

    @property
    def early(self) -> list[bool]:
        """Whether each run was ended before its last step."""
        return [end is not None and end < run.steps for run, end in zip(self.runs, self.ends, strict=True)]

    @property
    def healthy_stopped(self) -> int:
        """How many of the healthy runs were."""
        return sum(run.healthy and early for run, early in zip(self.runs, self.early, strict=True))

    @property
    def blind_groups(self) -> int:
        """How many groups read no label."""
        return len({run.group for run in self.runs if run.blind})

    def merit(self, asked: Split) -> tuple[bool, float]:
        """Return what parameters and rules are ordered by: few enough false stops first, then accuracy."""
        share = self.false_stops(asked.least) / max(1, self.healthy)
        return (True, self.accuracy) if share <= asked.allowed else (False, -share)


def applied(rule: StopRule, runs: Sequence[Trained], params: Params | None = None) -> Outcome:
    """Return what a rule would have done to some runs."""
    ends = [rule.first(run.columns, params) for run in runs]
    return Outcome(runs, ends, [run.at(end) for run, end in zip(runs, ends, strict=True)])


def chosen(rule: StopRule, runs: Sequence[Trained]) -> dict[str, float]:
    """Return the parameters of a rule that are best on some runs; of equal ones the first that were tried."""
    return max(rule.choices(), key=lambda params: applied(rule, runs, params).merit(split()))


def recommended(runs: Sequence[Trained]) -> str:
    """Return the rule that is best on some runs, of those that can end one that trains, as their defaults have it."""
    return max(live(), key=lambda name: applied(load(name), runs).merit(split()))


def over_groups(values: Sequence[float]) -> Interval:
    """Return the mean over groups with a t interval: how it may turn out for another method, model or task."""
    return over_seeds(values, (-np.inf, np.inf))


def change(outcome: Outcome, other: Sequence[float]) -> Interval:
    """Return how much better the picked checkpoints are than other accuracies of the same runs."""
    gaps = [one - two for one, two in zip(outcome.accuracies, other, strict=True)]
    return over_groups(outcome.per_group(gaps))
