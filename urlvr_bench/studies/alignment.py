"""The dial of alignment, shown: the verdict on each reward as a table, gain against alignment as a figure, in words."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from urlvr_bench.models import pretraining_of
from urlvr_bench.presentation.drawing import MARKERS, PALETTE, QUIET, TEXT, framed, legend_lines, panels
from urlvr_bench.presentation.rendering import Row, Table, number
from urlvr_bench.records.schema import Record
from urlvr_bench.science.alignment import FIRST_STEPS, Criteria, Verdict, line, points, verdicts
from urlvr_bench.science.claims import Claim, listed
from urlvr_bench.studies.definition import Study

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

NOTES = (
    "Over priors, brackets: 95 % intervals, the priors redrawn. Order: rank correlation of the gain in test accuracy "
    "with the alignment, the share of problems whose vote is right at step 0. Turn: the alignment at which a straight "
    "line through the gains is zero; the forecast's is that of maj@N less avg@N at step 0, the optimum of sharpening. "
    "Slope: of the gain on that forecast, 1 where it is met.",
    f"Reward's own alignment: chance that it pays a right rollout more than a wrong one of its group, in the first "
    f"{FIRST_STEPS} steps, mean over priors; 0.5 is chance.",
)
PRIOR_NOTES = (
    "Alignment: share of problems whose vote is right at step 0. Forecast: maj@N less avg@N at step 0. Gain: test "
    "accuracy at the step less that of step 0, 95 % interval over problems: one run per prior, which says nothing of "
    "another.",
)


def summary(study: Study, records: Sequence[Record]) -> Table:
    """Return a row per reward and judged step: what the criteria read, and what they say."""
    criteria = Criteria.model_validate(study.criteria)
    found = verdicts(records, criteria)
    notes = (*NOTES, _stated(criteria))
    return Table(study.title, notes, pd.DataFrame([_row(one) for one in found]), _text)


def _stated(criteria: Criteria) -> str:
    return (
        f"Follows: the order is at least {criteria.order:g} and its interval above 0; the turn lies within "
        f"{criteria.turn:g} of the forecast's and the interval of the difference holds 0; the slope is from "
        f"{criteria.least_slope:g} to {criteria.most_slope:g} and its interval above 0. Fixed before the runs."
    )


def _row(one: Verdict) -> Row:
    row = asdict(one)
    for name in ("order", "turn", "apart", "slope"):
        found = row.pop(name)
        row |= {name: found["value"], f"{name}_low": found["low"], f"{name}_high": found["high"]}
    return row | {"follows": one.follows, "basis": ""}


def _text(row: Row) -> dict[str, str]:
    missed = [word for word, kept in (("order", "ordered"), ("turn", "turned"), ("size", "sized")) if not row[kept]]
    return {
        "reward": row["method"],
        "step": str(row["step"]),
        "priors": str(row["priors"]),
        "order": number(row, "order"),
        "turn": number(row, "turn"),
        "forecast's turn": f"{row['forecast_turn']:.3f}",
        "slope on the forecast": number(row, "slope"),
        "reward's own alignment": f"{row['auc']:.2f}",
        "follows": "yes" if row["follows"] else f"not in {listed(missed)}",
    }


def details(study: Study, records: Sequence[Record]) -> Table:
    """Return a row per prior, with the gain of every reward at the last step."""
    frame = _last(records)
    rows: list[Row] = []
    for model, part in frame.groupby("model", sort=True):
        row: Row = {"model": model, "seeds": int(part["seeds"].max()), "basis": part["basis"].iloc[0]}
        row |= {name: float(part[name].mean()) for name in ("start", "alignment", "forecast")}
        for each in part.to_dict("records"):
            row |= {each["method"] + end: each["gain" + end] for end in ("", "_low", "_high", "_parts")}
        rows.append(row)
    methods = list(frame["method"].unique())

    def text(row: Row) -> dict[str, str]:
        told = {"prior": row["model"], "start": f"{row['start']:.3f}", "alignment": f"{row['alignment']:.3f}"}
        told |= {"forecast": f"{row['forecast']:+.3f}"}
        return told | {name: number(row, name) if name in row else "" for name in methods}

    return Table(f"{study.title}: the priors", PRIOR_NOTES, pd.DataFrame(rows), text)


def _last(records: Sequence[Record]) -> pd.DataFrame:
    """Return the points at the last step, which the question is about."""
    frame = points(records)
    return frame[frame["step"] == frame["step"].max()]


def figure(study: Study, records: Sequence[Record]) -> "Figure":
    """Draw the gain of each reward against the alignment of the prior, with the forecast and where the sign turns."""
    frame = _last(records)
    last = {one.method: one for one in verdicts(records, Criteria.model_validate(study.criteria))}
    drawn, grid = panels(len(last), columns=2, height=2.6)
    for axes, (method, found) in zip(grid, last.items(), strict=True):
        _panel(axes, frame[frame["method"] == method], found)
    for axes in grid[-2:]:
        axes.set_xlabel("alignment of the prior", fontsize=TEXT)
    for axes in grid[::2]:
        axes.set_ylabel("gain in test accuracy")
    looks = {"a prior": (PALETTE[0], "", MARKERS[0]), "line through the gains": (PALETTE[0], "-", "")}
    looks |= {"forecast from step 0": (PALETTE[1], "--", ""), "where the gain turns, 95 %": ("0.6", "-", "")}
    framed(
        drawn,
        study.title,
        study.question,
        "Alignment: share of problems whose vote is right at step 0. Forecast: maj@N less avg@N at step 0. Bars: 95 % "
        "intervals over problems, one run per prior. Bar on the zero line: where the line through the gains crosses "
        "it, priors redrawn; none where too few redraws cross.",
        legend_lines(looks),
    )
    return drawn


def _panel(axes: "Axes", rows: pd.DataFrame, found: Verdict) -> None:
    x, y = rows["alignment"].to_numpy(np.float64), rows["gain"].to_numpy(np.float64)
    ends = np.abs(rows[["gain_low", "gain_high"]].to_numpy(np.float64).T - y)
    axes.axhline(0, color=QUIET, linewidth=0.8)
    axes.errorbar(x, y, yerr=ends, color=PALETTE[0], marker=MARKERS[0], linestyle="", markersize=3.5, elinewidth=0.8)
    across = np.array([x.min(), x.max()])
    for values, color, look in ((y, PALETTE[0], "-"), (rows["forecast"].to_numpy(np.float64), PALETTE[1], "--")):
        intercept, slope = line(x, values)
        axes.plot(across, intercept + slope * across, color=color, linestyle=look, linewidth=1.5)
    axes.plot([found.turn.low, found.turn.high], [0, 0], color="0.6", linewidth=5, alpha=0.7, solid_capstyle="butt")
    axes.set_xlim(-0.03, 1.03)
    axes.set_title(found.method, loc="left", fontweight="bold")


def reading(study: Study, records: Sequence[Record]) -> list[Claim]:
    """Return what the criteria say at the last step, whichever way it is."""
    found = verdicts(records, Criteria.model_validate(study.criteria))
    last = [one for one in found if one.step == max(each.step for each in found)]
    following = [one.method for one in last if one.follows]
    said = [f"{one.method} turns at {one.turn} (forecast {one.forecast_turn:.2f})" for one in last if one.ordered]
    lost = [f"{one.method} ({_missed(one)})" for one in last if not one.follows]
    told = [
        Claim(
            f"By criteria fixed before the runs, {len(following)} of the {len(last)} rewards follow the forecast after "
            f"{last[0].step} steps on {last[0].priors} priors: {listed(following)}.",
            len({one.priors for one in last}) == 1,
        )
    ]
    if said:
        sentence = f"Where the gain rises with the alignment, its sign turns as follows: {listed(said)}."
        told.append(Claim(sentence, True))
    if lost:
        told.append(Claim(f"The others miss a criterion: {listed(lost)}.", True))
    made = {pretraining_of(one.model.name) for one in records}
    if len(made) < last[0].priors:
        sentence = (
            f"The priors are positions of {len(made)} builds of one dial on one prior ({listed(sorted(made))}): the "
            "intervals speak of other positions, not of other models."
        )
        told.append(Claim(sentence, True))
    return told


def _missed(one: Verdict) -> str:
    """Return the criteria that a reward misses, each with what was found."""
    found = [(one.ordered, f"order {one.order}"), (one.turned, f"turn {one.turn}"), (one.sized, f"slope {one.slope}")]
    return "; ".join(text for kept, text in found if not kept)
