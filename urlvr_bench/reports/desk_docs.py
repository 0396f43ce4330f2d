"""Write docs/desk.md: what became of a real language model, how each reward fell or held, and what it then wrote."""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from tabulate import tabulate

from urlvr_bench.presentation import generated
from urlvr_bench.presentation.rendering import DASH
from urlvr_bench.records import record
from urlvr_bench.records.excerpts import Excerpts
from urlvr_bench.records.schema import Record
from urlvr_bench.reports.desk_baselines import Baseline, baselines_of, before
from urlvr_bench.reports.desk_texts import first_texts, written
from urlvr_bench.reports.readme import filled, is_own, sureness
from urlvr_bench.reports.summary import Summary, summaries
from urlvr_bench.science.claims import ends, listed, span, starts
from urlvr_bench.statistics.collapse import WINDOW, RiseAndFall, eval_curve, rise_and_fall, smooth
from urlvr_bench.statistics.downfall import COLUMN
from urlvr_bench.statistics.metrics import accuracy, evaluation_at
from urlvr_bench.statistics.stopped import picked_step
from urlvr_bench.statistics.verdicts import NOISE
from urlvr_bench.stopping.known import RECOMMENDED, load

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "desk.md"
PROTOCOL, PRESSED, CALM = "desk-press", "pocket@1", "pocket@2"
LOST = 0.1
HEAD = """# The desk lab: a real language model

Written by `make docs` from the records under [results/{protocol}](../results/{protocol}); do not edit.

The pocket lab's models have 85,000 parameters and speak a language of their own. Here the same methods, by the same
commands, train **{model}**, a released language model of {parameters:,} parameters, on {train} few-shot questions
about English words (plural, past, opposite, capital, ...), and judge it on {test} that share no word with them. Nothing
tells the methods the answers, but for the references. Protocol [`{protocol}`](../urlvr_bench/protocols/{protocol}.yaml)
presses on purpose: learning rate {rate:g}, {steps} steps of {rows} rollouts. `make desk` repeats one seed of
token_entropy, majority_vote and both references on two cores.

![Reward and accuracy of {model} in training](figures/desk.png)
"""


def page(known: Sequence[Record], texts: dict[str, Excerpts], baselines: Sequence[Baseline]) -> str:
    """Return the page; `texts` are the excerpts of the records that have some, by method."""
    desk = [one for one in known if one.protocol_id == PROTOCOL]
    (summary,) = summaries(desk)
    runs = {line.method: [one for one in desk if one.method.id == line.method] for line in summary.lines}
    parts = [_head(desk), *_outcomes(summary, runs), *_beside_the_pocket(summary, known)]
    parts += [*before(baselines), *written(texts), _cost(desk)]
    return "\n\n".join(part.strip() for part in parts) + "\n"


def _head(desk: Sequence[Record]) -> str:
    first = desk[0]
    training = first.protocol.training
    judged = first.judged or first.task.name
    return HEAD.format(
        protocol=PROTOCOL,
        model=first.model.name,
        parameters=first.model.parameters,
        train=f"{training.steps * training.prompts_per_step:,}",
        test=len(first.problems[judged]),
        rate=training.learning_rate,
        steps=training.steps,
        rows=training.rows,
    )


def _outcomes(summary: Summary, runs: dict[str, list[Record]]) -> Iterator[str]:
    yield "## What rises, what falls"
    rows = [
        {
            "method": line.method,
            "seeds": line.seeds,
            "start": f"{line.verdict.accuracies[0]:.2f}",
            "peak (step)": f"{line.verdict.peak:.2f} ({line.verdict.peak_step})",
            "end": f"{line.verdict.end:.2f} {sureness([runs[line.method]])}",
            "ends, by seed": span(ends(runs[line.method])),
            "verdict": line.outcome,
            COLUMN: str(line.fell or DASH),
            "collapsed": line.collapsed,
            "reward: start → best → end": _proxy(runs[line.method]),
        }
        for line in summary.lines
    ]
    yield _grid(rows)
    yield filled(
        f"Accuracy on {summary.compared.rpartition('accuracy: ')[2]}, the end with its 95 % interval; the peak is "
        f"picked with the test labels. Reward: what was paid, {WINDOW}-step means of training; best: where each run's "
        "train accuracy was highest. [statistics.md](statistics.md) has the rules behind the words."
    )
    yield filled(_stopped([runs[line.method] for line in summary.lines if line.role == "contender"]))
    blind = [one for line in summary.lines if line.role == "contender" for one in runs[line.method]]
    yield filled(_losses(blind, runs.get(NOISE, [])))


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


def _beside_the_pocket(summary: Summary, known: Sequence[Record]) -> Iterator[str]:
    """Compare the words for each method with those of the pocket lab's reference runs, pressed as hard and calm."""
    here = {line.method: line.outcome for line in summary.lines}
    pressed, calm = _outcomes_under(PRESSED, known), _outcomes_under(CALM, known)
    both = [name for name in here if name in pressed]
    if not both:
        return
    yield "## Beside the pocket lab"
    rows = [(name, here[name], pressed[name], calm.get(name, DASH)) for name in both]
    yield _grid([dict(zip(("method", PROTOCOL, PRESSED, CALM), row, strict=True)) for row in rows])
    same = [name for name in both if here[name] == pressed[name]]
    other = [name for name in both if here[name] != pressed[name]]
    yield filled(
        f"Under `{PRESSED}`, the pocket protocol whose noise destroys as it does here, the outcome is the same for "
        f"{len(same)} of {len(both)} methods ({listed(same)})"
        + (f" and another for {listed(other)}." if other else ".")
        + f" Under `{CALM}` noise moves nothing, so that what falls there falls by itself."
    )


def _outcomes_under(name: str, known: Sequence[Record]) -> dict[str, str]:
    """Return what became of each method under a protocol, on its own task and model."""
    own = [one for one in known if one.protocol_id == name and is_own(one)]
    return {line.method: line.outcome for each in summaries(own) for line in each.lines} if own else {}


def _cost(desk: Sequence[Record]) -> str:
    minutes = [(one.provenance.train_seconds + one.provenance.eval_seconds) / 60 for one in desk]
    begun = span(starts(desk))
    return (
        f"## What it cost\n\n{len(desk)} runs of {span(minutes, '.0f')} minutes each, two side by side on two cores "
        f"that did other work too; step 0 is judged anew in each run ({begun})."
    )


def _grid(rows: list[dict[str, Any]]) -> str:
    return str(tabulate(rows, headers="keys", tablefmt="pipe", disable_numparse=True))


def main(arguments: list[str]) -> int:
    """Write the page, or with `--check` only say whether it is stale."""
    baselines = baselines_of(ROOT / "results")
    known = record.read_all([ROOT / "results"])
    return generated.keep({PAGE: page(known, first_texts(ROOT / "results" / PROTOCOL), baselines)}, arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
