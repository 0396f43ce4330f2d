"""Boards: the cells of the comparison, each with the summaries of its records, every score worked out from counts."""

import itertools
import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from urlvr_bench.board.entries import Entry, Worked
from urlvr_bench.board.lede import is_tiny
from urlvr_bench.protocol import slug
from urlvr_bench.records.record import Record, short_hash
from urlvr_bench.statistics import cells, downfall, falling, summaries, verdicts
from urlvr_bench.statistics.cells import Cell, Rows
from urlvr_bench.statistics.intervals import Floats
from urlvr_bench.statistics.metrics import scores
from urlvr_bench.system.spreading import spread

FACETS = ("protocol", "model", "task", "judged")


@dataclass(frozen=True)
class Board:
    """All methods that may be compared, and the untrained model that they started from."""

    cell: Cell
    rows: Rows
    protocol: str
    """The protocol's name, with its hash where the site has several of that name."""
    model: str
    """The model's name, with the hash of its weights where the site has several of that name."""
    task: str
    """The training task's name, with its version where the site has several of that name."""
    name: str = ""
    """File name of its pages."""
    worked: Worked | None = None
    """None until `summarised`."""

    @property
    def first(self) -> Record:
        return next(iter(self.rows.values()))[0]

    @property
    def own(self) -> bool:
        """Whether the board judges on the task that it trained on."""
        return self.cell.main

    @property
    def title(self) -> str:
        judged = "" if self.own else f", judged on {self.cell.judged}"
        return f"{self.task} · {self.model} · {self.protocol}{judged}"

    @property
    def subtitle(self) -> str:
        """The size of the comparison in words."""
        asked, problems = self.first.protocol, len(self.first.problems[self.cell.judged])
        judged = f"judged on {problems} problems, {asked.evaluation.samples} samples each"
        return f"{asked.training.steps} steps; {judged}"

    @property
    def facets(self) -> dict[str, str]:
        return {"protocol": self.protocol, "model": self.model, "task": self.task, "judged": self.cell.judged}

    @property
    def metric(self) -> str:
        """The score that ranks."""
        return f"avg@{self.first.protocol.evaluation.samples}"

    @property
    def steps(self) -> int:
        return self.first.protocol.training.steps

    @cached_property
    def entries(self) -> list[Entry]:
        """The untrained model, the other references, then the methods, best first; the tied by their cost."""
        if self.worked is None:
            raise RuntimeError(f"the board {self.title} is not summarised")
        reward, fallen = self.worked.reward, {row["method"]: row for row in self.worked.collapse}
        found = [
            Entry(
                id=row["method"],
                records=tuple(self.rows.get(row["method"], ())),
                score=row,
                reward={part["quantity"]: part for part in reward if part["method"] == row["method"]},
                collapse=fallen.get(row["method"], {}),
                verdict=self.worked.verdicts.get(row["method"]),
                downfall=self.worked.downfalls.get(row["method"]),
            )
            for row in self.worked.score
        ]
        return sorted(found, key=lambda entry: (not entry.reference, not entry.tied, entry.tied and _cost(entry)))

    @cached_property
    def contenders(self) -> list[Entry]:
        """The methods that compete, best first."""
        return [entry for entry in self.entries if not entry.reference]

    @cached_property
    def references(self) -> list[Entry]:
        """What the methods are read against, the untrained model first."""
        return [entry for entry in self.entries if entry.reference]

    @cached_property
    def decided(self) -> int:
        """How many pairs of ranked methods have ranks whose intervals do not meet: how far the board separates."""
        ranks = [(entry.score["rank_low"], entry.score["rank_high"]) for entry in self.contenders if entry.ranked]
        return sum(a[1] < b[0] or b[1] < a[0] for a, b in itertools.combinations(ranks, 2))

    def end(self, entry: Entry) -> Floats:
        """Return a method's accuracy at the last step, (S, P)."""
        return scores(entry.records, self.metric, self.steps, self.cell.judged)


def boards(records: Iterable[Record]) -> list[Board]:
    """Return the boards of some records, without summaries: those judged on their own task first, the fullest first."""
    grouped = cells.cells(records)
    protocols = _labels({(cell.protocol, cell.protocol_hash) for cell in grouped})
    models = _labels({(cell.model, cell.weights_sha256[:8]) for cell in grouped})
    tasks = _labels({(cell.task, f"version {cell.task_version}") for cell in grouped})
    found = [
        Board(
            cell,
            rows,
            protocols[cell.protocol, cell.protocol_hash],
            models[cell.model, cell.weights_sha256[:8]],
            tasks[cell.task, f"version {cell.task_version}"],
        )
        for cell, rows in grouped.items()
        if cell.judged
    ]
    found.sort(key=lambda board: (not board.own, -sum(map(len, board.rows.values()))))
    return [replace(board, name=name) for board, name in zip(found, _names(found), strict=True)]


def summarised(boards: Sequence[Board]) -> list[Board]:
    """Return boards with what is worked out of them, several at a time; the first is what a visitor sees.

    Real language models come before tiny ones, a protocol's newest version before older ones, and then the boards that
    tell more methods apart.
    """
    if len(boards) > 1:
        import scipy.stats  # noqa: F401 - takes a second, which every process would spend on its own

    with spread(lambda i: _worked(boards[i]), range(len(boards)), least=2) as found:
        done = [replace(board, worked=worked) for board, worked in zip(boards, found, strict=True)]
    newest: dict[str, int] = {}
    for made in (board.first.protocol for board in done):
        newest[made.name] = max(made.version, newest.get(made.name, 0))

    def place(board: Board) -> tuple[bool, bool, bool, int]:
        made = board.first.protocol
        return (not board.own, is_tiny(board.first.model), made.version < newest[made.name], -board.decided)

    return sorted(done, key=place)


def _worked(board: Board) -> Worked:
    falls = [
        {"method": method, "seeds": len(records), **falling.falls(records)} for method, records in board.rows.items()
    ]
    tables = (summaries.pass_rows(board.cell, board.rows), summaries.reward_rows(board.cell, board.rows), falls)
    score, reward, collapse = (
        [{name: _known(value) for name, value in row.items()} for row in rows] for rows in tables
    )
    return Worked(score, reward, collapse, verdicts.verdicts(board.cell, board.rows), downfall.downfalls(board.rows))


def _cost(entry: Entry) -> float:
    """Return the training tokens of a row, to the hundredth of the supervised run's: less is noise."""
    return round(entry.score["cost"], 2) if entry.score.get("cost") else math.inf


def _labels(pairs: set[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """Return what to call each (name, mark): the name, and the mark where the name alone says too little."""
    times = Counter(name for name, _ in pairs)
    return {(name, mark): name if times[name] == 1 else f"{name} ({mark})" for name, mark in pairs}


def _names(found: Sequence[Board]) -> list[str]:
    """Return a file name for each board; those whose titles differ only in unsafe letters are told apart by a hash."""
    plain = [".".join(slug(part) for part in board.facets.values()) for board in found]
    return [
        name if plain.count(name) == 1 else f"{name}.{short_hash(board.title)}"
        for name, board in zip(plain, found, strict=True)
    ]


def _known(value: Any) -> Any:
    """Return a value as plain Python, None for what is no finite number."""
    value = value.item() if isinstance(value, np.generic) else value
    return None if isinstance(value, float) and not math.isfinite(value) else value
