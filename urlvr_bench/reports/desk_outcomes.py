"""What the rewards did to a real language model, at a high and a low rate, and whether the pocket lab says the same."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

from tabulate import tabulate

from urlvr_bench import protocol
from urlvr_bench.presentation.rendering import DASH
from urlvr_bench.records.schema import Record
from urlvr_bench.reports.gentle_readings import real
from urlvr_bench.reports.readme import DESK, DESK_GENTLE, filled, is_own, repeated, sureness
from urlvr_bench.reports.summary import Summary, summaries
from urlvr_bench.science.claims import ends, listed, span, starts, told
from urlvr_bench.statistics.collapse import WINDOW, RiseAndFall, eval_curve, rise_and_fall, smooth
from urlvr_bench.statistics.downfall import COLUMN
from urlvr_bench.statistics.metrics import accuracy, evaluation_at
from urlvr_bench.statistics.stopped import picked_step
from urlvr_bench.statistics.verdicts import NOISE
from urlvr_bench.stopping.known import RECOMMENDED, load

GENTLE = ("desk@1", DESK_GENTLE)
PRESSED, CALM = "pocket@1", "pocket@2"
"""The protocols of the pocket lab that are like them."""
LOST = 0.1


def pressed(summary: Summary, runs: dict[str, list[Record]]) -> Iterator[str]:
    """Tell what the rewards did at a rate at which noise destroys, and what stopping would have kept."""
    yield "## What rises, what falls"
    yield _table(summary, runs)
    yield filled(
        f"Accuracy on {summary.compared.rpartition('accuracy: ')[2]}, the end with its 95 % interval; the peak is "
        f"picked with the test labels. Reward: what was paid, {WINDOW}-step means of training; best: where each run's "
        "train accuracy was highest. [statistics.md](statistics.md) has the rules behind the words."
    )
    yield filled(_stopped([runs[line.method] for line in summary.lines if line.role == "contender"]))
    blind = [one for line in summary.lines if line.role == "contender" for one in runs[line.method]]
    yield filled(_losses(blind, runs.get(NOISE, [])))


def _table(summary: Summary, runs: dict[str, list[Record]]) -> str:
    return _grid(
        [
            {
                "method": line.method,
                "seeds": line.seeds,
                "start": f"{line.verdict.accuracies[0]:.2f}",
                "peak (step)": f"{line.verdict.peak:.2f} ({line.verdict.peak_step})",
                "end": f"{line.verdict.end:.2f} {sureness([runs[line.method]])}{'*' * (line.seeds == 1)}",
                "ends, by seed": span(ends(runs[line.method])),
                "verdict": line.outcome,
                COLUMN: str(line.fell or DASH),
                "collapsed": line.collapsed,
                "reward: start → best → end": _proxy(runs[line.method]),
            }
            for line in summary.lines
        ]
    )


def gently(known: Sequence[Record]) -> Iterator[str]:
    """Tell what they did at a low rate, if somebody trained so: the protocol's own model first, then others."""
    for name in GENTLE:
        runs = sorted((one for one in known if one.protocol_id == name), key=_place)
        for _, own in groupby(runs, _place):
            yield from _gentle(list(own))


def _place(one: Record) -> tuple[bool, str]:
    return not is_own(one), one.model.name


def _gentle(own: Sequence[Record]) -> Iterator[str]:
    """Tell of the runs of one protocol and model."""
    (summary,) = summaries(own)
    runs = {line.method: [one for one in own if one.method.id == line.method] for line in summary.lines}
    training, model, name = own[0].protocol.training, own[0].model, own[0].protocol_id
    rate = (
        f"learning rate {training.learning_rate:g}, {training.steps} steps of {training.rows} rollouts, in "
        f"{training.precision} on every processor."
    )
    by = f"[`{name}`](../urlvr_bench/protocols/{protocol.published(name).name})"
    if is_own(own[0]):
        yield f"## At a low rate: {name}"
        yield filled(f"Protocol {by}: {rate} {protocol.load(name).description} {told(real(own))}")
    else:
        yield f"## Another model at that rate: {model.name}"
        yield filled(f"Protocol {by} trains {model.name} ({model.parameters:,} parameters): {rate} {told(real(own))}")
        yield f"![Reward and accuracy of {model.name} in training](figures/desk-{model.name}.png)"
    yield _table(summary, runs)
    if any(line.seeds == 1 for line in summary.lines):
        yield "A star marks one seed: its interval is over problems alone and says nothing about another training run."


def _stopped(blind: Sequence[Sequence[Record]]) -> str:
    """Return what the recommended stopping rule would have kept of methods that read no label."""
    told = []
    for records in blind:
        steps = [picked_step(one, load(RECOMMENDED), task=one.judged) for one in records]
        kept = [accuracy(evaluation_at(one, step)) for one, step in zip(records, steps, strict=True)]
        where = f"at step{'s' if len(set(steps)) > 1 else ''} {span(steps, 'd')}"
        told.append(f"`{records[0].method.id}` at {_mean(kept):.2f} ({where}) in place of {_mean(ends(records)):.2f}")
    return (
        f"The stopping rule that [stopping.md](stopping.md) recommends, `{RECOMMENDED}`, reads no label and was chosen "
        f"on the pocket lab alone; here it would have kept {listed(told)}."
    )


def _losses(blind: Sequence[Record], noise: Sequence[Record]) -> str:
    """Return in how many runs without labels the best evaluation was lost again, and what was paid meanwhile."""
    lost = [one for one in blind if _course(one).peak - _course(one).final >= LOST]
    paid = sum(begun < ended for begun, _, ended in map(_paid, lost))
    alone = f" Noise alone loses {_mean(starts(noise)) - _mean(ends(noise)):.2f} here." if noise else ""
    return (
        f"In {len(lost)} of {len(blind)} runs without labels the last evaluation is {LOST} or more below the run's "
        f"best; in {paid} of these {len(lost)} the reward ended higher than it began.{alone}"
    )


def _course(one: Record) -> RiseAndFall:
    return rise_and_fall(*eval_curve(one))


def _proxy(records: Sequence[Record]) -> str:
    """Return what the runs paid when they began, when they were best and when they ended, means over runs."""
    return " → ".join(f"{_mean(paid):.2f}" for paid in zip(*map(_paid, records), strict=True))


def _paid(one: Record) -> tuple[float, float, float]:
    proxy, accuracy_T = (smooth(series, WINDOW) for series in (one.steps.proxy_reward, one.steps.train_accuracy))
    return float(proxy[0]), float(proxy[int(accuracy_T.argmax())]), float(proxy[-1])


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def beside_the_pocket(summary: Summary, known: Sequence[Record]) -> Iterator[str]:
    """Compare the words for each method with those of the pocket lab's reference runs, pressed as hard and calm."""
    here = {line.method: line.outcome for line in summary.lines}
    pressed, calm = _outcomes_under(PRESSED, known), _outcomes_under(CALM, known)
    both = [name for name in here if name in pressed]
    if not both:
        return
    yield "## Beside the pocket lab"
    soft = _outcomes_under(DESK_GENTLE, known)
    columns = {DESK: here} | ({DESK_GENTLE: soft} if soft else {}) | {PRESSED: pressed, CALM: calm}
    yield _grid([{"method": name, **{title: of.get(name, DASH) for title, of in columns.items()}} for name in both])
    same = [name for name in both if here[name] == pressed[name]]
    other = [name for name in both if here[name] != pressed[name]]
    yield filled(
        f"Under `{PRESSED}`, the pocket protocol whose noise destroys as it does here, the outcome is the same for "
        f"{len(same)} of {len(both)} methods ({listed(same)})"
        + (f" and another for {listed(other)}." if other else ".")
        + f" Under `{CALM}` noise moves nothing, so that what falls there falls by itself."
    )


def _outcomes_under(name: str, known: Sequence[Record]) -> dict[str, str]:
    """Return what became of each method that a protocol has enough seeds of, on its own task and model."""
    own = repeated(known, name)
    return {line.method: line.outcome for each in summaries(own) for line in each.lines} if own else {}


def _grid(rows: list[dict[str, Any]]) -> str:
    return str(tabulate(rows, headers="keys", tablefmt="pipe", disable_numparse=True))
