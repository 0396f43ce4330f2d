"""Boards: the cells of the comparison, each with the summaries of its records, every score worked out from counts."""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property
from typing import Any

import numpy as np

from urlvr_bench import methods
from urlvr_bench.protocol import slug
from urlvr_bench.records.record import Record, short_hash
from urlvr_bench.statistics import cells, falling, summaries
from urlvr_bench.statistics.cells import Cell, Rows
from urlvr_bench.statistics.intervals import Floats
from urlvr_bench.statistics.metrics import scores
from urlvr_bench.system.spreading import spread

FACETS = ("protocol", "model", "task", "judged")
Numbers = dict[str, Any]
"""A row of a summary; None where a number is not known."""


@dataclass(frozen=True)
class Entry:
    """One row: a method's records on a board with their summaries, or, without records, the untrained model."""

    id: str
    records: tuple[Record, ...]
    score: Numbers
    reward: dict[str, Numbers]
    """By quantity, the training rewards' summary."""
    collapse: Numbers

    @property
    def reference(self) -> bool:
        """Whether the row frames the others and is pinned."""
        return str(self.score["role"]) != "contender"

    @property
    def ranked(self) -> bool:
        return self.score["rank"] is not None

    @property
    def hours(self) -> float | None:
        """Device hours of all seeds together, training and evaluation."""
        sources = [record.provenance for record in self.records]
        seconds = [(source.train_seconds + source.eval_seconds) * source.processes for source in sources]
        return sum(seconds) / 3600 if seconds else None

    @property
    def device(self) -> str:
        return "CPU" if all(record.provenance.device.lower().startswith("cpu") for record in self.records) else "GPU"

    @property
    def rescored(self) -> bool:
        """Whether the registered source made the counts that all scores here are worked out from."""
        made_by = {(record.method.name, record.method.source_sha256) for record in self.records}
        return all(methods.version(name, source) == _source(name) for name, source in made_by)


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
    summaries: tuple[list[Numbers], ...] = ()
    """The rows of its tables: accuracy, rewards and collapse; empty until `summarised`."""

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
        return (
            f"{asked.training.steps} steps, {asked.training.group_size} rollouts a prompt; "
            f"judged on {problems} problems, {asked.evaluation.samples} samples each"
        )

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
        """The untrained model, the other references, then the methods, best first."""
        score, reward, collapse = self.summaries
        fallen = {row["method"]: row for row in collapse}
        return [
            Entry(
                id=row["method"],
                records=tuple(self.rows.get(row["method"], ())),
                score=row,
                reward={part["quantity"]: part for part in reward if part["method"] == row["method"]},
                collapse=fallen.get(row["method"], {}),
            )
            for row in score
        ]

    @cached_property
    def scale(self) -> tuple[float, float]:
        """Lowest and highest end of any interval of accuracy: what the bars of the table are drawn on."""
        ends = [entry.score[self.metric + end] for entry in self.entries for end in ("", "_low", "_high")]
        found = [end for end in ends if end is not None]
        low, high = min(found), max(found)
        return (low, high) if high - low > 1e-9 else (low - 0.01, high + 0.01)

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
    ]
    found.sort(key=lambda board: (not board.own, -sum(map(len, board.rows.values()))))
    return [replace(board, name=name) for board, name in zip(found, _names(found), strict=True)]


def summarised(boards: Sequence[Board]) -> list[Board]:
    """Return boards with their summaries, of which several are worked out at a time."""
    if len(boards) > 1:
        import scipy.stats  # noqa: F401 - takes a second, which every process would spend on its own

    with spread(lambda i: _summaries(boards[i]), range(len(boards)), least=2) as found:
        return [replace(board, summaries=tables) for board, tables in zip(boards, found, strict=True)]


def _summaries(board: Board) -> tuple[list[Numbers], ...]:
    falls = [
        {"method": method, "seeds": len(records), **falling.falls(records)} for method, records in board.rows.items()
    ]
    found = (summaries.pass_rows(board.cell, board.rows), summaries.reward_rows(board.cell, board.rows), falls)
    return tuple([{name: _known(value) for name, value in row.items()} for row in rows] for rows in found)


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


@cache
def _source(name: str) -> str:
    """Return the hash of a registered method's source, nothing for a stranger."""
    return methods.source_hash(name) if name in methods.names() else ""
