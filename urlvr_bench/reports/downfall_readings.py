"""What became of the methods of the reference runs, and how they fell: sections of docs/statistics.md."""

from collections.abc import Sequence

from tabulate import tabulate

from urlvr_bench.presentation.rendering import DASH
from urlvr_bench.records.schema import Record
from urlvr_bench.statistics.cells import Cell, Rows, cells
from urlvr_bench.statistics.collapse import WINDOW
from urlvr_bench.statistics.downfall import INSIDE, LOSS, MANNERS, SLACK, downfalls
from urlvr_bench.statistics.verdicts import LARGE, LEAST

VERDICTS = f"""## What became of a method

Of three points of its mean accuracy on the test problems, start, peak and end. A change counts where it is {LEAST} or
more and its 95 % interval, paired by problem, leaves out 0; where the seeds part into groups, so that there is no
interval, each group must have changed so.

| word | rise from the start to the peak | fall from the peak to the end |
|---|---|---|
| rose and held | counts | does not count, and is surely below {LARGE} |
| rose, then fell | counts | counts |
| undecided | {LEAST} or more, not sure, and may be {LARGE} or more: more seeds or problems would tell | either |
| undecided | counts | does not count, and may be {LARGE} or more |
| fell | below {LEAST}, or not sure and surely below {LARGE} | counts |
| no change | as above | does not count |
| like noise | as above, and the end cannot be told from that of the random reward | does not count |
| no signal | no step of any run gave anything to learn from, and the run was told to go on | either |

The peak is picked with the test labels, so it is no result that somebody without them could have; and as the highest of
several evaluations it flatters both the rise to it and the fall from it. No word is adjusted for that, nor for how many
methods a table has. Where a method fell, the summary names how, by the curves of training (`rose, hacked`); that rule
is the next one.
"""
RULES = f"""## How a run fell

A reward that is hacked and a policy that training broke both end at no accuracy; what was paid tells them apart. Both
curves are {WINDOW}-step means of training. The proxy is the mean reward that the method paid, so that up is what the
method wants, whatever its unit: certainty rewards are negated entropies.

1. **Drifted like noise.** At {INSIDE:.0%} of the steps, and at the last one, the mean accuracy over the seeds lies
   between the lowest and the highest run of the random reward in the same cell, give or take {LEAST}. This is asked
   first, and of all seeds together.
2. **Held.** The run ended with more than {1 - LOSS:.0%} of its highest accuracy. A policy can hold so and still lose a
   few points on the test problems: it may be held here and `rose, then fell` in the summary.
3. **Hacked.** It did not, and the proxy ended higher than it began and no lower than it stood when accuracy was
   highest. A proxy that was saturated by then has nothing left to gain, and need not.
4. **Destroyed.** It did not, and the proxy ended no higher than it began, or lower than where accuracy was highest.

A move of the proxy below {SLACK:.0%} of its range over the run is none. From the second rule on each run has its word;
a method has that of most of its runs, of as many the worse one. What it cannot tell: a run that ends in the midst of
its fall, when the old answers are gone and the new constant one is not yet learnt, is destroyed by this rule.
"""


def section(known: Sequence[Record]) -> str:
    """Return the rules and what it says of every cell of a shipped protocol in which a method did not hold."""
    shipped = [record for record in known if not record.overrides]
    rows = [row for cell, methods in cells(shipped).items() if cell.main and (row := _row(cell, methods))]
    grid = tabulate(rows, headers="keys", tablefmt="pipe", disable_numparse=True)
    return f"{VERDICTS}\n{RULES}\nThe committed runs in which a method did not hold:\n\n{grid}\n"


def _row(cell: Cell, rows: Rows) -> dict[str, str] | None:
    found = {method: fell for method, fell in downfalls(rows).items() if fell}
    if all(fell.word in ("held", "no signal") for fell in found.values()):
        return None
    row = {"protocol · model · task": f"{cell.protocol} · {cell.model} · {cell.task}"}
    for manner in MANNERS[:-1]:
        named = [
            method if fell.runs == fell.seeds else f"{method} ({fell.runs}/{fell.seeds})"
            for method, fell in found.items()
            if fell.word == manner
        ]
        row[manner] = ", ".join(named) or DASH if manner != "held" else str(len(named))
    return row
