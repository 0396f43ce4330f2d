"""What foretells how much supervised training will gain: the Model Collapse Step, pass@k, and cheaper rivals."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from urlvr_bench.presentation.rendering import Row
from urlvr_bench.records.schema import Record
from urlvr_bench.science.control import start_evaluation
from urlvr_bench.science.correlation import correlation
from urlvr_bench.science.ladders import Ladder, ladders, start_accuracy, with_end
from urlvr_bench.statistics.collapse import DEFINITIONS, HEADLINE, Definition, survival
from urlvr_bench.statistics.intervals import Floats, over_seeds
from urlvr_bench.statistics.metrics import evaluation_at, per_problem
from urlvr_bench.statistics.signs import SIGNS, Sign

FEWEST = 3
"""Models that a correlation needs."""
Rungs = Mapping[str, Sequence[Record]]


@dataclass(frozen=True)
class Indicator:
    """A number of a run that is to foretell, and the completion tokens that it costs to know it."""

    name: str
    labels: bool
    of: Callable[[Record], float]
    cost: Callable[[Record], float]
    reduce: Callable[..., Floats] = np.mean
    column: str | None = None
    """What the event reads; a run that stopped at another event says nothing of this one."""

    def known(self, record: Record) -> bool:
        """Whether a run was trained on until this could be seen, and it means what it says."""
        training = record.protocol.training
        seen = training.stop_at in (None, self.column) and training.stop_rule is None
        return self.column is None or (seen and (self.column != "reward_accuracy" or record.method.binary))


def geometric_mean(values: Floats, axis: int | None = None) -> Floats:
    """Return the geometric mean: steps to an event vary by factors, not by differences."""
    found: Floats = np.exp(np.log(values).mean(axis=axis))
    return found


def step_of(sign: Definition | Sign, labels: bool) -> Indicator:
    """Return the step of an event as an indicator; its cost is the training up to it."""

    def of(record: Record) -> float:
        return with_end([sign.step(record)], [record])[0]

    def cost(record: Record) -> float:
        return float(sum(record.steps.tokens[: sign.step(record)]))

    return Indicator(f"step of: {sign.name}", labels, of, cost, geometric_mean, sign.column)


def at_start(name: str, labels: bool, of: Callable[[Record], float]) -> Indicator:
    """Return a number of step 0 as an indicator; its cost is that of the evaluation there."""
    return Indicator(name, labels, of, lambda record: float(evaluation_at(record, 0).tokens))


def pass_gain(record: Record) -> float:
    """Return pass@k - pass@1 at step 0, with all samples as k: what sampling more would gain without training.

    The samples are those of `baseline_samples`, where the protocol asks for more of them at step 0: the study's 256.
    """
    start = start_evaluation(record)
    return float((per_problem(start, f"pass@{start.n}") - per_problem(start, "pass@1")).mean())


def vote_share(record: Record) -> float:
    """Return the mean share of step-0 samples that give their problem's most common answer; reads no label."""
    start = evaluation_at(record, 0)
    return float(np.mean([row[0][0] if row else 0 for row in start.votes])) / start.n


PASS_GAIN = Indicator(
    "pass@k gain at step 0, all samples", True, pass_gain, lambda record: float(start_evaluation(record).tokens)
)
INDICATORS = (
    *(step_of(definition, labels=True) for definition in DEFINITIONS),
    *(step_of(sign, labels=False) for sign in SIGNS if sign.column == "batch_answers"),
    PASS_GAIN,
    at_start("share of the leading answer at step 0", False, vote_share),
    at_start("accuracy at step 0", True, lambda record: start_accuracy([record])),
)


@dataclass(frozen=True)
class Outcome:
    """What supervised training brought to a run, on one judged task."""

    name: str
    of: Callable[[Record, str], float]


def _gain(record: Record, task: str | None = None) -> float:
    return _final(record, task) - start_accuracy([record], task)


def _final(record: Record, task: str | None = None) -> float:
    last = evaluation_at(record, record.last_step, task)
    return float(np.mean(last.correct)) / last.n


def _of_headroom(record: Record, task: str) -> float:
    room = 1 - start_accuracy([record], task)
    return _gain(record, task) / room if room else math.nan


OUTCOMES = (
    Outcome("supervised gain", _gain),
    Outcome("supervised gain, share of the headroom", _of_headroom),
    Outcome("supervised accuracy at the end", _final),
)
"""A gain is bounded by what is left to gain, so on easy tasks strong models gain little; the other two show that."""


def pairs(records: Sequence[Record]) -> list[tuple[Ladder, Rungs, Ladder, Rungs]]:
    """Return every majority-vote ladder that collapsed somewhere with every supervised one on the same models."""
    found = ladders(records)
    votes = {
        key: rungs
        for key, rungs in found.items()
        if key.method == "majority_vote" and any(event_of(one).step(one) for group in rungs.values() for one in group)
    }
    taught = {key: rungs for key, rungs in found.items() if next(iter(rungs.values()))[0].method.uses_labels}
    matched: list[tuple[Ladder, Rungs, Ladder, Rungs]] = []
    for probe, probed in votes.items():
        for reference, trained in taught.items():
            shared = [model for model in probed if model in trained]
            same = (probe.task, probe.task_version) == (reference.task, reference.task_version)
            if same and len(shared) >= FEWEST:
                rungs = ({model: group[model] for model in shared} for group in (probed, trained))
                matched.append((probe, next(rungs), reference, next(rungs)))
    return matched


def event_of(record: Record) -> Definition | Sign:
    """Return what collapse means for a run: the event that it stops at, else the headline definition."""
    stop = record.protocol.training.stop_at
    return next((event for event in (*DEFINITIONS, *SIGNS) if event.column == stop), HEADLINE)


def per_model(probed: Rungs, trained: Rungs) -> pd.DataFrame:
    """Return one row per model: step-0 accuracy, collapse step, pass@k gain, supervised gain, tokens of both."""
    definition = event_of(next(iter(probed.values()))[0])
    event = step_of(definition, labels=True)
    rows: list[Row] = []
    for model, probes in probed.items():
        runs = trained[model]
        found = survival([definition.step(one) for one in probes], [one.last_step for one in probes])
        gain = over_seeds([_gain(one) for one in runs], (-1.0, 1.0))
        rows.append(
            {"model": model, "seeds": len(probes), "supervised_seeds": len(runs), "base": start_accuracy(probes)}
            | {"mcs": str(found), "mcs_median": found.median}
            | {"pass_gain": float(np.mean([pass_gain(one) for one in probes]))}
            | {"vote_share": float(np.mean([vote_share(one) for one in probes]))}
            | {"gain": gain.mean, "gain_low": gain.low, "gain_high": gain.high}
            | {"final": float(np.mean([_final(one) for one in runs]))}
            | {"probe_tokens": float(np.mean([event.cost(one) for one in probes]))}
            | {"supervised_tokens": float(np.mean([one.provenance.train_tokens for one in runs]))}
        )
    return pd.DataFrame(rows)


def correlations(probed: Rungs, trained: Rungs) -> pd.DataFrame:
    """Return one row per judged task, outcome and indicator: cost, Spearman and Pearson over the models."""
    first = next(iter(trained.values()))[0]
    judged = sorted(
        {each.task for each in first.evals if each.step == first.last_step}, key=lambda t: t != first.judged
    )
    budget = _mean(trained, lambda record: float(record.provenance.train_tokens))
    rows: list[Row] = []
    for task in judged:
        for outcome in OUTCOMES:
            came = [np.array([outcome.of(one, task) for one in group]) for group in trained.values()]
            for indicator in (each for each in INDICATORS if all(map(each.known, _flat(probed)))):
                told = [np.array([indicator.of(one) for one in group]) for group in probed.values()]
                row: Row = {"judged": task, "outcome": outcome.name, "indicator": indicator.name}
                row |= {"labels": indicator.labels, "models": len(probed), "tokens": _mean(probed, indicator.cost)}
                row |= {"saving": budget / row["tokens"] if row["tokens"] else math.nan}
                x, y = [float(indicator.reduce(seeds)) for seeds in told], [float(seeds.mean()) for seeds in came]
                rows.append(row | {"spearman": correlation(x, y), "pearson": correlation(x, y, "pearson")})
    return pd.DataFrame(rows)


def _flat(rungs: Rungs) -> list[Record]:
    return [record for group in rungs.values() for record in group]


def _mean(rungs: Rungs, of: Callable[[Record], float]) -> float:
    return float(np.mean([np.mean([of(record) for record in group]) for group in rungs.values()]))
