"""Hold a second run against the record of the first: equal, equal but for rounding, alike, or contradicted."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, stdev
from typing import Any

from urlvr_bench.records.attestation import Verdict
from urlvr_bench.records.measured import Eval, Steps
from urlvr_bench.records.record import Provenance, Record
from urlvr_bench.review.between import FIRST

NOISE = 0.05
"""Relative difference of a number that rounding may make while the rollouts are the same; 0.007 was the most seen."""
SMALL = 1e-4
"""Below this a number is as good as nothing, and differences are taken relative to this."""
COUNTED = (*FIRST, "tokens")
"""Columns that only another rollout changes."""
FEW = 3
"""Seeds from which a cell says how much its runs differ."""
LAST = 5
"""Steps of training over whose mean the end of a run is judged."""


@dataclass(frozen=True)
class Comparison:
    """What came of it; steps count from 1, None stands for never."""

    verdict: Verdict
    steps: int
    evaluations: int
    first_difference: int | None
    first_other_rollouts: int | None
    reasons: tuple[str, ...]
    """Why, one line each."""


def compare(
    one: Record, rows: Sequence[Mapping[str, Any]], evals: Sequence[Eval], cell: Sequence[Record]
) -> Comparison:
    """Hold the steps and evaluations of a second run against a record; `cell` is all published runs of its method.

    With fewer steps than the record's, the rest of it is not looked at.
    """
    names = [name for name in Steps.model_fields if name != "step" and getattr(one.steps, name) is not None]
    steps = min(len(rows), one.last_step)
    pairs = [{name: (getattr(one.steps, name)[i], rows[i].get(name)) for name in names} for i in range(steps)]
    other = _first(pairs, lambda name, old, new: name in COUNTED and not _equal(old, new, 1e-6))
    different = _first(pairs, lambda _, old, new: old != new)
    judged = _evaluations(one, evals)
    same_until = steps if other is None else other - 1
    broken = _beyond_rounding(pairs[:same_until]) or _other_evaluation(judged, same_until, exact=different is None)
    verdict: Verdict
    if broken:
        verdict, why = "contradicted", broken
    elif different is None:
        verdict, why = "equal", ""
    elif other is None:
        verdict, why = "noise", _named(pairs, different)
    else:
        verdict, why = _in_band(one, rows[:steps], judged, cell)
        why = f"{_named(pairs, other)}; {why}"
    return Comparison(verdict, steps, len(judged), different, other, tuple(filter(None, why.split("; "))))


Pairs = Mapping[str, tuple[Any, Any]]
Judged = list[tuple[Eval, Eval]]


def _first(pairs: Sequence[Pairs], differs: Any) -> int | None:
    """Return the first step, from 1, in which a column differs."""
    found = (i for i, row in enumerate(pairs, 1) if any(differs(name, *values) for name, values in row.items()))
    return next(found, None)


def _equal(old: float | None, new: float | None, tolerance: float) -> bool:
    if old is None or new is None:
        return old is new
    return abs(old - new) <= tolerance * max(SMALL, abs(old), abs(new))


def _named(pairs: Sequence[Pairs], step: int) -> str:
    """Return what differs in a step."""
    shown = [f"{name} {old} became {new}" for name, (old, new) in pairs[step - 1].items() if old != new]
    return f"step {step}: {', '.join(shown[:3])}"


def _beyond_rounding(pairs: Sequence[Pairs]) -> str:
    """Return where a number differs by more than rounding although the rollouts are the same, empty where none does."""
    for step, row in enumerate(pairs, 1):
        for name, (old, new) in row.items():
            if not _equal(old, new, NOISE):
                return f"step {step}: {name} {old} became {new} from the same rollouts"
    return ""


def _evaluations(one: Record, evals: Sequence[Eval]) -> Judged:
    """Return the evaluations that both runs have."""
    again = {(found.step, found.task): found for found in evals}
    return [(old, again[old.step, old.task]) for old in one.evals if (old.step, old.task) in again]


def _other_evaluation(judged: Judged, same_until: int, exact: bool) -> str:
    """Return which evaluation of the same policy came out otherwise, by more than a few samples, empty if none."""
    for old, new in judged:
        if old.step > same_until or (old.correct, old.votes) == (new.correct, new.votes):
            continue
        samples = old.n * len(old.correct)
        before, now = sum(old.correct) / samples, sum(new.correct) / samples
        if exact or len(old.correct) != len(new.correct) or abs(before - now) > 4 * _sampling(before, samples):
            return f"{old.task} at step {old.step}: {before:.4f} became {now:.4f}, judged on the same policy"
    return ""


def _sampling(share: float, samples: int) -> float:
    """Return the standard error of a share of samples, never 0."""
    share = (share * samples + 1) / (samples + 2)
    return math.sqrt(share * (1 - share) / samples)


def _in_band(
    one: Record, rows: Sequence[Mapping[str, Any]], judged: Judged, cell: Sequence[Record]
) -> tuple[Verdict, str]:
    """Return whether the end of a run with other rollouts is what one more run of the cell may show, and why."""
    last, seeds = len(rows), [run for run in cell if run.last_step >= len(rows)]
    if len(seeds) < FEW:
        return "open", f"{len(seeds)} published runs of its cell do not say how much its runs differ"
    samples = one.protocol.training.rows * LAST
    if not one.labelled:
        return "open", "nobody knows the answers to its prompts, so nothing says what one more run may show"
    now = fmean(row["train_accuracy"] for row in rows[-LAST:])
    known = [fmean(run.steps.known("train_accuracy")[max(0, last - LAST) : last]) for run in seeds]
    held = [(f"train accuracy of the last {LAST} steps", now, known, samples)]
    if one.judged and judged and judged[-1][0].step == one.last_step:
        own = next(new for old, new in reversed(judged) if old.task == one.judged)
        ends = [run.evals[_last(run, own)] for run in seeds]
        shares = [sum(end.correct) / (end.n * len(end.correct)) for end in ends]
        held.append((f"accuracy at step {own.step}", sum(own.correct) / (own.n * len(own.correct)), shares, own.n))
    lines, inside = [], True
    for name, value, published, drawn in held:
        low, high = interval(published, drawn)
        inside = inside and low <= value <= high
        lines.append(f"{name} {value:.3f}, one more run of {len(published)} seeds: {low:.3f} to {high:.3f}")
    return "band" if inside else "contradicted", "; ".join(lines)


def _last(run: Record, own: Eval) -> int:
    """Return the place of a run's last evaluation of a task."""
    return max((found.step, i) for i, found in enumerate(run.evals) if found.task == own.task)[1]


def interval(published: Sequence[float], samples: int) -> tuple[float, float]:
    """Return the 95 % prediction interval of one more run: mean -+ t s sqrt(1 + 1/S), within 0 and 1.

    s is at least the error of drawing `samples` samples, so that seeds that happen to agree do not forbid a difference.
    """
    from scipy import stats  # a second to import

    seeds, mean = len(published), fmean(published)
    spread = max(stdev(published), _sampling(mean, samples)) * math.sqrt(1 + 1 / seeds)
    reach = float(stats.t.ppf(0.975, seeds - 1)) * spread
    return max(0.0, mean - reach), min(1.0, mean + reach)


def causes(old: Provenance, new: Mapping[str, Any]) -> list[str]:
    """Return what differs between where two runs were made, in lines; `new` is named as in `Provenance`."""
    found = []
    if old.git_commit != new["git_commit"]:
        found.append(f"other commit: {(old.git_commit or 'unknown')[:7]}, here {(new['git_commit'] or 'unknown')[:7]}")
    packages = {name: (old.packages.get(name), new["packages"].get(name)) for name in {*old.packages, *new["packages"]}}
    found += [f"other package: {name} {a}, here {b}" for name, (a, b) in sorted(packages.items()) if a != b]
    for name in ("device", "processor", "platform", "python", "processes"):
        before, now = getattr(old, name), new.get(name)
        if before is None and now is not None:
            found.append(f"the record does not say its {name}; here {now}")
        elif before != now and now is not None:
            found.append(f"other {name}: {before}, here {now}")
    return found
