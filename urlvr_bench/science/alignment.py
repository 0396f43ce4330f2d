"""Gain against alignment: does a label-free reward help a prior as much as its own step-0 samples say that it must?

The theory (arXiv 2603.08660, section 3) has every intrinsic reward sharpen the policy towards the answer that leads at
the start, so that training ends at the accuracy of the initial vote: gain = maj@N - avg@N, which is positive where the
leading answers are right on most problems and negative where they are wrong on most.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from urlvr_bench.presentation.rendering import Row
from urlvr_bench.records.measured import Frozen
from urlvr_bench.records.schema import Record
from urlvr_bench.science.correlation import correlations
from urlvr_bench.science.redrawing import Places, Redrawn, priors_redrawn, redrawn
from urlvr_bench.science.sharpening import mean_known, reached
from urlvr_bench.statistics.intervals import Floats, two_way
from urlvr_bench.statistics.metrics import scores
from urlvr_bench.statistics.summaries import spread

FIRST_STEPS = 3
"""Training steps whose rollouts say how a reward ranks the answers of the start; the learning rate still warms up."""
STREAM = 2603


class Criteria(Frozen):
    """By which numbers a reward is said to follow the forecast; in the study's YAML since before its runs."""

    order: float
    """Least rank correlation of the gain with the alignment over priors; its interval must lie above 0."""
    turn: float
    """Most that the alignment at which the gain turns positive may lie from the forecast's; the interval of their
    difference must hold 0."""
    least_slope: float
    most_slope: float
    """Bounds of the slope of the gain on the forecast gain; its interval must lie above 0."""


def points(records: Sequence[Record]) -> pd.DataFrame:
    """Return a row per method, step and prior: alignment, the reward's own alignment, forecast gain and gain.

    The last step is the one that the question is about; earlier ones show what a reward does before it falls.
    """
    groups: dict[tuple[str, str], list[Record]] = {}
    for record in records:
        groups.setdefault((record.method.id, record.model.name), []).append(record)
    return pd.DataFrame(
        [
            _point(runs, step)
            for runs in groups.values()
            for step in runs[0].protocol.evaluation.steps(runs[0].last_step)
            if step
        ]
    )


def _point(runs: Sequence[Record], step: int) -> Row:
    samples = runs[0].protocol.evaluation.samples
    vote, start = scores(runs, f"maj@{samples}", 0), reached(runs, 0)
    row: Row = {"method": runs[0].method.id, "step": step, "model": runs[0].model.name, "seeds": len(runs)}
    row |= {"start": float(start.mean()), "alignment": float(vote.mean()), "auc": mean_known(list(map(_auc, runs)))}
    gain = two_way(reached(runs, step) - start, (-1.0, 1.0))
    row |= {"forecast": float((vote - start).mean()), "basis": gain.basis}
    return row | spread("gain", gain)


def _auc(record: Record) -> float:
    """Return the chance that the reward of a right rollout is above that of a wrong one of its group, at the start."""
    return mean_known(record.steps.reward_auc[:FIRST_STEPS])


def line(x_D_N: Floats, y_D_N: Floats) -> tuple[Floats, Floats]:
    """Return intercepts and slopes of lines of least squares through D sets of N points; NaN where all x are alike."""
    x = x_D_N - x_D_N.mean(-1, keepdims=True)
    size = np.where(np.ptp(x, axis=-1) < 1e-9, math.nan, (x**2).sum(-1))
    slope = (x * y_D_N).sum(-1) / size
    return y_D_N.mean(-1) - slope * x_D_N.mean(-1), slope


def turn(alignment_D_N: Floats, gain_D_N: Floats) -> Floats:
    """Return the alignment at which a straight line through the gains is 0; NaN where the line does not rise."""
    intercept, slope = line(alignment_D_N, gain_D_N)
    found: Floats = -intercept / np.where(slope > 1e-9, slope, math.nan)
    return found


@dataclass(frozen=True)
class Verdict:
    """What the criteria say of one reward, with the numbers that they read, each redrawn over priors."""

    method: str
    step: int
    priors: int
    order: Redrawn
    """Rank correlation of the gain with the alignment."""
    turn: Redrawn
    """Alignment at which the gain turns positive."""
    forecast_turn: float
    apart: Redrawn
    """The turn less that of the forecast."""
    slope: Redrawn
    """Of the gain on the forecast gain."""
    auc: float
    """Mean over priors of the reward's own alignment."""
    ordered: bool
    turned: bool
    sized: bool

    @property
    def follows(self) -> bool:
        """Whether the reward meets all three criteria."""
        return self.ordered and self.turned and self.sized


def verdict(rows: pd.DataFrame, criteria: Criteria) -> Verdict:
    """Return what the criteria say of the rows of one method at one step."""
    x, y, told = (rows[name].to_numpy(np.float64) for name in ("alignment", "gain", "forecast"))
    draws = priors_redrawn(len(rows), np.random.default_rng(STREAM))

    def over(statistic: Callable[[Places], Floats]) -> Redrawn:
        return redrawn(statistic, len(rows), draws)

    order = over(lambda at: correlations(x[at], y[at]))
    apart = over(lambda at: turn(x[at], y[at]) - turn(x[at], told[at]))
    slope = over(lambda at: line(told[at], y[at])[1])
    return Verdict(
        method=str(rows["method"].iloc[0]),
        step=int(rows["step"].iloc[0]),
        priors=len(rows),
        order=order,
        turn=over(lambda at: turn(x[at], y[at])),
        forecast_turn=float(turn(x, told)),
        apart=apart,
        slope=slope,
        auc=float(rows["auc"].mean()),
        ordered=order.value >= criteria.order and order.is_positive,
        turned=abs(apart.value) <= criteria.turn and apart.holds(0.0),
        sized=criteria.least_slope <= slope.value <= criteria.most_slope and slope.is_positive,
    )


def verdicts(records: Sequence[Record], criteria: Criteria) -> list[Verdict]:
    """Return the verdict on every method at every judged step, in the order in which their records come."""
    return [verdict(rows, criteria) for _, rows in points(records).groupby(["method", "step"], sort=False)]
