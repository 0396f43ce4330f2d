"""What the pages show: the boards of some records, their rows, the runs and the methods, each worked out once."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any

from jinja2 import Environment

from urlvr_bench import __version__, methods
from urlvr_bench.board import assets, registry, rows
from urlvr_bench.board.boards import Board, boards, summarised
from urlvr_bench.board.columns import Column, columns
from urlvr_bench.board.gathering import Damaged
from urlvr_bench.board.links import Links
from urlvr_bench.board.registry import Card
from urlvr_bench.board.rows import Row
from urlvr_bench.board.runs import Run
from urlvr_bench.records.attestation import Attestation
from urlvr_bench.records.excerpts import Excerpts
from urlvr_bench.records.record import Record

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'"
)
Page = tuple[str, str]
"""A path in the site and its text."""


@dataclass(frozen=True)
class Site:
    """All that the pages show."""

    records: Sequence[Record]
    damaged: Sequence[Damaged] = ()
    attested: Mapping[Path, Attestation] = field(default_factory=dict)
    samples: Mapping[Path, Excerpts] = field(default_factory=dict)
    links: Links = field(default_factory=Links)

    @cached_property
    def bare_boards(self) -> list[Board]:
        """The boards before anything is worked out."""
        return boards(self.records)

    @cached_property
    def boards(self) -> list[Board]:
        return summarised(self.bare_boards)

    @cached_property
    def columns(self) -> list[Column]:
        return columns(self.boards)

    @cached_property
    def rows(self) -> dict[str, list[Row]]:
        """The rows of each board, by its name."""
        found = {board.name: rows.rows(board, self.columns) for board in self.boards}
        return {name: [rows.verified(row, self.attested) for row in written] for name, written in found.items()}

    def everywhere(self, row: Row) -> list[Row]:
        """Return a row and those of the same runs judged on other tasks."""
        return [row, *self._judged_elsewhere[row.entry.records[0].path.parent]]

    @cached_property
    def _judged_elsewhere(self) -> dict[Path, list[Row]]:
        judged = defaultdict(list)
        elsewhere = (row for found in self.rows.values() for row in found if row.entry.records and not row.board.own)
        for row in elsewhere:
            judged[row.entry.records[0].path.parent].append(row)
        return judged

    @cached_property
    def runs(self) -> dict[Path, Run]:
        return {record.path: Run(record) for record in self.records}

    @cached_property
    def cards(self) -> dict[str, Card]:
        """All registered methods and those that only records know, by name."""
        known, seen = methods.names(), Counter(record.method.name for record in self.records)
        strangers = {r.method.name: r.method for r in self.records if r.method.name not in known}
        found = {name: registry.registered(name, seen[name]) for name in known}
        found |= {name: registry.stranger(info, seen[name]) for name, info in strangers.items()}
        return dict(sorted(found.items()))

    @cached_property
    def facts(self) -> dict[str, Any]:
        return {
            "methods": len({record.method.id for record in self.records}),
            "models": len({record.model.name for record in self.records}),
            "tasks": len({record.task.name for record in self.records}),
            "runs": len(self.records),
            "updated": max(record.provenance.finished for record in self.records)[:10],
            "version": __version__,
        }

    @cached_property
    def environment(self) -> Environment:
        return assets.environment()

    def page(self, path: str, template: str, **values: Any) -> Page:
        """Return a rendered page."""
        root = "../" * (len(PurePosixPath(path).parts) - 1)
        shared = {"root": root, "path": path, "policy": POLICY, "site": self.facts, "links": self.links}
        text = self.environment.get_template(template).render(**shared, **values)
        return path, text
