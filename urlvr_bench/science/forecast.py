"""The sharpening table: forecast against reached, and whether the theory's other predictions hold, per method."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from urlvr_bench.presentation.rendering import DASH, Row, number
from urlvr_bench.records.schema import Record
from urlvr_bench.science.sharpening import (
    Course,
    alignment_at_start,
    course,
    forecast,
    forecast_metric,
    mean_known,
    reached,
)
from urlvr_bench.statistics.intervals import basis_of, two_way
from urlvr_bench.statistics.summaries import spread

NOTES = (
    "Forecast: accuracy of the closed-form optimum on the samples of step 0 (maj@N for rewards without labels, "
    "pass@N for the supervised one, avg@N for noise). Reached: avg@N at the last step. The difference is paired by "
    "seed and problem.",
    "Initial answer: share of samples that give the answer that led at step 0, start → end; flips: problems that end "
    "with another leader; tilted start: accuracy of the start, tilted to the same share of leading answers.",
    "Log-odds per step: of the leading answers, first → last stretch (the theorem: constant), and their standard "
    "deviation over problems (the theorem: 0). They saturate at log(2N + 1).",
    "Reward with likelihood: mean Spearman correlation inside groups. Vote alignment: chance that a right vote of step "
    "0 is clearer than a wrong one. A dash: not stored in these records.",
)


def row(records: Sequence[Record]) -> Row:
    """Return one method's forecast and course on one model, means over its seeds."""
    ahead, came = forecast(records), reached(records)
    found: Row = {"model": records[0].model.name, "method": records[0].method.id, "family": records[0].method.family}
    found |= {"seeds": len(records), "problems": ahead.shape[1], "samples": records[0].protocol.evaluation.samples}
    found |= {"metric": forecast_metric(records[0]), "basis": basis_of(len(records), ahead.shape[1])}
    found |= spread("start", two_way(reached(records, 0))) | spread("forecast", two_way(ahead))
    found |= spread("reached", two_way(came)) | spread("difference", two_way(came - ahead, (-1.0, 1.0)))
    courses = [course(record) for record in records]
    found |= {name: mean_known([getattr(one, name) for one in courses]) for name in Course.__dataclass_fields__}
    likelihoods = [mean_known(record.steps.reward_likelihood or []) for record in records]
    found |= {"reward_likelihood": mean_known(likelihoods)}
    found |= {"alignment": mean_known([alignment_at_start(record) for record in records])}
    kls = [[value for value in record.steps.kl_to_start if value is not None] for record in records]
    return found | {"kl_last": mean_known([values[-1] for values in kls if values])}


def frame(groups: Sequence[Sequence[Record]]) -> pd.DataFrame:
    """Return one row per method and model."""
    return pd.DataFrame([row(group) for group in groups])


def text(row: Row) -> dict[str, str]:
    """Return a row as people read it."""

    def plain(name: str, digits: int = 3) -> str:
        return DASH if np.isnan(row[name]) else f"{row[name]:.{digits}f}"

    return {
        "model": row["model"],
        "method": row["method"],
        "seeds": str(row["seeds"]),
        "start": number(row, "start"),
        "forecast": f"{number(row, 'forecast')} ({row['metric']})",
        "reached": number(row, "reached"),
        "reached - forecast": number(row, "difference"),
        "initial answer": f"{plain('share_start')} → {plain('share_end')}",
        "flips": plain("flips"),
        "tilted start": plain("tilt_accuracy"),
        "log-odds per step (spread)": f"{plain('increment_first')} → {plain('increment_last')} "
        f"({plain('increment_spread', 2)})",
        "reward with likelihood": plain("reward_likelihood", 2),
        "vote alignment": plain("alignment", 2),
        "KL to start, nats per token": plain("kl_last"),
    }
