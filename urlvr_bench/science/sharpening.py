"""Sharpening: where training on the model's own votes must end, forecast from samples of step 0 alone, and what came.

The theory (the study's section 3): the optimum of reward less beta times the KL to the start is the start, tilted:
pi*(y|x) ~ pi_ref(y|x) exp(r(x,y) / beta). With the vote as reward and beta -> 0 the policy keeps the initial majority
answer alone, so its accuracy is maj@N. `strength` below is 1/beta; the theorem says that one number holds for all.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from urlvr_bench.records.measured import Eval
from urlvr_bench.records.schema import Record
from urlvr_bench.statistics.cells import role
from urlvr_bench.statistics.collapse import eval_curve, rise_and_fall
from urlvr_bench.statistics.intervals import Floats
from urlvr_bench.statistics.metrics import evaluation_at, scores

FORECASTS = {"reference: supervised": "pass", "reference: baseline": "avg", "contender": "maj"}
"""The optimum that each kind of reward has on the samples: all right ones, all alike, those of the leading answer."""


def forecast_metric(record: Record) -> str:
    """Return the metric of the step-0 samples that says where a run must end: maj@N, pass@N or avg@N."""
    return f"{FORECASTS[role(record.method)]}@{record.protocol.evaluation.samples}"


def forecast(records: Sequence[Record]) -> Floats:
    """Return (S, P): the accuracy per problem that step 0 alone says training will reach."""
    return scores(records, forecast_metric(records[0]), 0)


def tilted(start: Eval, strength: float) -> tuple[Floats, Floats]:
    """Return per problem the leading answer's share and the accuracy under the start tilted by exp(strength * vote).

    Both over the samples of `start`. Of equally common answers the first given leads, as in `Eval.initial`.
    """
    lead = np.array([row[0][0] if row else 0 for row in start.votes], dtype=np.float64)
    right = np.array([bool(row) and row[0][1] for row in start.votes], dtype=np.float64)
    weight = math.exp(min(strength, 700.0)) * lead  # beyond 700 a float overflows; the rest has long vanished
    total = weight + (start.n - lead)
    return weight / total, (weight * right + np.array(start.correct) - lead * right) / total


def strength_reached(start: Eval, later: Eval) -> float:
    """Return the strength at which the tilted start gives the leading answers as often as `later` does; inf at most.

    NaN where the later evaluation does not say how often they were given.
    """
    if later.initial is None:
        return math.nan
    reached = float(np.mean(later.initial)) / later.n
    low, high = -50.0, 50.0
    if tilted(start, high)[0].mean() <= reached:
        return math.inf
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if tilted(start, middle)[0].mean() < reached else (low, middle)
    return (low + high) / 2


def log_odds(evaluation: Eval) -> Floats:
    """Return, per problem, log(p / (1 - p)) of the initial majority answer, half a sample added to either side."""
    given = np.array(evaluation.initial, dtype=np.float64)
    odds: Floats = np.log((given + 0.5) / (evaluation.n - given + 0.5))
    return odds


def confidence_alignment(start: Eval) -> float:
    """Return the chance that a problem whose vote is right has a clearer vote than one whose vote is wrong, ties half.

    Confidence is the share of samples that give the leading answer. NaN where all votes are right, or all wrong.
    """
    right = [row[0][0] for row in start.votes if row and row[0][1]]
    wrong = [row[0][0] for row in start.votes if row and not row[0][1]]
    pairs = len(right) * len(wrong)
    return sum((a > b) + 0.5 * (a == b) for a in right for b in wrong) / pairs if pairs else math.nan


@dataclass(frozen=True)
class Course:
    """What one run did to the answers that led at step 0; NaN where its evaluations did not follow them."""

    share_start: float
    share_end: float
    """Mean share of samples that give the initial majority answer."""
    flips: float
    """Share of problems whose most common answer at the end is another one."""
    increment_first: float
    increment_last: float
    """Mean log-odds increment per step over the first and the last evaluated stretch; the theorem says: equal."""
    increment_spread: float
    """Standard deviation over problems of the whole increment: the theorem says that all problems move alike."""
    tilt_accuracy: float
    """Accuracy of the start, tilted as strongly as the run ended up: the closed form at the strength reached."""


def course(record: Record) -> Course:
    """Return how the initial majority answers of a run's test problems fared."""
    judged = sorted((e for e in record.evals if e.task == record.judged), key=lambda e: e.step)
    start, end = judged[0], judged[-1]
    if any(each.initial is None for each in judged):
        return Course(*[math.nan] * 7)
    odds = np.stack([log_odds(each) for each in judged])
    rates = np.diff(odds, axis=0).mean(1) / np.diff([each.step for each in judged])
    flipped = [bool(row) and row[0][0] > own for row, own in zip(end.votes, end.initial or [], strict=True)]
    strength = strength_reached(start, end)
    return Course(
        share_start=float(np.mean(start.initial or [])) / start.n,
        share_end=float(np.mean(end.initial or [])) / end.n,
        flips=float(np.mean(flipped)),
        increment_first=float(rates[0]),
        increment_last=float(rates[-1]),
        increment_spread=float((odds[-1] - odds[0]).std()),
        tilt_accuracy=float(tilted(start, 700.0 if math.isinf(strength) else strength)[1].mean()),
    )


def alignment_at_start(record: Record) -> float:
    """Return the confidence-correctness alignment of a run's evaluation at step 0."""
    return confidence_alignment(evaluation_at(record, 0))


def mean_known(values: Sequence[float | None]) -> float:
    """Return the mean of the numbers that are there; NaN where none is."""
    known = [value for value in values if value is not None and math.isfinite(value)]
    return float(np.mean(known)) if known else math.nan


def reached(records: Sequence[Record], step: int | None = None) -> Floats:
    """Return (S, P): avg@n per problem at a step, each run's last unless one is named."""
    metric = f"avg@{records[0].protocol.evaluation.samples}"
    return scores(records, metric, step)


def best(record: Record, task: str | None = None) -> int:
    """Return the evaluated step with the highest accuracy: picked with the test labels, so never a result."""
    return rise_and_fall(*eval_curve(record, task)).peak_step
