"""What the recommended stopping rule did, in sentences: the advice of docs/stopping.md, science.md and README.md."""

from collections.abc import Sequence

import numpy as np

from urlvr_bench.records.schema import Record
from urlvr_bench.science import stopping
from urlvr_bench.science.stopping import Outcome, Trained, applied, change, split
from urlvr_bench.statistics.intervals import Interval
from urlvr_bench.statistics.verdicts import LEAST
from urlvr_bench.stopping.known import RECOMMENDED, load

LOST = 0.1
"""From which loss on a group is told apart."""


def advice(known: Sequence[Record]) -> str:
    """Return what somebody without labels should do, and what comes of it."""
    runs, later = (stopping.runs_of(known, parts) for parts in (split().judge, split().since))
    return told(applied(load(RECOMMENDED), runs), later) if runs else ""


def told(best: Outcome, later: Sequence[Trained]) -> str:
    """Return it of what the rule did to the runs that judge, and to those that were named later."""
    rule, runs = load(RECOMMENDED), best.runs
    where = rule.about[0].lower() + rule.about[1:].rstrip(".")
    params = ", ".join(f"{name} {bound:g}" for name, bound in rule.defaults.items())
    what = f"where {where} (`{rule.name}`, {params})"
    to_last = change(best, [run.last for run in runs])
    if not to_last.low > 0:
        return f"**Train to the end: to stop {what}, the best rule where rules were chosen, gains {_by(to_last)}.**"
    said = [
        f"**Without labels, end a run {what}.** It picks checkpoints that are {compared(best)}.",
        _parted(best),
        _beside_lengths(best),
    ]
    return " ".join([*said, *_since(later)])


def compared(outcome: Outcome) -> str:
    """Return how much more accurate the picked checkpoints are than the last ones and the first."""
    to_last, to_start = (change(outcome, [getattr(run, end) for run in outcome.runs]) for end in ("last", "first"))
    if to_last.low > 0 and to_start.low > 0:
        return f"{_by(to_last)} more accurate than the last ones, and {_by(to_start)} more so than the untrained model"
    joined = "but" if (to_last.low > 0) != (to_start.low > 0) else "and"
    return f"{_beside(to_last, 'the last ones')}, {joined} {_beside(to_start, 'the untrained model')}"


def _beside(found: Interval, other: str) -> str:
    if found.low > 0:
        return f"{_by(found)} more accurate than {other}"
    return f"{'worse than' if found.high < 0 else 'no better, as far as can be told, than'} {other} ({_by(found)})"


def _parted(outcome: Outcome) -> str:
    """Return what the rule does where much is lost to the end, and where it is not."""
    first, last, picked, peak = (
        np.array(outcome.per_group(values))
        for values in (
            [run.first for run in outcome.runs],
            [run.last for run in outcome.runs],
            outcome.accuracies,
            [max(run.accuracies.values()) for run in outcome.runs],
        )
    )
    lost = peak - last >= LOST
    return (
        f"In the {lost.sum()} groups that end {LOST:g} or more below their best it stops at {picked[lost].mean():.2f}, "
        f"where they began at {first[lost].mean():.2f} and end at {last[lost].mean():.2f}; in the other "
        f"{(~lost).sum()} at {picked[~lost].mean():.2f}, where they end at {last[~lost].mean():.2f}."
    )


def _beside_lengths(best: Outcome) -> str:
    """Return how the rule compares with a fixed length: chosen as its own parameters were, and picked in hindsight."""
    rule, least = load("fixed_length"), split().least
    steps, fixed = _best_fixed_length(best.runs)
    chosen, hindsight = (change(best, one.accuracies) for one in (applied(rule, best.runs), fixed))
    ahead = "It beats" if chosen.low > 0 else "It is no better, as far as can be told, than"
    return (
        f"{ahead} the fixed length that was chosen on the same runs as its budget ({rule.defaults['steps']:g} steps: "
        f"{_by(chosen)}). Against the length that hindsight picks on these very runs ({steps:g} steps) it is "
        f"{_by(hindsight)} ahead; but of the {fixed.healthy} healthy runs that length falsely stops "
        f"{fixed.false_stops(least)}, the rule {best.false_stops(least)}."
    )


def _since(later: Sequence[Trained]) -> list[str]:
    """Return what the rule did in each kind of run that was named later."""
    said = []
    for name in dict.fromkeys(run.part for run in later):
        found = applied(load(RECOMMENDED), [run for run in later if run.part == name])
        blind = [run for run in found.runs if run.blind]
        cut = [run.group for run, early in zip(found.runs, found.early, strict=True) if run.blind and early]
        ended = len(cut)
        kind = f"Under {name} ({found.blind_groups} groups), it ends"
        fell = sum(max(run.accuracies.values()) - run.last >= LEAST for run in blind)
        if not ended:
            said.append(
                f"{kind} none of {len(blind)} runs, {fell} that end {LEAST:g} or more below their best among them."
            )
            continue
        said.append(
            f"{kind} {ended} of {len(blind)} runs, in {len(set(cut))} groups; over all groups its checkpoints are "
            f"{compared(found)}; it falsely stops "
            f"{found.false_stops(split().least)} of {found.healthy} healthy runs. To stop all at their first "
            f"evaluation would keep {_mean(found, 1):.3f}, the rule keeps {found.accuracy:.3f}."
        )
    return said


def _mean(outcome: Outcome, place: int) -> float:
    """Return the accuracy of the evaluation in a place, mean over groups."""
    return float(np.mean(outcome.per_group([list(run.accuracies.values())[place] for run in outcome.runs])))


def _best_fixed_length(runs: Sequence[Trained]) -> tuple[float, Outcome]:
    """Return the number of steps, of those tried, at which to end all of these runs, and what comes of it."""
    rule = load("fixed_length")
    tried = [(params["steps"], applied(rule, runs, params)) for params in rule.choices()]
    return max(tried, key=lambda one: one[1].accuracy)


def _by(found: Interval) -> str:
    return f"{found.mean:.3f} [{found.low:.3f}, {found.high:.3f}]"
