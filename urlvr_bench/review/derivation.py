"""The accuracies of a training, derived again from what the record keeps of every rollout."""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from statistics import fmean

from urlvr_bench.errors import UsageError
from urlvr_bench.records import evidence
from urlvr_bench.records.evidence import Rollout
from urlvr_bench.records.schema import Record
from urlvr_bench.review import sources
from urlvr_bench.review.findings import REDO, Remark
from urlvr_bench.training.rollout_metrics import ScoredGroup, batch_metrics

ROUNDING = 1e-6
KEEPER = "urlvr_bench/records/evidence.py"
"""The code that keeps rollouts."""
DERIVED = (
    "train_accuracy",
    "label_accuracy",
    "reward_accuracy",
    "reward_auc",
    "mixed_groups",
    "pass_at_group",
    "majority_ratio",
    "distinct_answers",
    "unparsed",
)
OF_BINARY = ("proxy_reward", "proxy_reward_std")
"""Columns that follow too where what was paid is kept, not only its rank."""


def derived(one: Record) -> list[dict[str, float]]:
    """Return the columns of `DERIVED`, and of a binary reward `OF_BINARY`, step by step; NaN where undefined."""
    training, binary = one.protocol.training, one.method.binary
    names, size = DERIVED + (OF_BINARY if binary else ()), training.group_size
    kept = evidence.rollouts(one.evidence, one.last_step, training.rows) if one.evidence else []
    steps = []
    for batch in kept:
        groups = [_of_group(tuple(batch[start : start + size]), binary) for start in range(0, len(batch), size)]
        found = {name: _mean([numbers[name] for numbers in groups]) for name in names}
        steps.append(found | ({"reward_accuracy": _agreement(batch)} if binary else {}))
    return steps


def _agreement(batch: Sequence[Rollout]) -> float:
    """Return the share of all rollouts that are paid what they deserve, groups without an answer among them."""
    if not any(rollout.answer for rollout in batch):
        return math.nan
    return fmean(rollout.paid == rollout.right for rollout in batch)


def _mean(values: Sequence[float]) -> float:
    """Return the mean over the groups in which a number is defined."""
    known = [value for value in values if not math.isnan(value)]
    return fmean(known) if known else math.nan


@lru_cache(maxsize=100_000)
def _of_group(rollouts: tuple[Rollout, ...], binary: bool) -> dict[str, float]:
    answers = [str(rollout.answer) if rollout.answer else None for rollout in rollouts]
    nothing = [0] * len(rollouts)
    paid, right = [float(rollout.paid) for rollout in rollouts], [bool(rollout.right) for rollout in rollouts]
    return batch_metrics([ScoredGroup(answers, paid, right, nothing, nothing, right)], binary)


def columns(file: Path, one: Record) -> Iterator[Remark]:
    """What the log says of each step is what its rollouts say."""
    try:
        steps = derived(one)
    except UsageError as error:
        yield f"evidence: {error}", REDO
        return
    for i, numbers in enumerate(steps):
        for name, value in numbers.items():
            logged = getattr(one.steps, name)[i]
            if (logged is None) != math.isnan(value) or (logged is not None and abs(logged - value) > ROUNDING):
                yield f"step {i + 1}: {name} is {logged}, its rollouts say {value:.6g}", REDO
                return


def kept(file: Path, one: Record) -> Iterator[Remark]:
    """A record of code that keeps its rollouts has them; without labels there is nothing to derive."""
    commit, group = one.provenance.git_commit, one.protocol.training.group_size
    if not one.labelled:
        return
    if one.evidence is None and group <= evidence.LARGEST_GROUP and commit and sources.held(commit, KEEPER):
        yield "keeps nothing of its rollouts, which the code of its commit does", REDO


def rollouts(file: Path, one: Record) -> Iterator[Remark]:
    """What is kept of a rollout can be: classes by their size, ranks without a gap, rewards of 0 and 1."""
    if one.evidence is None:
        return
    try:
        kept = evidence.rollouts(one.evidence, one.last_step, one.protocol.training.rows)
    except UsageError:
        return  # said by `columns`
    size = one.protocol.training.group_size
    for step, batch in enumerate(kept, 1):
        for start in range(0, len(batch), size):
            if not _possible(tuple(batch[start : start + size]), one.method.binary):
                yield f"step {step}: evidence of a group that cannot be (group {start // size})", REDO
                return


@lru_cache(maxsize=100_000)  # most groups of a training are alike
def _possible(group: tuple[Rollout, ...], binary: bool) -> bool:
    votes = Counter(rollout.answer for rollout in group if rollout.answer)
    sizes = [votes[answer] for answer in sorted(votes)]
    paid = {rollout.paid for rollout in group}
    return (
        sorted(votes) == list(range(1, len(votes) + 1))
        and sizes == sorted(sizes, reverse=True)
        and all(rollout.right <= 1 for rollout in group)
        and (paid <= {0, 1} if binary else paid == set(range(len(paid))))
        and list(group) == sorted(group)
    )


TESTS: tuple[Callable[[Path, Record], Iterable[Remark]], ...] = (columns, kept, rollouts)
