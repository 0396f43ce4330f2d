"""What became of a method, in one word of seven, by a rule that anybody can apply to its curve."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from urlvr_bench.records.schema import Record
from urlvr_bench.statistics.cells import Cell, Rows
from urlvr_bench.statistics.collapse import judged_steps
from urlvr_bench.statistics.intervals import Floats, Interval, difference, two_way
from urlvr_bench.statistics.metrics import scores

Word = Literal["rose and held", "rose, then fell", "undecided", "no change", "like noise", "fell", "no signal"]
OUTCOMES: tuple[Word, ...] = get_args(Word)
"""Best first; of what never had a signal nothing is known."""
LEAST = 0.02
"""A smaller change of the mean accuracy is no change, however sure it is: it is of no use to anybody."""
LARGE = 0.1
"""Where a change as large as this cannot be excluded, nobody can say that nothing changed, or that a rise held."""
NOISE = "random_reward"
RULE = (
    f"Rose, fell: from the start to the peak, from the peak to the end, the accuracy changed by {LEAST} or more, and "
    "the 95 % interval of the change (paired by problem) leaves out 0; where the seeds part into groups, each group "
    f"changed so. Undecided: the rise, or the fall after one, is not sure, and one of {LARGE} or more cannot be "
    "excluded: more seeds or problems would tell. Like noise: it neither rose nor fell, and "
    "its end cannot be told from that of the random reward. No signal: told to go on, though no step of any run gave "
    "anything to learn from. The peak is picked with the test labels."
)


@dataclass(frozen=True)
class Verdict:
    """The course of a method's mean accuracy over its runs, and what it is called."""

    word: Word
    steps: tuple[int, ...]
    """Steps that every run was judged at, or had ended before: then its last evaluation counts."""
    accuracies: tuple[float, ...]
    """Mean over runs at each."""
    peak_step: int
    """The first step with the highest mean, picked with the test labels."""

    @property
    def peak(self) -> float:
        """The highest mean accuracy."""
        return self.accuracies[self.steps.index(self.peak_step)]

    @property
    def end(self) -> float:
        """The mean accuracy at the last step."""
        return self.accuracies[-1]


def verdicts(cell: Cell, rows: Rows) -> dict[str, Verdict]:
    """Return the verdict on each method of a judged cell, by method id."""
    noise = next((records for records in rows.values() if records[0].method.name == NOISE), None)
    return {method: verdict(cell, records, None if records is noise else noise) for method, records in rows.items()}


def verdict(cell: Cell, records: Sequence[Record], noise: Sequence[Record] | None = None) -> Verdict:
    """Return the verdict on the runs of one method; `noise` are the runs of the random reward, where there are some."""
    steps = judged_steps(records, cell.judged)
    found = [_scores(cell, records, step) for step in steps]
    means = [float(each.mean()) for each in found]
    top = int(np.argmax(means))
    rise, fall = _change(found[0], found[top]), _change(found[-1], found[top])
    rose, fell = _counts(rise), _counts(fall)
    word: Word = ("rose, then fell" if fell else "rose and held") if rose else "fell" if fell else "no change"
    held_open, rise_open = not fell and _may_be_large(fall), rise.mean >= LEAST and _may_be_large(rise)
    if held_open if rose else rise_open:
        word = "undecided"
    elif not rose and not fell and noise is not None and _alike(found[-1], _scores(cell, noise, None)):
        word = "like noise"
    if all(record.without_signal for record in records):
        word = "no signal"
    return Verdict(word, tuple(steps), tuple(means), steps[top])


def _scores(cell: Cell, records: Sequence[Record], step: int | None) -> Floats:
    return scores(records, f"avg@{records[0].protocol.evaluation.samples}", step, cell.judged)


def _change(before_S_P: Floats, after_S_P: Floats) -> Interval:
    return two_way(after_S_P - before_S_P, bounds=(-1.0, 1.0))


def _counts(change: Interval) -> bool:
    """Whether accuracy is surely higher after than before: where the seeds part into groups, in each of them."""
    if change.parts:
        return min(part.mean for part in change.parts) >= LEAST
    return change.mean >= LEAST and not change.low <= 0


def _may_be_large(change: Interval) -> bool:
    return max((part.mean for part in change.parts), default=change.high) >= LARGE


def _alike(first_S_P: Floats, second_S_P: Floats) -> bool:
    apart: Interval = difference(first_S_P, second_S_P)
    return bool(apart.low <= 0 <= apart.high)
