"""Where training ends: against what the samples of step 0 foretell, and against the untrained vote at equal cost."""

from collections.abc import Sequence

import pandas as pd

from urlvr_bench.presentation.rendering import Table
from urlvr_bench.records.schema import Record
from urlvr_bench.science import control, forecast
from urlvr_bench.science.claims import Claim, listed, span
from urlvr_bench.science.kinds import per_protocol
from urlvr_bench.statistics.cells import different

TAIL = 0.025
"""Of a 95 % interval, on one side."""
PUSHED = "pocket-probe@2"
"""The protocol that trains pocket priors hard."""


def sharpening(records: Sequence[Record], tables: Sequence[Table]) -> list[Claim]:
    """Return whether training ends where the samples of step 0 say, by kind of reward, task and protocol."""
    groups = [group for found in per_protocol(records).values() for group in _distinct(found)]
    frame = pd.DataFrame([forecast.row(group) | _cell(group) for group in groups])
    contenders = frame[frame["metric"].str.startswith("maj")].set_index("method")
    calm, rough, pushed = (contenders[contenders["protocol"] == name] for name in ("pocket@2", "pocket@1", PUSHED))
    calm, chain = (found[found["task"] == "chain_addition"] for found in (calm, rough))
    puzzles = contenders[(contenders["protocol"] == "pocket@2") & (contenders["model"] == "pocket-countdown")]
    above, under = puzzles[puzzles["difference_low"] > 0], puzzles[puzzles["difference_high"] < 0]
    dial = contenders[(contenders["protocol"] == "pocket@2") & contenders["model"].str.startswith("verify-")]
    dial = dial[dial.index.isin(["majority_vote", "trajectory_entropy"])]
    below, fallen = (found[found["difference_high"] < 0] for found in (calm, chain))
    taught = frame[(frame["method"] == "ground_truth") & (frame["protocol"] == "pocket@1")]
    taught = taught[taught["task"] == "chain_addition"].set_index("model")
    short = taught[taught["difference_high"] < 0]["difference"]
    return [
        Claim(
            f"On chain addition, trained so gently that noise moves nothing (`pocket@2`), {len(calm) - len(below)} of "
            f"{len(calm)} different rewards without labels, votes among them, end at the accuracy of the untrained "
            f"vote, as far as can be told; {listed(sorted(below.index))} end below it ({span(below['difference'])}).",
            "majority_vote" not in below.index and bool(len(below)) and bool((calm["difference_low"] <= 0).all()),
        ),
        Claim(
            f"Under `pocket@1`, where noise moves the policy too, {listed(sorted(fallen.index))} end far below it "
            f"({span(fallen['difference'])}).",
            "majority_vote" not in fallen.index and bool(fallen["difference"].max() < -0.5),
        ),
        Claim(
            f"Pushed, the vote ends far below on all {len(pushed)} priors ({span(pushed['difference'])}).",
            bool(pushed["difference_high"].max() < 0),
        ),
        Claim(
            f"On Countdown, as gently, {listed(sorted(above.index))} of {len(puzzles)} rewards without labels end "
            f"above it and {listed(sorted(under.index))} below; on {dial['model'].nunique()} other priors with a run "
            f"each, votes and trajectory entropy end at it in {int((dial['difference_high'] >= 0).sum())} of "
            f"{len(dial)} runs.",
            len(puzzles) > 0 and len(dial) > 0,
        ),
        Claim(
            f"The supervised reward ends short of what its samples allow on {len(short)} of {len(taught)} priors "
            f"({span(short)}), on the strongest nearly there.",
            len(short) >= len(taught) - 1 and taught["difference"].idxmax() == "pocket-6",
        ),
    ]


def equal_compute(records: Sequence[Record], tables: Sequence[Table]) -> list[Claim]:
    """Return which trained policies beat the untrained vote, over every run without labels that was not stopped."""
    groups = [group for found in per_protocol(records).values() for group in found if not group[0].method.uses_labels]
    frame = pd.DataFrame([control.row(group) | _cell(group) for group in groups])
    frame = frame[frame["protocol"] == "pocket@1"]
    above, below = frame[frame["last_gap_low"] > 0], frame[frame["last_gap_high"] < 0]
    (most,) = [each.frame.set_index("method") for each in tables]
    return [
        Claim(
            f"None is shown to be: of {len(frame)} pairs of a reward without labels and a prior trained under "
            "`pocket@1`, in its own form and its variants, one ends above the untrained vote "
            f"({', '.join(above['method'])} on {', '.join(above['model'])}), as chance alone would have it "
            f"({TAIL * len(frame):.1f} of {len(frame)}), {len(below)} end below it, and the others are not told from "
            "it.",
            list(above["method"]) == ["verifier"],
        ),
        Claim(
            "The vote is cut to the samples that a record holds, a small part of what training would pay for, which "
            f"favours training. With the {most['k'].max()} samples of the table below the untrained vote is at "
            f"{most['base_vote'].max():.3f} on {most['problems'].max()} problems, and majority voting ends below it "
            f"({most.loc['majority_vote', 'last_gap']:+.3f} [{most.loc['majority_vote', 'last_gap_low']:+.3f}, "
            f"{most.loc['majority_vote', 'last_gap_high']:+.3f}]).",
            bool(most.loc["majority_vote", "last_gap_high"] < 0),
        ),
    ]


def _distinct(groups: Sequence[list[Record]]) -> list[list[Record]]:
    """Return the groups of a protocol and task without those whose runs another reward without labels had before."""
    found: dict[tuple[str, bool], dict[str, list[Record]]] = {}
    for group in groups:
        found.setdefault((group[0].model.name, group[0].method.uses_labels), {})[group[0].method.id] = group
    return [group for rows in found.values() for group in different(rows).values()]


def _cell(group: Sequence[Record]) -> dict[str, str]:
    return {"protocol": group[0].protocol.id, "task": group[0].task.name}
