"""Write docs/desk.md: what became of a real language model, how each reward fell or held, and what it then wrote."""

import sys
from collections.abc import Sequence
from pathlib import Path

from urlvr_bench.presentation import generated
from urlvr_bench.records import record
from urlvr_bench.records.excerpts import Excerpts
from urlvr_bench.records.schema import Record
from urlvr_bench.reports.desk_baselines import FILE, JUDGED, before, judging, rows_of
from urlvr_bench.reports.desk_outcomes import beside_the_pocket, gently, pressed
from urlvr_bench.reports.desk_texts import first_texts, written
from urlvr_bench.reports.readme import DESK
from urlvr_bench.reports.summary import summaries
from urlvr_bench.science.claims import span, starts

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "desk.md"
HEAD = """# The desk lab: a real language model

Written by `make docs` from the records under [results/{protocol}](../results/{protocol}); do not edit.

Pocket models have 22,000 to 334,000 parameters and speak a language of their own. Here the same methods, by the same
commands, train **{model}**, a released language model of {parameters:,} parameters, on {train} few-shot questions
about English words (plural, past, opposite, capital, ...), and judge it on {test} that share no word with them. Nothing
tells the methods the answers, but for the references. Protocol [`{protocol}`](../urlvr_bench/protocols/{protocol}.yaml)
presses on purpose: learning rate {rate:g}, {steps} steps of {rows} rollouts. `make desk` repeats one seed of
token_entropy, majority_vote and both references on two cores.

![Reward and accuracy of {model} in training](figures/desk.png)
"""


def page(known: Sequence[Record], texts: dict[str, Excerpts], folders: Sequence[Path]) -> str:
    """Return the page; `texts` are the excerpts of the records that have some, by method.

    The folders of results hold what was measured before any training.
    """
    baselines, judged = ([row for folder in folders for row in rows_of(folder, file)] for file in (FILE, JUDGED))
    desk = [one for one in known if one.protocol_id == DESK]
    (summary,) = summaries(desk)
    runs = {line.method: [one for one in desk if one.method.id == line.method] for line in summary.lines}
    parts = [_head(desk), *pressed(summary, runs), *gently(known), *beside_the_pocket(summary, known)]
    parts += [*before(baselines), *judging(judged), *written(texts), _cost(desk)]
    return "\n\n".join(part.strip() for part in parts) + "\n"


def _head(desk: Sequence[Record]) -> str:
    first = desk[0]
    training = first.protocol.training
    judged = first.judged or first.task.name
    return HEAD.format(
        protocol=DESK,
        model=first.model.name,
        parameters=first.model.parameters,
        train=f"{training.steps * training.prompts_per_step:,}",
        test=len(first.problems[judged]),
        rate=training.learning_rate,
        steps=training.steps,
        rows=training.rows,
    )


def _cost(desk: Sequence[Record]) -> str:
    minutes = [(one.provenance.train_seconds + one.provenance.eval_seconds) / 60 for one in desk]
    begun = span(starts(desk))
    return (
        f"## What it cost\n\n{len(desk)} runs of {span(minutes, '.0f')} minutes each, two side by side on two cores "
        f"that did other work too; step 0 is judged anew in each run ({begun})."
    )


def main(arguments: list[str]) -> int:
    """Write the page, or with `--check` only say whether it is stale."""
    known = record.read_all([ROOT / "results"])
    return generated.keep({PAGE: page(known, first_texts(ROOT / "results" / DESK), [ROOT / "results"])}, arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
