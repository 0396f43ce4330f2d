"""What a record says of its run besides what was measured: the method, the model, the task, and where it was made."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from urlvr_bench.needs import LABELS, Family
from urlvr_bench.records.measured import Count, Digest, Frozen, Moment, Name, Plain, Positive, Short
from urlvr_bench.records.sets import Sets


class MethodInfo(Frozen):
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
    closed_by: Literal["kernel", "interpreter"] | None = None
    """What kept the method in its own process, without labels, while it paid; None in older records."""
    paid_twice: Count | None = None
    """First steps whose rollouts earned the same a second time, with permuted golds; None where labels are used."""

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


ModelName = Annotated[str, Field(max_length=200, pattern=r"^[\p{L}\p{N}_][^/\\\p{C}]*(/[^/\\\p{C}]+)?$")]
"""A name without any path."""


class BaseInfo(Frozen):
    """The model under an adapter."""

    name: ModelName
    weights_sha256: Digest


class ModelInfo(Frozen):
    """What was trained."""

    name: ModelName
    revision: Short | None
    parameters: int = Field(gt=0, le=2**53)
    weights_sha256: Digest
    base: BaseInfo | None = None
    """What it was trained on, where the name is that of an adapter; None of whole models and in older records."""


class TaskInfo(Frozen):
    """What it was trained on."""

    name: Name
    version: Short
    source: Short
    revision: Short | None
    prompts_sha256: Digest
    """Hash of the training prompts in the order in which they were shown."""
    sets: Sets = Field({}, max_length=100)
    """What was asked of each published set that was trained or judged on."""


class Provenance(Frozen):
    """Where the numbers come from; no host name, no path, no token."""

    git_commit: Annotated[str, Field(pattern=r"^[0-9a-f]{40}$")] | None
    git_dirty: bool | None
    packages: dict[Short, Short] = Field(max_length=500)
    python: Short
    platform: Short
    device: Short
    processor: Short | None = None
    """Make and model, and the kernels that torch takes for it; None in older records."""
    processes: int = Field(gt=0, le=100_000)
    started: Moment
    finished: Moment
    train_seconds: Positive
    eval_seconds: Positive
    train_tokens: Count
    eval_tokens: Count
    trainer_config: dict[Short, Plain] = Field(max_length=1000)
    """Every value of the resolved TRL configuration that decides the training."""
