"""What a check finds, and what it finds in records beside each other: runs told twice, copied seeds, other prompts."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from urlvr_bench.records import record
from urlvr_bench.records.schema import Record

REDO = "make the run again with `urlvr-bench run`, or delete the file"
Remark = tuple[str, str] | tuple[str, str, Literal["error", "warning"]]
"""Problem, fix and, where it is not an error, the level."""


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong with one file, and what to do about it; warnings do not keep a record off the board."""

    path: Path
    problem: str
    fix: str
    level: Literal["error", "warning"] = "error"

    def __str__(self) -> str:
        return f"{self.path}: {self.level}: {self.problem}; {self.fix}"


def failed(findings: Iterable[Finding]) -> bool:
    """Whether any of the findings is an error."""
    return any(finding.level == "error" for finding in findings)


@dataclass(frozen=True)
class Facts:
    """What is kept of a record to compare it with the others."""

    file: Path
    run: Path
    content: str
    curves: str
    cell: tuple[str, ...]
    method: str
    seed: int
    prompts: str
    tested: bool | None
    """Whether labels were permuted and nothing moved; None where labels are used."""


def facts_of(file: Path, one: Record) -> Facts:
    """Return what is kept of a record to compare it with the others."""
    curves = (one.steps.proxy_reward, one.steps.entropy, one.steps.grad_norm, one.steps.length)
    cell = (one.protocol_id, one.protocol_hash, one.model.name, one.model.weights_sha256, one.task.name)
    return Facts(
        file,
        one.path,
        record.short_hash(file.read_bytes()),
        record.short_hash(repr(curves)),
        cell,
        one.method.id,
        one.seed,
        one.task.prompts_sha256,
        None if one.method.uses_labels else bool(one.method.paid_twice),
    )


def _grouped(facts: Sequence[Facts], key: Callable[[Facts], object]) -> list[list[Facts]]:
    """Return the groups of two or more that share a key."""
    groups: dict[object, list[Facts]] = defaultdict(list)
    for one in facts:
        groups[key(one)].append(one)
    return [group for group in groups.values() if len(group) > 1]


def _one_record_per_run(facts: Sequence[Facts]) -> Iterator[Finding]:
    for first, *others in _grouped(facts, lambda one: (one.cell, one.method, one.seed)):
        for other in others:
            same = other.content == first.content
            what = "a copy of" if same else "another record of the same run as"
            level: Literal["error", "warning"] = "warning" if same else "error"
            yield Finding(other.file, f"{what} {first.file}", "keep one of them", level)


def _seeds_differ(facts: Sequence[Facts]) -> Iterator[Finding]:
    for first, *others in _grouped(facts, lambda one: (one.cell, one.method, one.curves)):
        for other in others:
            if other.seed != first.seed:
                problem = f"seed {other.seed} has the very numbers of seed {first.seed} in {first.file}"
                yield Finding(other.file, problem, REDO)


def _prompts_agree(facts: Sequence[Facts]) -> Iterator[Finding]:
    for first, *others in _grouped(facts, lambda one: (one.cell, one.seed)):
        for other in others:
            if other.prompts != first.prompts:
                problem = f"saw other training prompts than {first.file}, so the two do not compare"
                yield Finding(other.file, problem, "make both runs with one version of the code")


COMPARISONS: tuple[Callable[[Sequence[Facts]], Iterable[Finding]], ...] = (
    _one_record_per_run,
    _seeds_differ,
    _prompts_agree,
)
