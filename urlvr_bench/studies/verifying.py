"""The dial of the verifier, shown: the verdict on each prior as a table, gain against quality as a figure, in words."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from urlvr_bench.presentation.drawing import MARKERS, PALETTE, QUIET, TEXT, framed, legend_lines, panels
from urlvr_bench.presentation.rendering import Row, Table, number
from urlvr_bench.records.schema import Record
from urlvr_bench.science.claims import Claim, listed, span
from urlvr_bench.science.verifying import CHECKED, ENDS_OVER, FIRST_STEPS, OWN, REWARDS, Criteria, Prior, priors
from urlvr_bench.statistics.intervals import Interval
from urlvr_bench.statistics.summaries import spread
from urlvr_bench.studies.definition import Study

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

NOTES = (
    f"J: share of right solutions that the policy accepts, less that of wrong ones, in the first {FIRST_STEPS} steps. "
    "Gain: test accuracy at the last step less that of step 0; ahead: that of self-verification less another's. "
    "Brackets: 95 % intervals.",
)
PRIOR_NOTES = (
    "Accepted: share of right and of wrong solutions that the policy calls correct at the start. Vote of step 0: "
    "maj@N. Ahead of it: accuracy of self-verification at the last step less that. Closes: gain of "
    f"self-verification over that of the external checker. Reward accuracy: at the start, its lowest mean of "
    f"{ENDS_OVER} steps, and at the end.",
)
DIP = 0.05
"""By how much reward accuracy must fall, and rise again, to be said to dip and recover."""


def summary(study: Study, records: Sequence[Record]) -> Table:
    """Return a row per prior, the best informed verifier first: the gain of every reward, and what the criteria say."""
    criteria = Criteria.model_validate(study.criteria)
    stated = (
        f"Escapes: self-verification gains and is ahead of {listed(REWARDS)}, with intervals above 0, and closes "
        f"{criteria.share:.0%} of what the external checker gains; harms: its gain has an interval below 0. Fixed "
        "before the runs, but for one of the checker that says how long they must be."
    )
    rows = [_row(prior, criteria) for prior in priors(records)]
    return Table(study.title, (*NOTES, stated), pd.DataFrame(rows), _text)


def _row(prior: Prior, criteria: Criteria) -> Row:
    row: Row = {"prior": prior.name, "informed": prior.quality.informed, "start": prior.start}
    for name, found in prior.gains.items():
        row |= spread(name, found)
    for name, found in prior.ahead.items():
        row |= spread(f"ahead_{name}", found)
    return row | {"says": prior.verdict(criteria), "basis": prior.gains[OWN].basis}


def _text(row: Row) -> dict[str, str]:
    told = {"prior": row["prior"], "J": f"{row['informed']:.2f}", "start": f"{row['start']:.3f}"}
    told |= {f"gain of {name}": number(row, name) for name in (OWN, *REWARDS, CHECKED)}
    told |= {f"ahead of {name}": number(row, f"ahead_{name}") for name in REWARDS}
    return told | {"self-verification": row["says"]}


def details(study: Study, records: Sequence[Record]) -> Table:
    """Return a row per prior: the quality of its verifier, where step 0 votes, and how well the reward is earned."""
    frame = pd.DataFrame(
        [
            {
                "prior": prior.name,
                "right accepted": f"{prior.quality.tpr:.2f}",
                "wrong accepted": f"{prior.quality.fpr:.2f}",
                "start": f"{prior.start:.3f}",
                "right among accepted": f"{prior.quality.precision:.3f}",
                "vote of step 0": f"{prior.voted:.3f}",
                "ahead of it": f"{prior.ahead_of_start.mean:+.3f} [{prior.ahead_of_start.low:+.3f}, "
                f"{prior.ahead_of_start.high:+.3f}]",
                "closes": f"{prior.closes:.2f}",
                "reward accuracy": _course(prior),
            }
            for prior in priors(records)
        ]
    )
    return Table(f"{study.title}: the priors", PRIOR_NOTES, frame, lambda row: {k: str(v) for k, v in row.items()})


def figure(study: Study, records: Sequence[Record]) -> "Figure":
    """Draw the gain of every reward, and by how much self-verification is ahead, against the verifier's quality."""
    found = priors(records)
    drawn, (gains, ahead) = panels(2, columns=2, height=3.0)
    looks = dict(zip((OWN, *REWARDS, CHECKED), zip(PALETTE, MARKERS, strict=False), strict=False))
    for name, look in looks.items():
        _series(gains, found, [prior.gains[name] for prior in found], look)
    for name in REWARDS:
        _series(ahead, found, [prior.ahead[name] for prior in found], looks[name])
    gains.set_title("gain", loc="left", fontweight="bold")
    ahead.set_title("self-verification ahead of", loc="left", fontweight="bold")
    gains.set_ylabel("test accuracy")
    for axes in (gains, ahead):
        axes.axhline(0, color=QUIET, linewidth=0.8)
        axes.set_xlabel("J of the verifier at the start", fontsize=TEXT)
    framed(
        drawn, study.title, study.question,
        "J: share of right solutions that the policy accepts, less that of wrong ones. Every point a prior; bars: 95 % "
        "intervals.",
        legend_lines({name: (color, "-", marker) for name, (color, marker) in looks.items()}),
    )  # fmt: skip
    return drawn


def _series(axes: "Axes", found: Sequence[Prior], values: Sequence[Interval], look: tuple[str, str]) -> None:
    x, y = np.array([prior.quality.informed for prior in found]), np.array([value.mean for value in values])
    ends = np.abs(np.array([[value.low, value.high] for value in values]).T - y)
    color, marker = look
    axes.errorbar(x, y, yerr=ends, color=color, marker=marker, markersize=4, linewidth=1.0, elinewidth=0.7)


def reading(study: Study, records: Sequence[Record]) -> list[Claim]:
    """Return where self-verification escapes by the criteria, where it harms, and whether its reward dips."""
    criteria, found = Criteria.model_validate(study.criteria), priors(records)
    said = {word: [one for one in found if one.verdict(criteria) == word] for word in ("escapes", "harms", "neither")}
    dipping = [prior for prior in found if _dips(prior.reward_accuracy)]
    clear = sum(all(each.low > 0 for each in one.checked_ahead.values()) for one in found)
    above = sum(one.ahead_of_start.low > 0 for one in found)
    courses = listed(f"{one.name} ({_course(one)})" for one in dipping)
    told = [
        Claim(
            f"By criteria fixed before the runs, self-verification escapes what training on {listed(REWARDS)} reaches "
            f"on {len(said['escapes'])} of {len(found)} priors{_where(said['escapes'])} and harms "
            f"{len(said['harms'])}{_where(said['harms'])}; on {above} it ends above the vote of "
            "step 0. The external checker gains "
            f"{span((prior.gains[CHECKED].mean for prior in found), '+.3f')}. One run per prior and reward "
            "says nothing of another.",
            bool(found),
        ),
        Claim(
            "That none is seen to escape need not mean that none does: the external checker, which never errs, is "
            f"shown to be ahead of {listed(REWARDS)} on {clear} of {len(found)} priors.",
            True,
        ),
        Claim(
            f"The reward accuracy of self-verification dips by more than {DIP:g} and recovers, as in the paper, on "
            f"{len(dipping)} of {len(found)} priors{f': {courses}' if dipping else ''}.",
            True,
        ),
    ]
    return told + _what_harms(said["harms"], [*said["escapes"], *said["neither"]])


def _what_harms(harmed: Sequence[Prior], others: Sequence[Prior]) -> list[Claim]:
    """Return which mistakes of the verifier go with harm, where the harmed priors differ by them from the others."""
    if not harmed or not others:
        return []
    passing, missing = ([one.quality.fpr for one in harmed], [1 - one.quality.tpr for one in others])
    least = max(one.quality.fpr for one in others)
    if min(passing) <= least:
        return []
    return [
        Claim(
            f"Harmed are those that pass {span(passing)} of the wrong solutions, which the policy comes to write; the "
            f"others pass at most {least:.2f}, though they fail {span(missing)} of the right ones.",
            True,
        )
    ]


def _where(found: Sequence[Prior]) -> str:
    """Return the qualities of the verifiers of some priors, in brackets; nothing for none."""
    return f" (J {listed(f'{prior.quality.informed:.2f}' for prior in found)})" if found else ""


def _course(prior: Prior) -> str:
    return " → ".join(f"{value:.2f}" for value in prior.reward_accuracy)


def _dips(course: tuple[float, float, float]) -> bool:
    """Return whether reward accuracy fell below its start and below its end."""
    start, lowest, end = course
    return lowest < min(start, end) - DIP
