"""What a check finds in records beside each other: runs told twice or copied, seeds left out, other starts."""

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from urlvr_bench.records import record
from urlvr_bench.records.schema import Record
from urlvr_bench.review.findings import REDO, Finding, Level

ENGINES = ("torch", "transformers")
FAR = 4.0
"""Standard errors beyond which two samples of one policy are not of one policy."""
ROUNDED: tuple[str, Level] = ("nothing: they come from machines that round otherwise", "warning")
"""What to do where the same policy drew other samples on another machine."""
FIRST = (
    "train_accuracy",
    "mixed_groups",
    "pass_at_group",
    "majority_ratio",
    "distinct_answers",
    "batch_answers",
    "unparsed",
    "truncated",
    "length",
    "repetition",
)
"""Columns of the rollouts alone, which before the first update are the same whatever is rewarded."""


@dataclass(frozen=True)
class Facts:
    """What is kept of a record to compare it with the others."""

    file: Path
    held: bool
    """Whether it is already on the board, so that nothing is said of it."""
    run: Path
    content: str
    curves: str
    timing: str
    problems: str
    cell: tuple[str, ...]
    parameters: int
    method: str
    seed: int
    prompts: str
    judging: tuple[str, ...]
    """The start, the task, and how it is judged there."""
    machine: tuple[str, ...]
    judged: str
    """Hash of what was counted at step 0."""
    right: float
    samples: int
    rollouts: str
    """Hash of what was counted at the first training step."""
    tested: bool | None
    """Whether labels were permuted and nothing moved; None where labels are used."""


def facts_of(file: Path, one: Record, content: bytes, held: bool = False) -> Facts:
    """Return what is kept of a record to compare it with the others."""
    steps, source = one.steps, one.provenance
    start = next((part for part in one.evals if part.step == 0 and part.task == one.judged), None)
    how = one.protocol.evaluation.model_dump_json(exclude={"every", "ood", "ood_along", "k", "greedy", "native"})
    samples = start.n * len(start.correct) if start else 0
    return Facts(
        file=file,
        held=held,
        run=one.path,
        content=record.short_hash(content),
        curves=_hash(steps.proxy_reward, steps.entropy, steps.grad_norm, steps.length),
        timing=_hash(one.timing),
        problems=_hash(one.problems),
        cell=(one.protocol_id, one.protocol_hash, one.model.name, one.model.weights_sha256, one.task.name),
        parameters=one.model.parameters,
        method=one.method.id,
        seed=one.seed,
        prompts=one.task.prompts_sha256,
        judging=(one.model.weights_sha256, one.task.name, one.task.version, how),
        machine=(
            source.device,
            source.platform,
            *((source.processor or "",) if "bfloat16" in _precisions(one) else ()),
            *(source.packages.get(name, "") for name in ("torch", "transformers")),
        ),
        judged=_hash(start.correct, start.truncated, start.unparsed, start.votes, start.tokens) if start else "",
        right=sum(start.correct) / samples if start and samples else 0.0,
        samples=samples,
        rollouts=_hash(*([getattr(steps, name)[0] for name in FIRST] if steps.step else ())),
        tested=None if one.method.uses_labels else bool(one.method.paid_twice),
    )


def _precisions(one: Record) -> tuple[str, str]:
    """Return those of training and judging; bfloat16 rounds as the processor does, float32 nearly alike on all."""
    return one.protocol.training.precision, one.protocol.evaluation.precision


def _hash(*values: object) -> str:
    return record.short_hash(repr(values))


def _grouped(facts: Sequence[Facts], key: Callable[[Facts], object]) -> list[list[Facts]]:
    """Return the groups of two or more that share a key."""
    groups: dict[object, list[Facts]] = defaultdict(list)
    for one in facts:
        groups[key(one)].append(one)
    return [group for group in groups.values() if len(group) > 1]


def _one_record_per_run(facts: Sequence[Facts]) -> Iterator[Finding]:
    new = [one for one in facts if not one.held]
    for first, *others in _grouped(new, lambda one: (one.cell, one.method, one.seed)):
        for other in others:
            same = other.content == first.content
            what = "a copy of" if same else "another record of the same run as"
            level: Level = "warning" if same else "error"
            yield Finding(other.file, f"{what} {first.file}", "keep one of them", level)


def _no_seed_is_missing(facts: Sequence[Facts]) -> Iterator[Finding]:
    groups: dict[object, list[Facts]] = defaultdict(list)
    for one in facts:
        groups[one.cell, one.method].append(one)
    for group in groups.values():
        seeds = {one.seed for one in group}
        if missing := sorted({*range(len(seeds))} - seeds):
            last = max(group, key=lambda one: one.seed)
            problem = f"seed {missing[0]} of {last.method} is missing beside seed {last.seed}"
            yield Finding(last.file, problem, "hand in every seed from 0 on: what was left out may have been chosen")


def _seeds_differ(facts: Sequence[Facts]) -> Iterator[Finding]:
    for first, *others in _grouped(facts, lambda one: (one.cell, one.method, one.curves)):
        for other in others:
            if other.seed != first.seed:
                problem = f"seed {other.seed} has the very numbers of seed {first.seed} in {first.file}"
                yield Finding(other.file, problem, REDO)
    for first, *others in _grouped(facts, lambda one: (one.judging, one.judged) if 0 < one.right < 1 else one.run):
        for other in others:
            if other.seed != first.seed:
                problem = f"step 0 of seed {other.seed} was judged on the very samples of seed {first.seed}"
                yield Finding(other.file, f"{problem} in {first.file}", REDO)


def _clocks_differ(facts: Sequence[Facts]) -> Iterator[Finding]:
    for first, *others in _grouped(facts, lambda one: one.timing):
        for other in others:
            if other.run != first.run:
                yield Finding(other.file, f"took, step by step, the very seconds of {first.file}", REDO)


def _prompts_agree(facts: Sequence[Facts]) -> Iterator[Finding]:
    for first, *others in _grouped(facts, lambda one: (one.cell, one.seed)):
        for other in others:
            if other.prompts != first.prompts:
                problem = f"saw other training prompts than {first.file}, so the two do not compare"
                yield Finding(other.file, problem, "make both runs with one version of the code")


def _problems_agree(facts: Sequence[Facts]) -> Iterator[Finding]:
    for first, *others in _grouped(facts, lambda one: one.cell):
        for other in others:
            if other.problems != first.problems:
                problem = f"was judged on other problems than {first.file}, so the two do not compare"
                yield Finding(other.file, problem, "make both runs with one version of the code")


def _models_agree(facts: Sequence[Facts]) -> Iterator[Finding]:
    for first, *others in _grouped(facts, lambda one: one.judging[0]):
        for other in others:
            if other.parameters != first.parameters:
                problem = f"has {other.parameters} parameters in the weights that have {first.parameters}"
                yield Finding(other.file, f"{problem} in {first.file}", REDO)


def _starts_agree(facts: Sequence[Facts]) -> Iterator[Finding]:
    """Before the first update all methods are the same policy, drawn from by the same numbers.

    Another machine or another release rounds otherwise, so that some samples differ there; not many.
    """
    for first, *others in _grouped(facts, lambda one: (one.judging, one.seed)):
        for other in others:
            if other.judged != first.judged:
                alike = other.machine != first.machine and _near(first, other)
                problem = f"step 0 was judged otherwise than in {first.file}, by the same policy and seed"
                yield Finding(other.file, problem, *(ROUNDED if alike else (REDO, "error")))
    for first, *others in _grouped(facts, lambda one: (one.cell, one.prompts, one.seed)):
        for other in others:
            if other.rollouts != first.rollouts:
                problem = f"the rollouts of step 1, before any update, are not those of {first.file}"
                yield Finding(other.file, problem, *(ROUNDED if other.machine != first.machine else (REDO, "error")))


def _near(first: Facts, second: Facts) -> bool:
    """Whether two accuracies differ by no more than two samples of one policy may."""
    mean = (first.right + second.right) / 2
    error = math.sqrt(2 * mean * (1 - mean) / max(1, first.samples))
    return abs(first.right - second.right) <= FAR * error


COMPARISONS: tuple[Callable[[Sequence[Facts]], Iterable[Finding]], ...] = (
    _one_record_per_run,
    _no_seed_is_missing,
    _seeds_differ,
    _clocks_differ,
    _prompts_agree,
    _problems_agree,
    _models_agree,
    _starts_agree,
)


def compare(facts: Sequence[Facts]) -> list[Finding]:
    """Return what is wrong between records, of those that are new; the ones held come first, as the measure."""
    ordered = sorted(facts, key=lambda one: not one.held)
    new = {one.file for one in facts if not one.held}
    return [finding for test in COMPARISONS for finding in test(ordered) if finding.path in new]
