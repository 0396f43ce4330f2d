"""Keep the generated part of README.md true: sentences and tables between the markers come from results/."""

import math
import sys
import textwrap
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from tabulate import tabulate

from urlvr_bench.presentation import generated
from urlvr_bench.records import record
from urlvr_bench.records.schema import Record
from urlvr_bench.reports.ends_readings import PUSHED
from urlvr_bench.reports.gentle_readings import FEWEST_SEEDS, gentle, real
from urlvr_bench.reports.summary import Line, summaries
from urlvr_bench.science.claims import (
    Claim,
    by_model,
    collapses,
    ends,
    listed,
    mean,
    median_collapse,
    span,
    starts,
    told,
)
from urlvr_bench.science.sharpening import reached
from urlvr_bench.statistics.intervals import two_way
from urlvr_bench.statistics.verdicts import NOISE

ROOT = Path(__file__).resolve().parents[2]
DESK, DESK_GENTLE, GENTLE = "desk-press", "desk@2", "pocket@2"
VOTE = "majority_vote"


def block(records: list[Record]) -> str:
    """Return the README's results: what became of a real model and of a pocket model, one table each."""
    own = {name: repeated(records, name) for name in (DESK, DESK_GENTLE, GENTLE, PUSHED)}
    parts = []
    if own[DESK]:
        parts += ["### A real language model", _about(own[DESK]), outcomes(own[DESK])]
    if own[DESK_GENTLE]:
        parts += ["### The same model, at a low rate", _about(own[DESK_GENTLE]), outcomes(own[DESK_GENTLE])]
        parts += [filled(told(real(own[DESK_GENTLE])))]
    said = told([*gentle(own[GENTLE]), *_pushed(own[PUSHED])])
    parts += ["### A pocket model", _about(own[GENTLE]), outcomes(own[GENTLE]), filled(said)]
    return "\n\n".join(parts) + "\n"


def repeated(records: Sequence[Record], name: str) -> list[Record]:
    """Return a protocol's own records of the methods that have FEWEST_SEEDS; the others are on the board alone."""
    own = [one for one in records if one.protocol_id == name and is_own(one)]
    seeds = Counter((one.method.id, one.model.name) for one in own)
    return [one for one in own if seeds[one.method.id, one.model.name] >= FEWEST_SEEDS]


def is_own(found: Record) -> bool:
    """Return whether a record is of its protocol's own task and, but for the ladder of the probe, model."""
    named = found.protocol
    return found.task.name == named.task and (found.protocol_id == PUSHED or found.model.name == named.model)


def _about(records: Sequence[Record]) -> str:
    """Return what was trained and judged, with the numbers that the table rests on."""
    first = records[0]
    training, judged = first.protocol.training, first.judged or first.task.name
    return filled(
        f"{first.model.name} ({first.model.parameters:,} parameters) under protocol `{first.protocol_id}`: "
        f"{first.last_step} steps of {training.rows} rollouts on `{first.task.name}`; accuracy on "
        f"{len(first.problems[judged])} test problems x {first.protocol.evaluation.samples} samples, "
        f"mean over seeds, the end with its 95 % interval, or, where seeds part into groups, with what they end at."
    )


def outcomes(records: Sequence[Record]) -> str:
    """Return one row per outcome: methods of equal outcome whose ends are alike share a row."""
    (summary,) = summaries(records)
    rows: dict[tuple[str, str, str], list[Line]] = {}
    for line in summary.lines:
        alike = f"{line.verdict.end:.2f}" if line.verdict.word == "rose and held" else line.method
        rows.setdefault((line.role, line.outcome, alike), []).append(line)
    runs = {line.method: [one for one in records if one.method.id == line.method] for line in summary.lines}
    grid = [_row(role, outcome, lines, runs) for (role, outcome, _), lines in rows.items()]
    return str(tabulate(grid, headers="keys", tablefmt="pipe", disable_numparse=True))


def _row(role: str, outcome: str, lines: Sequence[Line], runs: dict[str, list[Record]]) -> dict[str, str]:
    found = [line.verdict for line in lines]
    kind = "" if role == "contender" else f" ({role})"
    return {
        "method": ", ".join(f"`{line.method}`" for line in lines) + kind,
        "seeds": span([line.seeds for line in lines], "d"),
        "start": span([each.accuracies[0] for each in found]),
        "peak (step)": f"{span([each.peak for each in found])} ({span([each.peak_step for each in found], 'd')})",
        "end": f"{span([each.end for each in found])} {sureness([runs[line.method] for line in lines])}",
        "outcome": outcome,
        "collapsed": ", ".join(dict.fromkeys(line.collapsed for line in lines)),
    }


def sureness(methods: Sequence[Sequence[Record]]) -> str:
    """Return the widest of the methods' intervals; where the seeds part into groups, what they end at instead."""
    found = [two_way(reached(records, records[0].last_step)) for records in methods]
    if any(each.parts for each in found) or any(math.isnan(each.low) for each in found):
        return f"(seeds {span([end for records in methods for end in ends(records)])})"
    return f"[{min(each.low for each in found):.2f}, {max(each.high for each in found):.2f}]"


def filled(text: str) -> str:
    """Return a paragraph in lines of 120 letters, as Markdown is kept here."""
    return textwrap.fill(text, 120, break_on_hyphens=False, break_long_words=False)


def _pushed(records: Sequence[Record]) -> list[Claim]:
    """Return when the vote collapses on each prior where it is pushed hard, and when noise does."""
    votes, noise = (by_model(records, name) for name in (VOTE, NOISE))
    ladder = sorted(votes.values(), key=lambda runs: mean(runs, starts))
    medians = [median for runs in ladder if (median := median_collapse(runs)) is not None]
    count, fallen = (sum(map(len, runs)) for runs in (ladder, map(collapses, ladder)))
    told = [
        Claim(
            f"Pushed hard, majority voting collapses in {fallen} of {count} runs, in the median at step "
            f"{listed(f'{median:g}' for median in medians)} from the weakest to the strongest start.",
            fallen >= 0.9 * count and len(medians) == len(ladder) and medians == sorted(set(medians)),
        )
    ]
    if noise:
        each = listed(f"{listed(collapses(runs))} on {name}" for name, runs in noise.items())
        sooner = all(max(collapses(runs)) < min(collapses(votes[name])) for name, runs in noise.items())
        said = (
            f"Noise alone collapses there as well{', and sooner' if sooner else ''} ({each}): so high a rate destroys "
            "a policy whatever is paid."
        )
        told.append(Claim(said, all(len(collapses(runs)) == len(runs) for runs in noise.values())))
    return told


def main(arguments: list[str]) -> int:
    """Rewrite README.md, or with `--check` only say whether it is stale."""
    path = ROOT / "README.md"
    made = block(record.read_all([ROOT / "results"]))
    return generated.keep({path: generated.filled_in(path, "results", made)}, arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
