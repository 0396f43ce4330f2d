"""What foretells the gain of supervised training, over priors that differ in kind, as registered before the runs.

The claim under test (arXiv 2603.08660, section 6): the step at which majority voting collapses orders models as their
gain under supervised training does, at a fraction of its cost. Its rivals: pass@k, what step 0 says, and the step at
which the reward saturates (arXiv 2604.18574).
"""

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd

from urlvr_bench.models import pretraining_of
from urlvr_bench.presentation.rendering import Row
from urlvr_bench.records.measured import Frozen
from urlvr_bench.records.schema import Record
from urlvr_bench.science import indicators
from urlvr_bench.science.correlation import correlations
from urlvr_bench.science.indicators import Indicator, Outcome
from urlvr_bench.science.ladders import start_accuracy
from urlvr_bench.science.redrawing import Places, Redrawn, families_redrawn, priors_redrawn, redrawn
from urlvr_bench.statistics.collapse import HEADLINE, step_curve
from urlvr_bench.statistics.intervals import Floats

SATURATED = 0.99
"""Share of a run's highest reward at which it is saturated, as arXiv 2604.18574 has it."""
STREAM = 4


class Criteria(Frozen):
    """By which numbers an indicator is said to foretell; in the study's YAML since before its runs."""

    spearman: float
    """Least rank correlation with the supervised gain over priors."""
    saving: float
    """Least tokens of supervised training over those of the indicator."""


def saturation_step(record: Record) -> float:
    """Return the first step at which the trailing mean of the reward is within 1 % of the highest that the run has."""
    steps, rewards = step_curve(record, "proxy_reward")
    return float(steps[np.flatnonzero(rewards >= SATURATED * rewards.max())[0]])


def _whole(record: Record) -> float:
    """Return the tokens of a whole run: that a reward is near its highest is known only when the run is over."""
    return float(sum(record.steps.tokens))


START = indicators.at_start("accuracy at step 0", True, lambda record: start_accuracy([record]))
INDICATORS = (
    indicators.step_of(HEADLINE, labels=True),
    indicators.PASS_GAIN,
    START,
    indicators.at_start("share of the leading answer at step 0", False, indicators.vote_share),
    Indicator("step of: reward saturation", True, saturation_step, _whole, indicators.geometric_mean),
)
"""The collapse step first; the others are its rivals. The probe's runs end where train accuracy collapses, so that it
takes labels to know where their reward is highest."""


def values(indicator: Indicator, runs: Mapping[str, Sequence[Record]]) -> Floats:
    """Return an indicator of every prior, over its seeds."""
    return np.array(
        [float(indicator.reduce(np.array([indicator.of(one) for one in group]))) for group in runs.values()]
    )


def outcomes(outcome: Outcome, runs: Mapping[str, Sequence[Record]]) -> Floats:
    """Return what supervised training brought to every prior, mean over its seeds."""
    return np.array([np.mean([outcome.of(one, one.task.name) for one in group]) for group in runs.values()])


def foretold(probed: Mapping[str, Sequence[Record]], taught: Mapping[str, Sequence[Record]]) -> pd.DataFrame:
    """Return a row per outcome and indicator: rank correlation over priors with its intervals, and cost.

    `spearman` is redrawn over priors, `whole` over pre-trainings with all their checkpoints; `ahead` is by how much
    the correlation exceeds that of the accuracy at step 0, whichever sign that has.
    """
    names = [name for name in probed if name in taught]
    probes, lessons = ({name: runs[name] for name in names} for runs in (probed, taught))
    told = {each.name: values(each, probes) for each in INDICATORS}
    rng = np.random.default_rng(STREAM)
    draws = priors_redrawn(len(names), rng)
    families = families_redrawn([pretraining_of(name) for name in names], rng)
    budget = _mean([one.provenance.train_tokens for group in lessons.values() for one in group])
    rows: list[Row] = []
    for outcome in indicators.OUTCOMES:
        gained = outcomes(outcome, lessons)
        for each in INDICATORS:
            x, base = told[each.name], told[START.name]
            tokens = _mean([each.cost(one) for group in probes.values() for one in group])
            row: Row = {"outcome": outcome.name, "indicator": each.name, "labels": each.labels, "priors": len(names)}
            row |= _columns("spearman", _over(x, gained, draws)) | _columns("whole", _over(x, gained, families))
            row |= _columns("ahead", redrawn(_lead(x, base, gained), len(names), draws))
            rows.append(row | {"tokens": tokens, "saving": budget / tokens if tokens else math.nan})
    return pd.DataFrame(rows)


def meets(row: Row, criteria: Criteria) -> bool:
    """Return whether an indicator orders the gains as well, and costs as little, as was asked for."""
    return bool(row["spearman"] >= criteria.spearman and row["saving"] >= criteria.saving)


def _over(x: Floats, y: Floats, draws: Sequence[Places]) -> Redrawn:
    return redrawn(lambda at: correlations(x[at], y[at]), len(x), draws)


def _lead(x: Floats, base: Floats, y: Floats) -> Callable[[Places], Floats]:
    whole = np.arange(len(y))[None]
    sign = np.sign(correlations(base[whole], y[whole]))  # taken once: a size of each redraw's own would favour the base

    def lead(at: Places) -> Floats:
        found: Floats = correlations(x[at], y[at]) - sign * correlations(base[at], y[at])
        return found

    return lead


def _columns(name: str, found: Redrawn) -> Row:
    return {name: found.value, f"{name}_low": found.low, f"{name}_high": found.high}


def _mean(numbers: Sequence[float]) -> float:
    return float(np.mean(numbers))
