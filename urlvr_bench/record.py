"""The record: the one JSON file that a finished run leaves, and its checks. Every table is a function of records."""

import hashlib
import json
import os
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from urlvr_bench.errors import UsageError
from urlvr_bench.protocol import Protocol, first_problem, slug

SCHEMA_VERSION = 1

Share = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=0)]
Short = Annotated[str, Field(max_length=200)]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Steps(_Frozen):
    """One column per quantity and one entry per step; None where a quantity is undefined or not measured."""

    step: list[Count]
    proxy_reward: list[float]
    proxy_reward_std: list[Annotated[float, Field(ge=0)]]
    """Mean over groups of the standard deviation of the proxy reward inside the group."""
    train_accuracy: list[Share]
    """Ground-truth reward: the share of rollouts that are correct."""
    label_accuracy: list[Share]
    reward_accuracy: list[Share | None]
    reward_auc: list[Share | None]
    """Chance that a correct rollout out-scores a wrong one of its group, ties half."""
    mixed_groups: list[Share]
    """Share of groups with both correct and wrong rollouts: what reward_auc rests on."""
    majority_ratio: list[Share]
    distinct_answers: list[Annotated[float, Field(ge=0)]]
    """Mean over groups of the number of different answers."""
    batch_answers: list[Count]
    """Number of different answers in the whole batch."""
    unparsed: list[Share]
    truncated: list[Share]
    pass_at_group: list[Share]
    """Share of groups with at least one correct rollout."""
    length: list[Annotated[float, Field(ge=0)]]
    """Mean completion length, tokens."""
    repetition: list[Share]
    """Mean share of a completion's 3-grams (of tokens) that occurred in it before."""
    entropy: list[Annotated[float, Field(ge=-1e-6)]]
    """Mean token entropy at the sampling temperature, nats."""
    kl_to_start: list[float | None]
    """Sampled KL(policy || start) per token, nats."""
    grad_norm: list[Annotated[float, Field(ge=0)]]
    learning_rate: list[Annotated[float, Field(ge=0)]]
    tokens: list[Count]
    """Completion tokens generated in the step, votes and replies included."""

    @model_validator(mode="after")
    def _columns_agree(self) -> "Steps":
        lengths = {name: len(column) for name, column in self}
        if len(set(lengths.values())) > 1:
            raise ValueError(f"columns differ in length: {lengths}")
        if self.step != list(range(1, len(self.step) + 1)):
            raise ValueError("steps are not 1, 2, 3, ...")
        return self


class Timing(_Frozen):
    """Seconds per step; they differ from one run to the next, so they are kept apart from `Steps`."""

    generation: list[Annotated[float, Field(ge=0)]]
    reward: list[Annotated[float, Field(ge=0)]]
    update: list[Annotated[float, Field(ge=0)]]


class Eval(_Frozen):
    """One evaluation of one checkpoint: counts per problem, in the order of `Record.problems[task]`.

    Of a problem's n samples, `correct` are right; `truncated` hit the token limit without being right; `unparsed`
    ended without an answer; the rest are wrong.
    """

    step: Count
    task: Short
    n: Annotated[int, Field(gt=0)]
    correct: list[Count]
    truncated: list[Count]
    unparsed: list[Count]
    votes: list[list[tuple[Annotated[int, Field(gt=0)], bool]]]
    """Per problem, (number of samples, whether right) of each different answer, most frequent first."""
    tokens: Count

    @model_validator(mode="after")
    def _sums_add_up(self) -> "Eval":
        lengths = {len(self.correct), len(self.truncated), len(self.unparsed), len(self.votes)}
        if len(lengths) > 1:
            raise ValueError(f"evaluation of {self.task} at step {self.step}: columns differ in length")
        rows = zip(self.correct, self.truncated, self.unparsed, self.votes, strict=True)
        for i, (correct, truncated, unparsed, votes) in enumerate(rows):
            where = f"evaluation of {self.task} at step {self.step}, problem {i}"
            if correct + truncated + unparsed > self.n:
                raise ValueError(
                    f"{where}: {correct} correct + {truncated} truncated + {unparsed} unparsed > n = {self.n}"
                )
            right = sum(count for count, is_right in votes if is_right)
            if right != correct:
                raise ValueError(f"{where}: {right} right votes but {correct} correct")
            if not 0 <= self.n - sum(count for count, _ in votes) <= truncated + unparsed:
                raise ValueError(f"{where}: votes and samples without an answer do not add up to n = {self.n}")
            if [count for count, _ in votes] != sorted((count for count, _ in votes), reverse=True):
                raise ValueError(f"{where}: votes are not sorted")
        return self


class MethodInfo(_Frozen):
    """What was rewarded."""

    name: Annotated[str, Field(pattern=r"^\w+$", max_length=100)]
    id: Short
    """The name with the hyper-parameters that differ from the defaults."""
    params: dict[Short, Any]
    family: Short
    signals: list[Short]
    uses_labels: bool
    binary: bool
    paper: Short
    source_sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]


class ModelInfo(_Frozen):
    """What was trained, named without any path."""

    name: Short
    revision: Short | None
    parameters: Annotated[int, Field(gt=0)]
    weights_sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]


class TaskInfo(_Frozen):
    """What it was trained on."""

    name: Short
    version: Short
    source: Short
    revision: Short | None
    prompts_sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]
    """Hash of the training prompts in the order in which they were shown."""


class Provenance(_Frozen):
    """Where the numbers come from; no host name, no path, no token."""

    git_commit: Annotated[str, Field(pattern=r"^[0-9a-f]{40}$")] | None
    git_dirty: bool | None
    packages: dict[Short, Short]
    python: Short
    platform: Short
    device: Short
    processes: Annotated[int, Field(gt=0)]
    started: Short
    finished: Short
    train_seconds: Annotated[float, Field(ge=0)]
    eval_seconds: Annotated[float, Field(ge=0)]
    train_tokens: Count
    eval_tokens: Count
    trainer_config: dict[str, Any]
    """Every value of the resolved TRL configuration that decides the training."""


class Record(_Frozen):
    """A finished run."""

    schema_version: Literal[1] = SCHEMA_VERSION
    protocol: Protocol
    protocol_hash: Annotated[str, Field(pattern=r"^[0-9a-f]{8}$")]
    overrides: dict[Short, Short]
    model: ModelInfo
    task: TaskInfo
    method: MethodInfo
    seed: Count
    steps: Steps
    timing: Timing
    problems: dict[Short, list[Short]]
    """Per evaluated task, the ids of its problems in the order of the counts."""
    evals: list[Eval]
    provenance: Provenance

    @model_validator(mode="after")
    def _hangs_together(self) -> "Record":
        if self.protocol.hash() != self.protocol_hash:
            raise ValueError(f"protocol_hash is {self.protocol_hash}, the protocol's is {self.protocol.hash()}")
        if len(self.steps.step) != self.protocol.training.steps:
            raise ValueError(f"{len(self.steps.step)} steps, the protocol has {self.protocol.training.steps}")
        seen: set[tuple[int, str]] = set()
        for evaluation in self.evals:
            cell = (evaluation.step, evaluation.task)
            if cell in seen:
                raise ValueError(f"two evaluations of {evaluation.task} at step {evaluation.step}")
            seen.add(cell)
            if len(evaluation.correct) != len(self.problems.get(evaluation.task, [])):
                raise ValueError(f"evaluation of {evaluation.task}: counts and problem ids differ in number")
        wanted = {(step, self.task.name) for step in self.protocol.evaluation.steps(self.protocol.training.steps)}
        if missing := wanted - seen:
            raise ValueError(f"no evaluation at {sorted(missing)}")
        return self

    @property
    def protocol_id(self) -> str:
        """The protocol's name, with its hash where settings were overridden."""
        return f"{self.protocol.name}-{self.protocol_hash}" if self.overrides else self.protocol.name

    @property
    def path(self) -> Path:
        """Where the record lies under a results folder."""
        parts = (self.protocol_id, self.model.name, self.task.name, self.method.id)
        return Path(*map(slug, parts), f"seed{self.seed}.json")


def write_atomically(path: Path, text: str) -> None:
    """Write a file under a temporary name, then rename it, so that no reader ever meets half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(path)


def write(record: Record, path: Path) -> None:
    """Write a record to `path`."""
    write_atomically(path, record.model_dump_json() + "\n")


def read(path: Path) -> Record:
    """Return the record of a file; a UsageError names the file and its first defect."""
    try:
        return Record.model_validate_json(path.read_bytes())
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from error
    except ValidationError as error:
        raise UsageError(f"{path}: {first_problem(error)}") from error


def find(folders: list[Path]) -> list[Path]:
    """Return all record files under `folders`: `record.json` of run folders and `seed<k>.json` of results folders."""
    found: set[Path] = set()
    for folder in folders:
        if folder.is_file():
            found.add(folder)
        elif folder.is_dir():
            found |= {*folder.rglob("record.json"), *folder.rglob("seed*.json")}
        else:
            raise UsageError(f"{folder} is neither a folder of runs nor a record")
    if not found:
        raise UsageError(f"no records under {', '.join(map(str, folders))}; make some with `urlvr-bench run`")
    return sorted(found)


def read_all(folders: list[Path]) -> list[Record]:
    """Return every record under `folders`, in the order of their paths."""
    return [read(path) for path in find(folders)]


def short_hash(text: str | bytes) -> str:
    """Return the first 16 hex digits of the SHA-256 of `text`."""
    return hashlib.sha256(text.encode() if isinstance(text, str) else text).hexdigest()[:16]


def dumps(value: Any) -> str:
    """Return compact JSON; NaN and infinities are errors."""
    return json.dumps(value, allow_nan=False, separators=(",", ":"))
