"""One table that fits a terminal: what every method did, in words, best outcome first."""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from urlvr_bench.errors import UsageError
from urlvr_bench.records.schema import Record
from urlvr_bench.science.claims import span
from urlvr_bench.statistics.cells import Cell, Rows, cells, different, role
from urlvr_bench.statistics.collapse import HEADLINE
from urlvr_bench.statistics.downfall import SHORT, Downfall, downfalls
from urlvr_bench.statistics.intervals import Interval, two_way
from urlvr_bench.statistics.metrics import scores
from urlvr_bench.statistics.verdicts import OUTCOMES, RULE, Verdict, verdicts

BARS = "▁▂▃▄▅▆▇█"
LINE = 12
"""Letters of a curve."""


@dataclass(frozen=True)
class Line:
    """What became of one method."""

    method: str
    role: str
    seeds: int
    verdict: Verdict
    fell: Downfall | None
    """How, by the curves of training; None where their accuracy is not known."""
    collapsed: str
    """Runs that collapsed of all, and the middle one's step."""
    tokens: float
    """Completion tokens of a run's training, mean over runs."""
    sure: Interval
    """Of the accuracy at the end, over seeds and problems; of one seed over problems alone."""

    @property
    def course(self) -> str:
        """The accuracy at the start, the peak with its step, and the end, such as `.88 > .96 (60) > .08`."""
        found = self.verdict
        start, peak, end = (f"{value:.2f}".removeprefix("0") for value in (found.accuracies[0], found.peak, found.end))
        return f"{start} > {peak} ({found.peak_step}) > {end}"

    @property
    def range(self) -> str:
        """The 95 % interval of the end, such as `[.02, .12]`; a star marks one seed, a dash what has no interval."""
        if math.isnan(self.sure.low):
            return "-"
        low, high = (f"{value:.2f}".removeprefix("0") for value in (self.sure.low, self.sure.high))
        return f"[{low}, {high}]" + "*" * (self.seeds == 1)

    @property
    def outcome(self) -> str:
        """The verdict and how the method fell, in one phrase such as `rose, hacked`."""
        word, how = self.verdict.word, self.fell.word if self.fell else "held"
        if how in ("held", "drifted like noise") or not word.endswith("fell"):
            return word + (", as noise" if word == "fell" and how == "drifted like noise" else "")
        return f"rose, {how}" if word.startswith("rose") else how

    def as_json(self) -> dict[str, Any]:
        """Return the line as plain values."""
        found = self.verdict
        return {
            "method": self.method,
            "role": self.role,
            "seeds": self.seeds,
            "verdict": found.word,
            "fell": self.fell and self.fell.word,
            "fell_runs": self.fell and self.fell.runs,
            "start": found.accuracies[0],
            "peak": found.peak,
            "peak_step": found.peak_step,
            "end": found.end,
            "end_low": _known(self.sure.low),
            "end_high": _known(self.sure.high),
            "collapsed": self.collapsed,
            "train_tokens": self.tokens,
            "steps": found.steps,
            "accuracies": found.accuracies,
        }


@dataclass(frozen=True)
class Summary:
    """The lines of one cell, best outcome first, and what was compared."""

    title: str
    compared: str
    lines: tuple[Line, ...]
    seeds: str
    """Of each method, such as `3 to 5`."""
    outcomes: dict[str, int]
    """How many rewards without labels had each; equal runs count once."""
    changed: bool = False
    """Whether settings of the protocol were changed."""


NOTES = (
    RULE,
    SHORT,
    f"Collapse step: {HEADLINE.name}; runs that collapsed of all, and the median step of those.",
    "Brackets: the 95 % interval of the end over new seeds and problems; a star marks one seed, over problems alone.",
)


def summaries(records: Sequence[Record]) -> list[Summary]:
    """Return a summary per cell that is judged; UsageError where nothing is."""
    found = [_summary(cell, rows) for cell, rows in cells(records).items() if cell.main and cell.judged]
    if not found:
        raise UsageError("no run has been judged: make runs with --eval-task NAME, or see `table --kind reward`")
    return found


def in_words(outcomes: Iterable[tuple[str, int]]) -> str:
    """Return outcomes with how many had each, such as `21 rose and held; 1 fell`."""
    return "; ".join(f"{count} {word}" for word, count in outcomes) or "references alone"


def curve(verdict: Verdict) -> str:
    """Return a curve of accuracies as a line of bars; the lowest bar is 0, the highest 1."""
    values = verdict.accuracies
    picked = [values[round(i * (len(values) - 1) / max(1, LINE - 1))] for i in range(min(LINE, len(values)))]
    return "".join(BARS[min(len(BARS) - 1, math.floor(value * len(BARS)))] for value in picked)


def _summary(cell: Cell, rows: Rows) -> Summary:
    first = next(iter(rows.values()))[0]
    found, fell = verdicts(cell, rows), downfalls(rows)
    lines = [_line(cell, records, found[method], fell[method]) for method, records in rows.items()]
    lines.sort(key=lambda line: (line.role != "contender", OUTCOMES.index(line.verdict.word), -line.verdict.end))
    free = different({line.method: rows[line.method] for line in lines if line.role == "contender"})
    asked, problems = first.protocol.evaluation, len(first.problems[cell.judged])
    judged = "" if cell.judged == cell.task else f", judged on {cell.judged}"
    what = f"{first.model.parameters:,} parameters"
    steps = span((record.last_step for records in rows.values() for record in records), "d")
    changes = ", ".join(f"{key}={value}" for key, value in first.overrides.items())
    protocol = f"{first.protocol.id} with {changes}" if changes else cell.protocol
    return Summary(
        f"{protocol} · {cell.model} · {cell.task}{judged}",
        f"{len(lines)} method{'s' if len(lines) > 1 else ''} on one model of {what}, {steps} steps; "
        f"accuracy: {problems} test problems x {asked.samples} samples, mean over seeds",
        tuple(lines),
        span(map(len, rows.values()), "d"),
        dict(Counter(line.outcome for line in lines if line.method in free)),
        bool(changes),
    )


def _known(value: float) -> float | None:
    return None if math.isnan(value) else value


def _line(cell: Cell, records: Sequence[Record], verdict: Verdict, fell: Downfall | None) -> Line:
    fallen = sorted(step for step in map(HEADLINE.step, records) if step is not None)
    known = all(map(HEADLINE.applies, records))
    collapsed = f"{len(fallen)}/{len(records)}" + (f" @{fallen[(len(fallen) - 1) // 2]}" if fallen else "")
    tokens = sum(record.provenance.train_tokens for record in records) / len(records)
    who = records[0].method
    known = known and verdict.word != "no signal"
    average = f"avg@{records[0].protocol.evaluation.samples}"
    sure = two_way(scores(records, average, verdict.steps[-1], cell.judged))
    return Line(who.id, role(who), len(records), verdict, fell, collapsed if known else "-", tokens, sure)
