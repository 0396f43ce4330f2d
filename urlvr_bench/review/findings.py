"""What a check finds: one thing that is wrong, and what to do about it."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

REDO = "make the run again with `urlvr-bench run`, or delete the file"
Level = Literal["error", "warning"]
Remark = tuple[str, str] | tuple[str, str, Level]
"""Problem, fix and, where it is not an error, the level."""


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong with one file, and what to do about it; warnings do not keep a record off the board."""

    path: Path
    problem: str
    fix: str
    level: Level = "error"

    def __str__(self) -> str:
        return f"{self.path}: {self.level}: {self.problem}; {self.fix}"


def failed(findings: Iterable[Finding]) -> bool:
    """Whether any of the findings is an error."""
    return any(finding.level == "error" for finding in findings)
