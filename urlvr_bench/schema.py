"""What a record holds: raw numbers and where they come from, every value bounded, finite and free of user paths."""

import math
from collections import Counter
from itertools import chain
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue, model_validator

from urlvr_bench.protocol import Protocol, slug
from urlvr_bench.rollouts import LABELS, Family

SCHEMA_VERSION: Literal[1] = 1
MAX_SAMPLES = 1024
"""Completions per problem: maj@1024 is the most that the field reports, and binomials up to here fit a float."""


def _finite(value: JsonValue) -> JsonValue:
    """Return a free-form value unchanged, or say that it holds a NaN, an infinity or a long string."""
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError("NaN and infinities are not numbers")
    if isinstance(value, str) and len(value) > 500:
        raise ValueError("text of more than 500 characters")
    for part in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        _finite(part)
    return value


Share = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(ge=0)]
Count = Annotated[int, Field(ge=0, le=2**53)]
Short = Annotated[str, Field(max_length=200, pattern=r"^\P{C}*$")]
"""One line of printable text."""
Name = Annotated[str, Field(max_length=100, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
"""Safe as a path component and in a URL."""
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]
Moment = Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)$")]
"""ISO 8601 with a time zone."""
Plain = Annotated[JsonValue, AfterValidator(_finite)]
"""A finite JSON value."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Steps(_Frozen):
    """One column per quantity and one entry per step; None where a quantity is undefined or not measured."""

    step: list[Count] = Field(max_length=100_000)
    proxy_reward: list[float]
    proxy_reward_std: list[Positive]
    """Mean over groups of the standard deviation of the proxy reward inside the group."""
    train_accuracy: list[Share]
    """Ground-truth reward: the share of rollouts that are correct."""
    label_accuracy: list[Share]
    reward_accuracy: list[Share | None]
    """Binary rewards: share of rollouts paid what they deserve. Real-valued rewards: the same as `reward_auc`."""
    reward_auc: list[Share | None]
    """Chance that a correct rollout out-scores a wrong one of its group, ties half; None where no group has both."""
    mixed_groups: list[Share]
    """Share of groups with both correct and wrong rollouts: what reward_auc rests on."""
    majority_ratio: list[Share]
    distinct_answers: list[Positive]
    """Mean over groups of the number of different answers."""
    batch_answers: list[Count]
    """Number of different answers in the whole batch."""
    unparsed: list[Share]
    truncated: list[Share]
    pass_at_group: list[Share]
    """Share of groups with at least one correct rollout."""
    length: list[Positive]
    """Mean completion length, tokens."""
    repetition: list[Share]
    """Mean share of a completion's 3-grams (of tokens) that occurred in it before."""
    entropy: list[Annotated[float, Field(ge=-1e-6)]]
    """Mean token entropy at the sampling temperature, nats."""
    kl_to_start: list[float | None]
    """Sampled KL(policy || start) per token, nats."""
    grad_norm: list[Positive]
    learning_rate: list[Positive]
    tokens: list[Count]
    """Completion tokens generated in the step, votes and replies included."""

    @model_validator(mode="after")
    def _columns_agree(self) -> "Steps":
        lengths = {name: len(column) for name, column in self}
        if len(set(lengths.values())) > 1:
            raise ValueError(f"columns differ in length: {lengths}")
        if self.step != list(range(1, len(self.step) + 1)):
            raise ValueError("steps are not 1, 2, 3, ...")
        for step, auc, mixed in zip(self.step, self.reward_auc, self.mixed_groups, strict=True):
            if (auc is None) != (mixed == 0):
                raise ValueError(f"step {step}: reward_auc is {auc} but the share of mixed groups is {mixed}")
        return self


class Timing(_Frozen):
    """Seconds per step; they differ from one run to the next, so they are kept apart from `Steps`."""

    generation: list[Positive]
    reward: list[Positive]
    update: list[Positive]


class Eval(_Frozen):
    """One evaluation of one checkpoint: counts per problem, in the order of `Record.problems[task]`.

    Of a problem's n samples, `correct` are right; `truncated` hit the token limit without being right; `unparsed`
    ended without an answer; the rest are wrong.
    """

    step: Count
    task: Name
    n: int = Field(gt=0, le=MAX_SAMPLES)
    correct: list[Count] = Field(max_length=20_000)
    truncated: list[Count]
    unparsed: list[Count]
    votes: list[list[tuple[Annotated[int, Field(gt=0)], bool]]]
    """Per problem, (number of samples, whether right) of each different answer, most frequent first."""
    tokens: Count

    @model_validator(mode="after")
    def _sums_add_up(self) -> "Eval":
        columns = (self.correct, self.truncated, self.unparsed, self.votes)
        if len({len(column) for column in columns}) > 1:
            raise ValueError(f"evaluation of {self.task} at step {self.step}: columns differ in length")
        correct, truncated, unparsed = np.array(columns[:3], dtype=np.int64).reshape(3, -1)
        problem = np.repeat(np.arange(len(self.votes)), [len(row) for row in self.votes])
        flat = list(chain.from_iterable(self.votes))
        counts = np.array([count for count, _ in flat], dtype=np.int64)
        right = np.array([is_right for _, is_right in flat], dtype=np.int64)
        answered = np.bincount(problem, counts, len(self.votes))
        silent = self.n - answered
        unsorted = np.bincount(problem[1:], (problem[1:] == problem[:-1]) & (counts[1:] > counts[:-1]), len(correct))
        defects = {
            f"correct + truncated + unparsed exceed n = {self.n}": correct + truncated + unparsed > self.n,
            "right votes differ from correct": np.bincount(problem, counts * right, len(correct)) != correct,
            f"votes and unparsed samples exceed n = {self.n}": silent < unparsed,
            f"votes, unparsed and truncated samples are fewer than n = {self.n}": silent > truncated + unparsed,
            "votes are not sorted": unsorted > 0,
        }
        for defect, bad in defects.items():
            if bad.any():
                where = f"evaluation of {self.task} at step {self.step}, problem {int(bad.argmax())}"
                raise ValueError(f"{where}: {defect}")
        return self


class MethodInfo(_Frozen):
    """What was rewarded."""

    name: str = Field(max_length=100, pattern=r"^[A-Za-z][A-Za-z0-9_]*$")
    id: Short
    """The name with the hyper-parameters that differ from the defaults."""
    params: dict[Name, Plain]
    family: Family
    signals: list[Name]
    uses_labels: bool
    binary: bool
    paper: Short
    source_sha256: Digest

    @model_validator(mode="after")
    def _labels_are_declared(self) -> "MethodInfo":
        given = ",".join(f"{key}={value}" for key, value in sorted(self.params.items()))
        if self.id != (f"{self.name}({given})" if given else self.name):
            raise ValueError(f"id {self.id!r} is not the name with the parameters {given!r}")
        if self.uses_labels == LABELS.isdisjoint(self.signals) or self.uses_labels != (self.family == "supervised"):
            raise ValueError(
                f"uses_labels={self.uses_labels} does not fit the signals {self.signals} and the family {self.family}"
            )
        return self


class ModelInfo(_Frozen):
    """What was trained, named without any path."""

    name: str = Field(max_length=200, pattern=r"^[\p{L}\p{N}_][^/\\\p{C}]*(/[^/\\\p{C}]+)?$")
    revision: Short | None
    parameters: int = Field(gt=0, le=2**53)
    weights_sha256: Digest


class TaskInfo(_Frozen):
    """What it was trained on."""

    name: Name
    version: Short
    source: Short
    revision: Short | None
    prompts_sha256: Digest
    """Hash of the training prompts in the order in which they were shown."""


class Provenance(_Frozen):
    """Where the numbers come from; no host name, no path, no token."""

    git_commit: Annotated[str, Field(pattern=r"^[0-9a-f]{40}$")] | None
    git_dirty: bool | None
    packages: dict[Short, Short] = Field(max_length=500)
    python: Short
    platform: Short
    device: Short
    processes: int = Field(gt=0, le=100_000)
    started: Moment
    finished: Moment
    train_seconds: Positive
    eval_seconds: Positive
    train_tokens: Count
    eval_tokens: Count
    trainer_config: dict[Short, Plain] = Field(max_length=1000)
    """Every value of the resolved TRL configuration that decides the training."""


class Record(_Frozen):
    """A finished run."""

    schema_version: Literal[1] = SCHEMA_VERSION
    protocol: Protocol
    protocol_hash: str = Field(pattern=r"^[0-9a-f]{8}$")
    overrides: dict[Short, Short] = Field(max_length=100)
    model: ModelInfo
    task: TaskInfo
    method: MethodInfo
    seed: Count
    steps: Steps
    timing: Timing
    problems: dict[Name, list[Short]]
    """Per evaluated task, the ids of its problems in the order of the counts."""
    evals: list[Eval] = Field(max_length=10_000)
    provenance: Provenance

    @model_validator(mode="after")
    def _hangs_together(self) -> "Record":
        if defects := [*self._training_defects(), *self._evaluation_defects()]:
            raise ValueError("; ".join(defects[:10]))
        return self

    def _training_defects(self) -> list[str]:
        """Say where the steps, their timing and their totals contradict the protocol or each other."""
        defects, steps = [], self.protocol.training.steps
        if self.protocol.hash() != self.protocol_hash:
            defects.append(f"protocol_hash is {self.protocol_hash}, the protocol's is {self.protocol.hash()}")
        if len(self.protocol.name) > 100:
            defects.append("the protocol's name has more than 100 characters")
        lengths = {"steps": self.steps.step, **dict(self.timing)}
        defects += [
            f"{len(column)} {name}, the protocol has {steps} steps"
            for name, column in lengths.items()
            if len(column) != steps
        ]
        if self.method.binary and None in self.steps.reward_accuracy:
            defects.append("a binary reward has a reward accuracy at every step")
        if self.method.binary and not all(0 <= reward <= 1 for reward in self.steps.proxy_reward):
            defects.append("the mean of a binary reward lies between 0 and 1")
        if sum(self.steps.tokens) > self.provenance.train_tokens:
            defects.append("train_tokens is less than the sum over the steps")
        if sum(evaluation.tokens for evaluation in self.evals) > self.provenance.eval_tokens:
            defects.append("eval_tokens is less than the sum over the evaluations")
        return defects

    def _evaluation_defects(self) -> list[str]:
        """Say which evaluations are missing, doubled or not what the protocol asks for."""
        asked, last = self.protocol.evaluation, self.protocol.training.steps
        cells = Counter((evaluation.step, evaluation.task) for evaluation in self.evals)
        wanted = {(step, self.task.name) for step in asked.steps(last)}
        wanted |= {(step, task) for task in asked.ood for step in (0, last)}
        defects = [
            f"{times} evaluations of {task} at step {step}" for (step, task), times in cells.items() if times > 1
        ]
        defects += [f"no evaluation of {task} at step {step}" for step, task in sorted(wanted - cells.keys())]
        defects += [f"evaluation of {task} after the last step" for step, task in cells if step > last]
        for task, ids in self.problems.items():
            if len(set(ids)) < len(ids):
                defects.append(f"problem ids of {task} are not unique")
            if not 0 < len(ids) <= asked.problems:
                defects.append(f"{len(ids)} problems of {task}, the protocol has {asked.problems}")
        for evaluation in self.evals:
            if len(evaluation.correct) != len(self.problems.get(evaluation.task, [])):
                defects.append(f"evaluation of {evaluation.task}: counts and problem ids differ in number")
            if evaluation.n != asked.samples:
                defects.append(f"evaluation of {evaluation.task}: n = {evaluation.n}, the protocol has {asked.samples}")
        return defects

    @property
    def protocol_id(self) -> str:
        """The protocol's name, with its hash where settings were overridden."""
        return f"{self.protocol.name}-{self.protocol_hash}" if self.overrides else self.protocol.name

    @property
    def path(self) -> Path:
        """Where the record lies under a results folder."""
        parts = (self.protocol_id, self.model.name, self.task.name, self.method.id)
        return Path(*map(slug, parts), f"seed{self.seed}.json")
