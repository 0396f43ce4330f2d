"""Problem by problem: which a run won and which it lost between its start, its best step and its end."""

from dataclasses import dataclass

from urlvr_bench.records.record import Record
from urlvr_bench.statistics import collapse
from urlvr_bench.statistics.metrics import evaluation_at

SOLVED = 0.5
"""A problem is solved where at least this share of its samples is right."""
LEVELS = 6
"""Shades, from never right to always right."""
COLUMNS = 64
"""Problems in a row of the picture."""
LISTED = 400
"""Problem ids of a kind that the page lists."""


@dataclass(frozen=True)
class Moment:
    """One step: its name, and the picture's squares as one SVG path for each shade."""

    name: str
    step: int
    solved: int
    paths: tuple[str, ...]


@dataclass(frozen=True)
class View:
    """All problems at three steps, hardest at the start last, and the ids of those that were won and lost."""

    moments: tuple[Moment, ...]
    problems: int
    columns: int
    lines: int
    kinds: tuple[tuple[str, int, tuple[str, ...]], ...]
    """What became of problems, of how many, and their ids."""


def view(record: Record) -> View | None:
    """Return the problems of a run's own evaluation; None where there is none."""
    task = record.judged
    if not task or not record.problems.get(task):
        return None
    steps, values = collapse.eval_curve(record, task)
    peak = collapse.rise_and_fall(steps, values).peak_step
    named = [("start", steps[0]), ("peak, oracle-picked", peak), ("end", steps[-1])]
    shares = {step: _shares(record, step, task) for _, step in named}
    order = sorted(range(len(shares[steps[0]])), key=lambda i: (-shares[steps[0]][i], i))
    columns = min(COLUMNS, len(order))
    moments = [
        Moment(name, step, sum(share >= SOLVED for share in shares[step]), _paths([shares[step][i] for i in order]))
        for name, step in {step: (name, step) for name, step in reversed(named)}.values()
    ]
    first, last = shares[steps[0]], shares[steps[-1]]
    kinds: dict[str, list[str]] = {"won": [], "lost": [], "kept": [], "never solved": []}
    for name, before, after in zip(record.problems[task], first, last, strict=True):
        solved = (before >= SOLVED, after >= SOLVED)
        kinds[{(False, True): "won", (True, False): "lost", (True, True): "kept"}.get(solved, "never solved")].append(
            name
        )
    listed = tuple((kind, len(names), tuple(names[:LISTED])) for kind, names in kinds.items())
    ordered = tuple(sorted(moments, key=lambda moment: moment.step))
    return View(ordered, len(order), columns, -(-len(order) // columns), listed)


def _shares(record: Record, step: int, task: str) -> list[float]:
    found = evaluation_at(record, step, task)
    return [correct / found.n for correct in found.correct]


def _paths(shares: list[float]) -> tuple[str, ...]:
    """Return, shade by shade, the squares of the problems in the picture, one unit wide."""
    paths = [""] * LEVELS
    for i, share in enumerate(shares):
        line, column = divmod(i, COLUMNS)
        paths[round(share * (LEVELS - 1))] += f"M{column} {line}h.9v.9h-.9z"
    return tuple(paths)
