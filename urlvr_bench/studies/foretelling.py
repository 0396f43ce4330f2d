"""What foretells the supervised gain, shown: correlations with their costs, the priors, a figure, and the reading."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from urlvr_bench.models import pretraining_of
from urlvr_bench.presentation.drawing import MARKERS, PALETTE, TEXT, framed, legend_lines, panels
from urlvr_bench.presentation.rendering import DASH, Row, Table, number
from urlvr_bench.records.schema import Record
from urlvr_bench.science.claims import Claim, listed
from urlvr_bench.science.foretelling import INDICATORS, START, Criteria, foretold, meets, outcomes, values
from urlvr_bench.science.indicators import OUTCOMES
from urlvr_bench.studies.definition import Study

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Rungs = dict[str, list[Record]]
NOTES = (
    "Rank correlation (Spearman) over priors of each indicator with what supervised training brings; brackets: 95 % "
    "intervals, the priors redrawn, and whole pre-trainings redrawn with all their checkpoints. Ahead: by how much the "
    "correlation exceeds that of the accuracy at step 0, of the sign that this has over all priors.",
    "Saving: tokens of the supervised run over those that the indicator takes, means per run. A run without the event "
    "costs its whole training and ranks last.",
)
PRIOR_NOTES = ("Means over seeds, of steps the geometric one; gain: of supervised training, in test accuracy.",)


def halves(records: Sequence[Record]) -> tuple[Rungs, Rungs]:
    """Return the runs that probe a prior and those that teach it, by prior; only priors that have both."""
    probed: Rungs = {}
    taught: Rungs = {}
    for record in records:
        (taught if record.method.uses_labels else probed).setdefault(record.model.name, []).append(record)
    both = sorted(set(probed) & set(taught))
    return {name: probed[name] for name in both}, {name: taught[name] for name in both}


def summary(study: Study, records: Sequence[Record]) -> Table:
    """Return a row per outcome and indicator: what the criteria read, and whether they are met."""
    criteria = Criteria.model_validate(study.criteria)
    frame = foretold(*halves(records)).assign(basis="")
    frame["meets"] = [meets(row, criteria) for row in frame.to_dict("records")]
    stated = (
        f"Meets: a correlation of at least {criteria.spearman:g} at a saving of at least {criteria.saving:g}. Fixed "
        f"before the runs; the question is decided by the first indicator and the first outcome."
    )
    return Table(study.title, (*NOTES, stated), frame, _text)


def _text(row: Row) -> dict[str, str]:
    return {
        "outcome": row["outcome"],
        "indicator": row["indicator"],
        "labels": "yes" if row["labels"] else "no",
        "priors": str(row["priors"]),
        "Spearman, priors redrawn": number(row, "spearman"),
        "pre-trainings redrawn": number(row, "whole"),
        "ahead of step 0": number(row, "ahead"),
        "tokens": f"{row['tokens']:,.0f}",
        "saving": DASH if pd.isna(row["saving"]) else f"{row['saving']:.1f} x",
        "meets": "yes" if row["meets"] else "no",
    }


def details(study: Study, records: Sequence[Record]) -> Table:
    """Return a row per prior: every indicator, and the gain."""
    probed, taught = halves(records)
    seeds = {"probe seeds": map(len, probed.values()), "supervised seeds": map(len, taught.values())}
    frame = pd.DataFrame({"prior": list(probed), **{name: list(counts) for name, counts in seeds.items()}})
    for each in INDICATORS:
        frame[each.name] = values(each, probed)
    for outcome in OUTCOMES:
        frame[outcome.name] = outcomes(outcome, taught)
    told = [name for name in frame if name not in ("prior", *seeds)]

    def text(row: Row) -> dict[str, str]:
        numbers = {str(name): f"{row[name]:.3g}" for name in told}
        return {"prior": row["prior"], **{name: str(row[name]) for name in seeds}, **numbers}

    return Table(f"{study.title}: the priors", PRIOR_NOTES, frame, text)


def figure(study: Study, records: Sequence[Record]) -> "Figure":
    """Draw the supervised gain against every indicator, each pre-training with a look of its own."""
    probed, taught = halves(records)
    gained = outcomes(OUTCOMES[0], taught)
    families = list(dict.fromkeys(pretraining_of(name) for name in probed))
    looks = {name: (PALETTE[i % len(PALETTE)], "", MARKERS[i % len(MARKERS)]) for i, name in enumerate(families)}
    drawn, grid = panels(len(INDICATORS), columns=3, height=2.4, alike=False)
    for axes, each in zip(grid, INDICATORS, strict=True):
        x = values(each, probed)
        for name, (color, _, marker) in looks.items():
            own = np.array([pretraining_of(model) == name for model in probed])
            axes.plot(x[own], gained[own], color=color, marker=marker, linestyle="-", linewidth=0.7, markersize=4)
        axes.set_title(each.name.removeprefix("step of: "), loc="left", fontsize=TEXT)
        axes.set_xlabel("step" if each.name.startswith("step of") else "share", fontsize=TEXT)
    for axes in grid[::3]:
        axes.set_ylabel("supervised gain")
    framed(
        drawn, study.title, study.question,
        "Every point a prior, mean over its seeds; a line joins the checkpoints of one pre-training.",
        legend_lines(looks),
    )  # fmt: skip
    return drawn


def reading(study: Study, records: Sequence[Record]) -> list[Claim]:
    """Return what the criteria say of the collapse step, and which rival does as well, whichever way it is."""
    table, criteria = summary(study, records).frame, Criteria.model_validate(study.criteria)
    first = [row for row in table.to_dict("records") if row["outcome"] == OUTCOMES[0].name]
    step, rivals = first[0], [row["indicator"] for row in first[1:] if row["meets"]]
    verb = "foretells" if step["meets"] else "does not foretell"
    ahead = "is" if step["ahead_low"] > 0 else "is not shown to be"
    return [
        Claim(
            f"By the criteria fixed before the runs (a rank correlation of {criteria.spearman:g} or more at "
            f"{criteria.saving:g} times fewer tokens) the collapse step {verb} the supervised gain over "
            f"{step['priors']} priors: rank correlation {number(step, 'spearman')}, {number(step, 'whole')} where "
            f"whole pre-trainings are redrawn, at {step['saving']:.1f} times fewer tokens.",
            len(first) == len(INDICATORS),
        ),
        Claim(
            f"It {ahead} ahead of the accuracy at step 0 ({number(step, 'ahead')}); of its rivals "
            f"{len(rivals)} of {len(first) - 1} meet the criteria.",
            True,
        ),
        Claim(
            "What else supervised training brings is ordered by the step and by the accuracy at step 0 with rank "
            f"correlations of {listed(_beside_start(table))}.",
            True,
        ),
    ]


def _beside_start(table: pd.DataFrame) -> list[str]:
    """Return how the collapse step and the accuracy at step 0 order the outcomes that do not decide."""
    told = table.set_index(["outcome", "indicator"])["spearman"]
    step, start = INDICATORS[0].name, START.name
    return [
        f"{told[one.name, step]:.2f} and {told[one.name, start]:.2f} ({one.name.removeprefix('supervised ')})"
        for one in OUTCOMES[1:]
    ]
