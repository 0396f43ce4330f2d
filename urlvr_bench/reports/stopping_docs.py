"""The page docs/stopping.md: when to stop without labels, judged on the committed records.

`python -m urlvr_bench.reports.stopping_docs` writes it and its figure, `--check` fails where it is stale.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from urlvr_bench.presentation import generated
from urlvr_bench.presentation.drawing import save, style
from urlvr_bench.presentation.rendering import DASH, Row, Table, number, rendered
from urlvr_bench.records import record
from urlvr_bench.records.schema import Record
from urlvr_bench.reports.stopping_figure import figure
from urlvr_bench.reports.stopping_told import told
from urlvr_bench.science import stopping
from urlvr_bench.science.stopping import Outcome, Trained, applied, change, over_groups, split
from urlvr_bench.statistics.intervals import wilson
from urlvr_bench.statistics.summaries import spread
from urlvr_bench.stopping.known import RECOMMENDED, load, names
from urlvr_bench.stopping.rule import StopRule

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "stopping.md"
HEAD = """# When to stop without labels

Written by `make docs` from the records in `results/`; do not edit."""
TAIL = """## To use one, to add one

`urlvr-bench run --stop-rule {rule}` ends each run where the rule says so and keeps that step's weights; the record
names the rule with its parameters, and `urlvr-bench check` holds the run to it. `urlvr-bench list stop-rules` has all
rules with their columns and sources. Tables and board tell of every finished run what the recommended rule would have
picked (`stopped`), beside its last step (`final`) and the `peak (oracle-picked)`.

A rule is one function in `urlvr_bench/stopping/rules.py`: columns in, at which steps to end the run out, the decorator
says which columns it is handed and which values of its parameters this page tries. Nothing that needs a label can be
among them. `pytest tests/stopping` holds every rule to its contract: any series, no future, the same answer twice.
"""


def page(known: Sequence[Record]) -> str:
    """Return the page over some records."""
    runs, later = (stopping.runs_of(known, parts) for parts in (split().judge, split().since))
    outcomes = [(rule, applied(rule, runs)) for rule in map(load, names())]
    best = next(outcome for rule, outcome in outcomes if rule.name == RECOMMENDED)
    rules = pd.DataFrame([{"rule": rule.spec()} | _row(rule, outcome) for rule, outcome in outcomes])
    sections = [
        HEAD,
        told(best, later),
        "![Where training begins, where the rule stops it, and where it ends](figures/stopping.png)",
        rendered(Table("Rules on the runs that judge", _notes(best), rules, _text), "markdown"),
        rendered(Table(f"{RECOMMENDED} by kind of run", (), by_part([*runs, *later]), _text), "markdown"),
        TAIL.format(rule=RECOMMENDED).rstrip(),
    ]
    return "\n\n".join(sections) + "\n"


def _row(rule: StopRule, outcome: Outcome) -> Row:
    """Return what a rule did, as columns."""
    runs = outcome.runs
    ends = [run.steps if end is None else end for run, end in zip(runs, outcome.ends, strict=True) if run.blind]
    row: Row = {"live": rule.live, "basis": "seeds only", "ended": float(np.mean(ends))}
    row |= spread("start", over_groups(outcome.per_group([run.first for run in runs])))
    row |= spread("stopped", over_groups(outcome.per_group(outcome.accuracies)))
    row |= spread("last", over_groups(outcome.per_group([run.last for run in runs])))
    row |= spread("peak", over_groups(outcome.per_group([max(run.accuracies.values()) for run in runs])))
    row |= spread("to_last", change(outcome, [run.last for run in runs]))
    row |= spread("to_start", change(outcome, [run.first for run in runs]))
    row |= {"false": outcome.false_stops(split().least), "halted": outcome.healthy_stopped, "healthy": outcome.healthy}
    return row


def by_part(runs: Sequence[Trained]) -> pd.DataFrame:
    """Return what the recommended rule did in each kind of run."""
    rule, rows = load(RECOMMENDED), []
    for name in dict.fromkeys(run.part for run in runs):
        own = [run for run in runs if run.part == name]
        outcome = applied(rule, own)
        rows.append({"rule": f"{name.replace('`', '')} ({outcome.blind_groups} groups)"} | _row(rule, outcome))
    return pd.DataFrame(rows)


def _text(row: Row) -> dict[str, str]:
    return {
        "": row["rule"] + ("" if row["live"] else " (needs step 0's votes: after the fact only)"),
        "mean step": f"{row['ended']:.0f}",
        "step 0": f"{row['start']:.3f}",
        "stopped": f"{row['stopped']:.3f}",
        "last step": f"{row['last']:.3f}",
        "peak (oracle-picked)": f"{row['peak']:.3f}",
        "stopped - last step": number(row, "to_last"),
        "stopped - step 0": number(row, "to_start"),
        "false stops of healthy runs": _share(row["false"], row["healthy"]),
        "healthy runs ended early": f"{row['halted']} of {row['healthy']}",
    }


def _share(count: int, total: int) -> str:
    """Return a share as `1 of 9` with Wilson's interval, where there is anything to share."""
    if not total:
        return DASH
    low, high = wilson(count, total)
    return f"{count} of {total} [{low:.2f}, {high:.2f}]"


def _notes(outcome: Outcome) -> tuple[str, ...]:
    """Return what the table rests on."""
    asked, runs = split(), outcome.runs
    groups, blind = outcome.blind_groups, sum(run.blind for run in runs)
    chosen = " and ".join(part.name for part in asked.choose)
    return (
        f"{groups} groups (method, model, task, protocol) of {blind} runs whose methods read no label; seeds are "
        "averaged, and brackets are 95 % t intervals over groups, which share tasks and models, so that they say how a "
        "further method would fare rather than a further kind of task. Methods whose runs are equal count once; noise "
        "and other baselines are among them.",
        "Stopped: accuracy (avg@n) on the test problems at the last checkpoint that was judged before the rule ended "
        "the run. The oracle's peak is picked with the test labels: nobody without them can have it.",
        f"Healthy: of all {len(runs)} runs, supervised ones too, those that held (docs/statistics.md) and ended no "
        f"worse than they began. A stop is false where it cost more than {asked.least}; brackets: Wilson.",
        f"Parameters were chosen on other runs ({chosen}): the highest accuracy with at most {asked.allowed:.0%} false "
        "stops, else the fewest false stops. The rule that was best there is the recommended one. Split and criteria: "
        "urlvr_bench/science/stopping.yaml, written before any rule was applied to a record, but for the kinds of run "
        f"that the next table alone has ({' and '.join(part.name for part in asked.since)}).",
    )


def main(arguments: list[str]) -> int:
    """Write the page, or with `--check` return 1 if it is out of date."""
    parts = split()
    folders = {
        path
        for part in (*parts.choose, *parts.judge, *parts.since)
        for path in (ROOT / "results").glob(f"{part.protocol}*")
    }
    known = record.read_all(sorted(folders))
    if not generated.checks(arguments):
        with style():
            save(
                figure(by_part(stopping.runs_of(known, (*parts.judge, *parts.since))), RECOMMENDED),
                PAGE.parent / "figures" / "stopping",
            )
    return generated.keep({PAGE: page(known)}, arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
