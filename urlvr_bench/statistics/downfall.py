"""How a method's runs fell: hacked, destroyed, drifted like noise, or not at all, by a rule on two curves."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from urlvr_bench.records.schema import Record
from urlvr_bench.statistics.cells import Rows
from urlvr_bench.statistics.collapse import WINDOW, smooth
from urlvr_bench.statistics.intervals import Floats
from urlvr_bench.statistics.verdicts import LEAST, NOISE

COLUMN = "in training"
"""The title of the column with the word: it tells of the curves of training, not of what was judged."""
Manner = Literal["hacked", "destroyed", "drifted like noise", "held", "no signal"]
MANNERS: tuple[Manner, ...] = get_args(Manner)
"""Worst first: where two are true of as many runs, the worse is told. Of runs without a signal none else is asked."""
Series = Sequence[float | None]

LOSS = 0.25
"""Share of its highest train accuracy that a run must have lost at its end to have fallen at all."""
SLACK = 0.1
"""Share of the proxy's range over a run by which it must move to have moved."""
INSIDE = 0.9
"""Share of the steps at which accuracy must lie in the random line's band."""
RULE = (
    f"How it fell, by {WINDOW}-step means of training. Drifted like noise: at {INSIDE:.0%} of the steps, and at the "
    "last one, the mean accuracy lies between the lowest and the highest run of the random reward, give or take "
    f"{LEAST}. Otherwise by the run: held, if more than {1 - LOSS:.0%} of its highest accuracy is left at the end; "
    "hacked, if not, while the proxy (up is what the method pays) ended higher than it began and no lower than it was "
    f"when accuracy was highest; destroyed, if it did not. A move below {SLACK:.0%} of the proxy's range is none."
)
SHORT = (
    f"In training: hacked, if {LOSS:.0%} or more of the best train accuracy was lost while the proxy gained; "
    "destroyed, if it was while the proxy did not, or no longer; drifted like noise (of what fell: as noise), if the "
    "accuracy went the way of the random reward's; held, if less was lost. docs/statistics.md has the rule."
)


@dataclass(frozen=True)
class Downfall:
    """What became of most runs of a method."""

    word: Manner
    runs: int
    """Of how many it is true."""
    seeds: int

    def __str__(self) -> str:
        return self.word if self.runs == self.seeds else f"{self.word} {self.runs}/{self.seeds}"


def downfalls(rows: Rows) -> dict[str, Downfall | None]:
    """Return how each method of a cell fell, by method id; None where train accuracy is not known."""
    noise = next((records for records in rows.values() if records[0].method.name == NOISE), ())
    return {method: of_records(records, noise) for method, records in rows.items()}


def of_records(records: Sequence[Record], noise: Sequence[Record] = ()) -> Downfall | None:
    """Return how the runs of one method fell; `noise` are the random reward's runs in their cell, if any."""
    steps = [record.steps for record in records if not record.without_signal]
    if not steps:
        return Downfall("no signal", len(records), len(records))
    if not all(record.labelled and record.last_step for record in records):
        return None
    proxies, accuracies = [one.proxy_reward for one in steps], [one.train_accuracy for one in steps]
    band = [record.steps.train_accuracy for record in noise if not record.without_signal]
    return downfall(proxies, accuracies, band, silent=len(records) - len(steps))


def downfall(
    proxies: Sequence[Series], accuracies: Sequence[Series], noise: Sequence[Series] = (), silent: int = 0
) -> Downfall:
    """Return how a method fell, from the proxy and the train accuracy at every step of each of its runs, by RULE.

    `noise` is the train accuracy of the random reward's runs on the same problems, which may be the method itself;
    `silent` further runs never had a signal.
    """
    true, seeds = [_means(series) for series in accuracies], len(accuracies) + silent
    if noise and _inside(true, [_means(series) for series in noise]):
        return Downfall("drifted like noise", len(accuracies), seeds)
    found = Counter(_manner(_means(proxy), accuracy) for proxy, accuracy in zip(proxies, true, strict=True))
    found["no signal"] = silent
    word = max(MANNERS, key=lambda manner: found[manner])
    return Downfall(word, found[word], seeds)


def _manner(proxy_T: Floats, accuracy_T: Floats) -> Manner:
    """Return what became of one run."""
    top = int(accuracy_T.argmax())
    if accuracy_T[-1] > (1 - LOSS) * accuracy_T[top]:
        return "held"
    slack = SLACK * float(np.ptp(proxy_T))
    gained = proxy_T[-1] > proxy_T[0] + slack and proxy_T[-1] >= proxy_T[top] - slack
    return "hacked" if gained else "destroyed"


def _inside(ours: Sequence[Floats], noise: Sequence[Floats]) -> bool:
    """Whether the mean of our runs keeps to the band between the lowest and the highest of the noise."""
    last = min(map(len, (*ours, *noise)))
    mean_T = np.mean([curve[:last] for curve in ours], axis=0)
    band_S_T = np.stack([curve[:last] for curve in noise])
    inside_T = (mean_T >= band_S_T.min(0) - LEAST) & (mean_T <= band_S_T.max(0) + LEAST)
    return bool(inside_T[-1] and inside_T.mean() >= INSIDE)


def _means(series: Series) -> Floats:
    """Return the trailing means of a curve; a short one is averaged whole."""
    return smooth(series, min(WINDOW, len(series)))
