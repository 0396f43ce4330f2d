"""What the records say to each question of docs/science.md, as sentences that fail where the records change."""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from urlvr_bench.pocket.problems import GIVE_UP_SHARE
from urlvr_bench.presentation.rendering import Table
from urlvr_bench.records.schema import Record
from urlvr_bench.reports.ends_readings import PUSHED, equal_compute, sharpening
from urlvr_bench.reports.gentle_readings import moved_by_noise
from urlvr_bench.science import failure
from urlvr_bench.science.agreement import agreement
from urlvr_bench.science.claims import Claim, listed, span
from urlvr_bench.science.kinds import per_protocol
from urlvr_bench.statistics.collapse import HEADLINE
from urlvr_bench.statistics.signs import SIGNS

Frames = Sequence[pd.DataFrame]


def indicators(records: Sequence[Record], tables: Sequence[Table]) -> list[Claim]:
    """Return what orders the priors: `tables` are, per probe, its models and their correlations."""
    models, told = [each.frame for each in tables[::2]], [each.frame.set_index("indicator") for each in tables[1::2]]
    orders = [frame["mcs_median"].corr(frame["base"], method="spearman") for frame in models]
    gains = [frame[frame["outcome"] == "supervised gain"]["spearman"] for frame in told]
    others = [frame[frame["outcome"] != "supervised gain"]["spearman"] for frame in told]
    steps = [rho for rhos in others for name, rho in rhos.items() if name == f"step of: {HEADLINE.name}"]
    starts = [rho for rhos in others for name, rho in rhos.items() if name == "accuracy at step 0"]
    best = [frame["gain"].idxmax() for frame in models]
    savings = {
        each.title.split()[1]: each.frame["supervised_tokens"] / each.frame["probe_tokens"] for each in tables[::2]
    }
    return [
        Claim(
            "The median steps order the rungs as their accuracy at step 0 does, and so they order where supervised "
            f"training ends and what share of the headroom it closes (rank correlations {span(steps)}).",
            all(rho > 0.999 for rho in orders) and min(steps) > 0.9,
        ),
        Claim(
            f"So does the accuracy at step 0 itself ({span(starts)}), which needs no training at all: the step adds "
            "nothing that these records could show.",
            min(starts) > 0.999,
        ),
        Claim(
            "The gain is largest for priors in the middle, and no indicator foretells it (rank correlations "
            f"{span(rho for rhos in gains for rho in rhos)}). In the paper, whose models leave headroom at every rung, "
            "the step orders the gains.",
            all(0 < row < len(frame) - 1 for row, frame in zip(best, models, strict=True))
            and all(abs(rho) < 0.5 for rhos in gains for rho in rhos),
        ),
        Claim(
            "Six checkpoints of one pre-training run are one observation of a family, not six of models.",
            all(len(frame) == 6 for frame in models),
        ),
        Claim(
            "`pocket-mcs`, which ends at the collapse, is the cheaper probe: supervised training takes "
            f"{span(savings['pocket-mcs'], '.0f')} times its tokens, and {span(savings[PUSHED], '.1f')} times "
            f"those of `{PUSHED}`.",
            savings["pocket-mcs"].min() > savings[PUSHED].max() * 0.9,
        ),
    ]


def sensitivity(records: Sequence[Record], tables: Sequence[Table]) -> list[Claim]:
    """Return how far the line of collapse decides the order of the priors and the step."""
    (frame,) = [each.frame for each in tables]
    orders = frame.filter(like="_order").to_numpy().ravel()
    medians = {name: part.filter(like="_median").to_numpy().ravel() for name, part in frame.groupby("column")}
    paper, others = medians.pop("reward_accuracy"), np.concatenate(list(medians.values()))
    return [
        Claim(
            f"Little for the order of these priors: over all curves, windows and thresholds the rank correlation with "
            f"the accuracy at step 0 lies between {orders.min():.2f} and {orders.max():.2f}, over {len(records)} runs "
            "that are seeds of six checkpoints of one model.",
            bool(orders.min() > 0.8),
        ),
        Claim(
            "Much for the step: reward accuracy, which the paper reads without smoothing, crosses the lines at medians "
            f"of {span(paper, '.0f')}, label and train accuracy at {span(others, '.0f')}.",
            bool(np.nanmin(paper) > np.nanmax(others)),
        ),
    ]


def agreement_(records: Sequence[Record], tables: Sequence[Table]) -> list[Claim]:
    """Return whether a label-free sign foretells the headline collapse, over every protocol and task."""
    answers, vote, entropy = SIGNS[1].name, SIGNS[0].name, SIGNS[2].name
    frames = [agreement(_flat(groups)) for groups in per_protocol(records).values()]
    ours = [frame[frame["collapse"] == HEADLINE.name].set_index("sign") for frame in frames]
    hard, gentle = (agreement([r for r in records if r.protocol.id == name]) for name in (PUSHED, "pocket@1"))
    hard, gentle = (frame[frame["collapse"] == HEADLINE.name].set_index("sign") for frame in (hard, gentle))
    alarms, healthy = (
        sum(int(frame.loc[answers, name]) for frame in ours) for name in ("false_alarms", "false_alarms_of")
    )
    return [
        Claim(
            "Not reliably, and not in time. Few different answers in a batch show in "
            f"{_of(hard, answers)} runs that collapse under `{PUSHED}`, but in {_of(gentle, answers)} under "
            "`pocket@1`, where some methods that fall leave more different answers than they found; and they follow "
            f"the labelled collapse by {hard.loc[answers, 'lag']:.0f} and {gentle.loc[answers, 'lag']:.0f} steps, "
            "medians of these runs.",
            bool(
                gentle.loc[answers, "detected"] < 0.5 * gentle.loc[answers, "detected_of"]
                and min(hard.loc[answers, "lag"], gentle.loc[answers, "lag"]) > 0
            ),
        ),
        Claim(
            f"The sign raised {alarms or 'no'} false alarm in {healthy} runs without collapse, but it was chosen among "
            f"{len(SIGNS)} after a look at runs of the kind of `{PUSHED}` (those of its first version).",
            alarms == 0,
        ),
        Claim(
            f"A saturated vote and a low entropy also come with success: they show in {_alarms(gentle, vote)} and "
            f"{_alarms(gentle, entropy)} of the runs of `pocket@1` that do not collapse.",
            bool(gentle.loc[[vote, entropy], "false_alarms"].min() > 0.4 * gentle.loc[vote, "false_alarms_of"]),
        ),
    ]


SHARED = "pocket-6"
"""The prior that is trained both gently and hard."""


def failures(records: Sequence[Record], tables: Sequence[Table]) -> list[Claim]:
    """Return in which ways runs failed, over every protocol."""
    runs = {name: [r for r in records if r.protocol.id == name] for name in ("pocket@1", PUSHED)}
    modes = {name: [failure.mode(r) for r in found] for name, found in runs.items()}
    counts = {name: {mode: found.count(mode) for mode in failure.MODES} for name, found in modes.items()}
    failed = {name: len(found) - counts[name]["none"] for name, found in modes.items()}
    shared = {name: [failure.mode(r) for r in found if r.model.name == SHARED] for name, found in runs.items()}
    there = len(shared["pocket@1"]) - shared["pocket@1"].count("none")
    frame = pd.concat([each.frame for each in tables])
    fell = frame[(frame["mode none"] == 0)].set_index("method")
    lengths = (fell["length_last"] / fell["length_first"] - 1).drop("next_token")
    answers = (fell["batch_answers_last"] - fell["batch_answers_first"]).groupby(level=0).max()
    fewer, more = ["covo", "probability_disparity"], ["self_certainty", "token_entropy"]
    return [
        Claim(
            f"Under `pocket@1` all {failed['pocket@1']} runs that fail ({there} of them of {SHARED}) do so gradually, "
            f"without any of the named forms; under `{PUSHED}`, where the vote is pushed on six priors, "
            f"{counts[PUSHED]['constant answer']} of {failed[PUSHED]} end in a constant answer, of "
            f"those on {SHARED} {shared[PUSHED].count('constant answer')} of {len(shared[PUSHED])} "
            f"({GIVE_UP_SHARE:.0%} of these priors' pre-training texts answer `#0` at once, so that one lay ready).",
            counts["pocket@1"]["gradual"] == failed["pocket@1"]
            and counts[PUSHED]["constant answer"] > 0.5 * failed[PUSHED],
        ),
        Claim(
            "No run fails by repetition or by half its length, as policies of the paper do; on chain addition the "
            f"length of methods that fail changes by {lengths.min():+.0%} ({lengths.idxmin()}) to {lengths.max():+.0%} "
            f"({lengths.idxmax()}).",
            not any(found["repetition"] or found["length"] for found in counts.values()),
        ),
        Claim(
            f"Under `pocket@1` {listed(fewer)} leave fewer different answers than they found, {listed(more)} more.",
            bool((answers[fewer] < 0).all() and (answers[more] > 0).all()),
        ),
    ]


def _flat(groups: Sequence[Sequence[Record]]) -> list[Record]:
    return [record for group in groups for record in group]


def _of(frame: pd.DataFrame, sign: str) -> str:
    return f"{frame.loc[sign, 'detected']} of {frame.loc[sign, 'detected_of']}"


def _alarms(frame: pd.DataFrame, sign: str) -> str:
    return f"{frame.loc[sign, 'false_alarms']} of {frame.loc[sign, 'false_alarms_of']}"


READINGS: dict[str, Callable[[Sequence[Record], Sequence[Table]], list[Claim]]] = {
    "calm": moved_by_noise,
    "indicators": indicators,
    "sensitivity": sensitivity,
    "agreement": agreement_,
    "failure": failures,
    "sharpening": sharpening,
    "control": equal_compute,
}
"""By kind of table: the sentences over all records that bear on the question, and the tables that are shown."""
