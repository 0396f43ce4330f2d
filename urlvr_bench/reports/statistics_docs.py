"""Write docs/statistics.md: what is claimed of numbers, and how often the claims hold where the truth is known.

`python -m urlvr_bench.reports.statistics_docs` writes it, `--check` only says whether it is up to date.
"""

import json
import math
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tabulate import tabulate

from urlvr_bench.presentation import generated
from urlvr_bench.presentation.rendering import DASH
from urlvr_bench.records import record
from urlvr_bench.records.schema import Record
from urlvr_bench.reports.coverage import PATH
from urlvr_bench.reports.downfall_readings import section
from urlvr_bench.reports.ends_readings import PUSHED
from urlvr_bench.reports.priors_text import POCKET
from urlvr_bench.reports.simulations import PROBLEMS, SAMPLES, WOBBLE, cases
from urlvr_bench.science.claims import Claim, told
from urlvr_bench.science.redrawing import DRAWS
from urlvr_bench.statistics.collapse import DEFINITIONS, FEWEST, HEADLINE, LABELS_LOST, PAPER, WINDOW, survival
from urlvr_bench.statistics.intervals import wilson
from urlvr_bench.statistics.parting import APART
from urlvr_bench.statistics.passing import SKEW
from urlvr_bench.statistics.ranking import LISTED, RESAMPLES

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "statistics.md"
HEAD = """# What the numbers claim

Made by `make docs` from the records in `results/` and the simulations in `benchmarks/coverage.json`; do not edit it.
"""
INTERVALS = f"""## Which interval stands where

The unit of replication is the training run; all runs of a comparison answer the same problems.

- **Accuracy, gain, difference.** Two-way over seeds and problems, Satterthwaite t; a gain is paired by seed and
  problem, a difference by problem. Where few problems differ the interval takes in Wilson's.
- **Seeds that part.** Where the runs fall into two groups, at least {APART:.0%} apart and far apart for their width,
  the groups are named (`4 of 5 held at 0.994; 1 fell to 0.301`) and no interval is given: that of the mean would not
  hold. Where all runs held, the interval is of runs that hold; how many may fall unseen is what `0/5 seeds (< 43 %)`
  says.
- **pass@k.** Never below pass@1's. Near 0 or 1, where seeds differ by more than {SKEW:.0%} of their distance from it,
  a t interval does not hold; then pass@k lies between the lower end of pass@1 and k times its upper end, at most 1.
- **Collapse.** From {FEWEST} seeds on the Kaplan-Meier median with its log-log interval, open where the runs do not
  bound it; below, the steps themselves: of 2 and 3 runs the interval from the first step on holds in {1 - 0.5**2:.0%}
  and {1 - 0.5**3:.0%} (1 - 2^-S, exactly). Where none collapsed, Wilson's bound of the share. Log-rank tests, exact
  for few runs, against the random line are Holm-adjusted over the methods of a table, on the compare page over the
  pairs of a board.
- **Ranks.** {RESAMPLES:,} joint redraws of the problems and of S - 1 of S seeds; from {LISTED} seeds on. `=` and an
  interval that holds 1 are one statement: told from the leader is a method only where the resampled rank and a paired
  test (Holm) both say so. Methods with equal runs in every seed are one result and ranked once.
- **One seed.** Intervals over problems alone, which say nothing about another training run.
- **Correlations over models or runs of a ladder.** None: its rungs are checkpoints of one pre-training run.
- **Numbers over the priors of the dial and over kinds** (studies `alignment` and `kinds`). Percentiles of {DRAWS:,}
  redraws of the priors, seeds as they are; for `kinds` also of whole pre-trainings with all their checkpoints. All
  positions of the dial come from `pocket-6`, so its intervals speak of other positions and builds, not of other models.
"""
QUESTIONS = {
    "mean": (
        "Mean accuracy",
        "Problems are mixed (hard to easy) or even (all at 0.8); seeds differ by a standard deviation on the logit.",
    ),
    "parts": (
        "A share of the runs falls",
        "Runs hold at 0.99 or fall to 0.30. A t interval of the mean over all runs is not what is shown: that is the "
        "interval of runs that all held, and the share that falls.",
    ),
    "gain": ("Gain over step 0", "From 0.6 to the same, to the ceiling or to the floor."),
    "pass": ("pass@k", "`t`: the two-way interval that is not shown where seeds are skewed."),
    "median": ("Median collapse step", "Steps are log-normal around 100."),
    "rank": (
        "Rank",
        "The third of five methods, by redraws of S and of S - 1 seeds and as shown; and how often the best one is "
        "marked `=`.",
    ),
    "log-rank": ("Many log-rank tests", "How often no test out of 20 is significant where nothing differs."),
    "correlation": (
        "Correlation over six models",
        "The bootstrap that is not shown, for models that are independent; checkpoints of one run are not even that.",
    ),
}


def page(known: Sequence[Record], found: Mapping[str, Any]) -> str:
    """Return the page over some records and simulations."""
    return "\n".join([HEAD, _collapse(known), section(known), INTERVALS, _simulated(found), POCKET])


def _collapse(known: Sequence[Record]) -> str:
    """Return which definition of collapse is the headline one, and why."""
    probe = [one for one in known if one.protocol_id == PUSHED and one.method.id == "majority_vote"]
    when = {one: survival([one.step(run) for run in probe], [run.last_step for run in probe]) for one in DEFINITIONS}
    medians = {one: f"{found.median:.0f}" if found.median else DASH for one, found in when.items()}
    order = [found.median or math.inf for found in when.values()]
    asked = probe[0].protocol.training
    rollouts = WINDOW * asked.prompts_per_step * asked.group_size
    labels = WINDOW * asked.prompts_per_step
    fallen = {one: found.collapsed for one, found in when.items()}
    why = told(
        [
            Claim(
                f"Over the {len(probe)} votes of `{PUSHED}` its median is {medians[HEADLINE]}, that of "
                f"{LABELS_LOST.name} {medians[LABELS_LOST]} and that of {PAPER.name} {medians[PAPER]}; "
                f"{fallen[HEADLINE]}, {fallen[LABELS_LOST]} and {fallen[PAPER]} of them get there.",
                order == sorted(order) and fallen[HEADLINE] >= max(fallen[LABELS_LOST], fallen[PAPER]),
            )
        ]
    )
    return f"""## What `collapse step` means

**The first step with {HEADLINE.name}**, on the board, in tables, figures and pages alike.
The others, {LABELS_LOST.name} and {PAPER.name}, stand in columns of these names.

- It reads what was wanted, not what was paid, so it is one thing for every reward and every reference. Reward
  accuracy is defined for rewards of 0 and 1 only; the label of a real-valued reward is the answer that it happens to
  pay most.
- It is finer than its line. Under `{PUSHED}` {WINDOW} steps are {rollouts} rollouts, each {1 / rollouts:.2%};
  they are {labels} labels, each {1 / labels:.2%}, so that label accuracy below 1 % means not one right label, and one
  lucky label postpones it.
- It says when a policy is lost, not when the last trace of the loss is gone. {why}

Against it: the line is absolute. A weak prior is nearer to it, so steps order priors partly by where they start, and
a run that starts below the line cannot fall below it: its step is not defined. And it is not the paper's definition,
which is always given beside it where it is defined.

`0/5 seeds (< 43 %)`: none of five runs collapsed, and were {wilson(0, 5)[1]:.0%} of all such runs to collapse, five
might still show none (upper end of Wilson's 95 % interval).
"""


def _simulated(found: Mapping[str, Any]) -> str:
    """Return a table per question: how often each interval holds the truth, by setting and number of seeds."""
    parts = [
        "## How often they hold\n\n"
        f"Simulated where the truth is known, {PROBLEMS} problems and {SAMPLES} samples, each seed with its own way "
        f"with each problem ({WOBBLE} on the logit). Each entry: the share of data sets in which a nominal 95 % "
        "interval holds the truth, among those in which it is given (in brackets, where that is not always). "
        "`make coverage-study` simulates what is missing, at most some five minutes on one core; "
        "`python -m urlvr_bench.reports.coverage --quick` repeats the first draws of every case and fails where they "
        "change.",
        f"They fall short where seeds differ much and few are drawn. {_short(found)}",
    ]
    for question, (title, about) in QUESTIONS.items():
        parts.append(f"### {title}\n\n{about}\n\n{_table(question, found)}")
    low, high = wilson(0, 5)
    return "\n\n".join(parts) + f"\n\nWilson's interval of no fall in 5 runs is [{low:.0%}, {high:.0%}].\n"


def _short(found: Mapping[str, Any]) -> str:
    """Return the settings with at least 3 seeds in which what is shown holds in less than 90 %."""
    rows: dict[str, list[str]] = {}
    for case in (case for case in cases() if case.seeds >= LISTED and "shown" in found[case.key]["counts"]):
        held, given = found[case.key]["counts"]["shown"]
        if given > 0.05 * found[case.key]["draws"] and held < 0.9 * given:
            share = f"{held / given:.0%} with {case.seeds}"
            rows.setdefault(f"{QUESTIONS[case.question][0].lower()}, {case.setting}", []).append(share)
    told = "; ".join(f"{setting} ({', '.join(shares)})" for setting, shares in rows.items())
    return f"Below 90 % with {LISTED} seeds or more: {told or 'none'}."


def _table(question: str, found: Mapping[str, Any]) -> str:
    rows: dict[str, dict[str, str]] = {}
    draws = worst = 0.0
    for case in (case for case in cases() if case.question == question):
        held = found[case.key]
        draws = held["draws"]
        row = rows.setdefault(case.setting, {"": case.setting})
        for name, (times, given) in held["counts"].items():
            unit = "models" if question == "correlation" else "seeds"
            row[f"{case.seeds} {unit}" if name == "shown" else f"{case.seeds} {unit}, {name}"] = _share(
                times, given, held["draws"]
            )
            if given > 50:
                share = times / given
                worst = max(worst, math.sqrt(share * (1 - share) / given))
    grid = tabulate(list(rows.values()), headers="keys", tablefmt="pipe", disable_numparse=True)
    return f"{grid}\n\n{draws:,.0f} data sets an entry, standard error at most {100 * worst:.1f} points."


def _share(held: int, given: int, draws: int) -> str:
    if given < 0.05 * draws:
        return DASH
    return f"{held / given:.0%}" + ("" if given > 0.995 * draws else f" ({given / draws:.0%})")


def main(arguments: list[str]) -> int:
    """Write the page, or with `--check` return 1 if it is out of date."""
    return generated.keep({PAGE: page(record.read_all([ROOT / "results"]), json.loads(PATH.read_text()))}, arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
