"""A row of a board: a method's records, what was worked out of them, and what its runs came to."""

from dataclasses import dataclass
from functools import cache
from typing import Any

from urlvr_bench import methods
from urlvr_bench.records.record import Record
from urlvr_bench.statistics.downfall import Downfall
from urlvr_bench.statistics.verdicts import Verdict

Numbers = dict[str, Any]
"""A row of a summary; None where a number is not known."""


@dataclass(frozen=True)
class Worked:
    """What is worked out of a board's records, method by method."""

    score: list[Numbers]
    reward: list[Numbers]
    """By quantity, the training rewards' summary."""
    collapse: list[Numbers]
    verdicts: dict[str, Verdict]
    downfalls: dict[str, Downfall | None]


@dataclass(frozen=True)
class Entry:
    """One row: a method's records on a board with their summaries, or, without records, the untrained model."""

    id: str
    records: tuple[Record, ...]
    score: Numbers
    reward: dict[str, Numbers]
    """By quantity, the training rewards' summary."""
    collapse: Numbers
    verdict: Verdict | None = None
    """What became of its mean accuracy; None of the untrained model."""
    downfall: Downfall | None = None
    """How its runs fell; None where train accuracy is not known."""

    @property
    def reference(self) -> bool:
        """Whether the row frames the others and is pinned."""
        return str(self.score["role"]) != "contender"

    @property
    def ranked(self) -> bool:
        return self.score["rank"] is not None

    @property
    def tied(self) -> bool:
        """Whether the row cannot be told from the leader."""
        return bool(self.score["tied_with_leader"])

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


@cache
def _source(name: str) -> str:
    """Return the hash of a registered method's source, nothing for a stranger."""
    return methods.source_hash(name) if name in methods.names() else ""
