"""A protocol, everything of a comparison but the method, and a run, one cell of a comparison."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from urlvr_bench.errors import UsageError, unknown
from urlvr_bench.models import display_name

FOLDER = Path(__file__).with_name("protocols")
Stop = Literal[
    "reward_accuracy",
    "label_accuracy",
    "train_accuracy",
    "majority_ratio",
    "batch_answers",
    "entropy",
    "length",
    "repetition",
]
"""Columns that show a collapse: the first three read labels, the others do not. `science.signs` holds the bounds."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Training(_Frozen):
    """How every method of the protocol is trained. A step is one batch of rollouts and the updates made on it."""

    steps: int = Field(gt=0)
    prompts_per_step: int = Field(gt=0)
    group_size: int = Field(ge=2, description="rollouts per prompt")
    mini_batches: int = Field(1, gt=0, description="optimizer updates made on one batch of rollouts")
    micro_batch: int = Field(gt=0, description="rollouts per device and forward pass, at most")
    learning_rate: float = Field(gt=0)
    warmup_steps: int = Field(0, ge=0, description="in optimizer updates")
    schedule: Literal["constant_with_warmup", "cosine", "linear"] = "constant_with_warmup"
    max_completion_tokens: int = Field(gt=0)
    temperature: float = Field(1.0, gt=0)
    kl_coefficient: float = Field(0.0, ge=0)
    clip: float = Field(0.2, gt=0)
    loss: Literal["grpo", "dapo", "bnpo", "dr_grpo"] = "dapo"
    scale_rewards: Literal["group", "batch", "none"] = "group"
    adam_beta2: float = Field(0.999, gt=0, lt=1)
    weight_decay: float = Field(0.0, ge=0)
    max_grad_norm: float = Field(1.0, gt=0)
    precision: Literal["float32", "bfloat16"] = "float32"
    gradient_checkpointing: bool = False
    lora_rank: int = Field(0, ge=0, description="train a LoRA adapter of this rank; 0 trains all weights")
    lora_alpha: int = Field(0, ge=0, description="of the adapter; 0 for twice its rank")
    vllm: Literal["none", "colocate", "server"] = Field("none", description="sample rollouts with vLLM")
    vllm_memory: float = Field(0.3, gt=0, lt=1, description="share of a GPU's memory that a colocated vLLM takes")
    draws: Literal["process", "rollout"] = Field(
        "process",
        description="random numbers of the rollouts: one stream per process, or one per rollout, the same "
        "for every number of processes",
    )
    split: Literal["train", "test"] = Field("train", description="test: test-time training on the evaluated prompts")
    unique_prompts: int | None = Field(None, gt=0, description="train on this many prompts over and over")
    first_prompt: int | None = Field(None, ge=0, description="take them in order from this one, not drawn by the seed")
    initial_vote: Literal["any", "wrong", "right"] = Field(
        "any", description="take only prompts whose first vote is so; the choice, not the training, reads labels"
    )
    save_every: int = Field(gt=0, description="steps between checkpoints that a run can continue from")
    kl_every: int = Field(1, ge=0, description="steps between measurements of the KL to the start; 0 for none")
    stop_at: Stop | None = Field(None, description="end a run early, at the first step where this shows its collapse")

    @property
    def rows(self) -> int:
        """Rollouts per step, over all processes."""
        return self.prompts_per_step * self.group_size

    @model_validator(mode="after")
    def _whole_mini_batches(self) -> "Training":
        if self.rows % self.mini_batches:
            raise ValueError(
                f"prompts_per_step {self.prompts_per_step} x group_size {self.group_size} = {self.rows} rollouts "
                f"do not divide into {self.mini_batches} mini-batches"
            )
        return self


class Evaluation(_Frozen):
    """How every checkpoint is judged: `samples` completions of each of the first `problems` test problems.

    A task with fewer test problems is judged on all of them.
    """

    every: int = Field(gt=0, description="steps between evaluations; step 0 and the last step are always judged")
    problems: int = Field(gt=0)
    samples: int = Field(gt=0, description="completions per problem")
    max_tokens: int = Field(gt=0)
    temperature: float = Field(1.0, ge=0)
    top_p: float = Field(1.0, gt=0, le=1)
    k: tuple[int, ...] = (1,)
    batch_size: int = Field(128, gt=0)
    ood: tuple[str, ...] = Field((), description="further tasks, judged at step 0 and at the end")
    backend: Literal["hf", "vllm"] = Field("hf", description="engine that samples: transformers or vLLM")
    greedy: bool = Field(False, description="at step 0 and at the end, also one greedy completion per problem")
    native: bool = Field(False, description="at step 0, also the task in its native prompt style, where it has one")
    baseline_samples: int | None = Field(None, gt=0, description="at step 0, also this many completions per problem")

    @model_validator(mode="after")
    def _enough_samples(self) -> "Evaluation":
        if max(self.k) > self.samples:
            raise ValueError(f"pass@{max(self.k)} needs at least {max(self.k)} samples, not {self.samples}")
        if self.baseline_samples is not None and self.baseline_samples <= self.samples:
            raise ValueError(f"baseline_samples={self.baseline_samples} must exceed samples={self.samples}")
        return self

    def controls(self, step: int, last: int, task: str, native: str | None) -> "list[tuple[str, Evaluation]]":
        """Return the further evaluations of a step: of which task, and how."""
        greedy = self.model_copy(update={"samples": 1, "temperature": 0.0, "k": (1,)})
        asked = [(task, greedy)] if self.greedy and step in (0, last) else []
        if self.baseline_samples is not None and step == 0:
            asked.append((task, self.model_copy(update={"samples": self.baseline_samples})))
        if self.native and native is not None and step == 0:
            asked += [(native, self), *([(native, greedy)] if self.greedy else [])]
        return asked

    def steps(self, last: int) -> list[int]:
        """Return the steps to judge, in order."""
        return sorted({*range(0, last, self.every), last})


class Protocol(_Frozen):
    """A frozen, named, versioned set of everything but the method."""

    name: str = Field(pattern=r"^[a-z0-9-]+$")
    version: int = Field(ge=1)
    description: str
    reference_minutes: float | None = Field(None, gt=0, description="of one run on one CPU core or GPU, for plans")
    model: str
    task: str
    training: Training
    evaluation: Evaluation

    @model_validator(mode="after")
    def _adapters_are_judged(self) -> "Protocol":
        if self.training.lora_rank and self.evaluation.backend == "vllm":
            raise ValueError("vLLM judges whole models: with training.lora_rank say evaluation.backend=hf")
        return self

    def hash(self) -> str:
        """Return 8 hex digits that change whenever any value that decides a result changes.

        Defaults are left out, so that a setting added later does not change the hashes of older records.
        """
        deciding = self.model_dump_json(exclude={"description", "reference_minutes"}, exclude_defaults=True)
        return hashlib.sha256(deciding.encode()).hexdigest()[:8]


def names() -> list[str]:
    """Return the names of the protocols that ship with the package."""
    return sorted(path.stem for path in FOLDER.glob("*.yaml"))


def load(name: str, overrides: Mapping[str, str] | None = None) -> Protocol:
    """Return the protocol `name` (or of a YAML file), with `section.key=value` overrides applied."""
    path = Path(name) if name.endswith((".yaml", ".yml")) else FOLDER / f"{name}.yaml"
    if not path.is_file():
        raise unknown("protocol", name, names())
    values = yaml.safe_load(path.read_text())
    for key, value in (overrides or {}).items():
        _override(values, key, value)
    try:
        return Protocol.model_validate(values)
    except ValidationError as error:
        raise UsageError(f"protocol {name}: {first_problem(error)}") from error


def validated_evaluation(**values: Any) -> Evaluation:
    """Return evaluation settings given one by one; bad ones are a UsageError."""
    try:
        return Evaluation(**values)
    except ValidationError as error:
        raise UsageError(first_problem(error)) from error


def first_problem(error: ValidationError) -> str:
    """Return the first finding of a pydantic error as `where=given: what is wrong`."""
    first = error.errors()[0]
    where = ".".join(map(str, first["loc"]))
    given = first["input"]
    shown = f"{where}={given!r}: " if isinstance(given, str | int | float | bool | None) else ""
    return f"{shown}{first['msg'].removeprefix('Value error, ')}"


def _override(values: dict[str, Any], key: str, value: str) -> None:
    """Set `training.steps`, or `steps` where only one section has it, to the YAML reading of `value`."""
    sections: dict[str, type[BaseModel]] = {"training": Training, "evaluation": Evaluation}
    section, _, name = key.rpartition(".")
    holders = [part for part, model in sections.items() if name in model.model_fields and section in ("", part)]
    known = [f"{part}.{name}" for part, model in sections.items() for name in model.model_fields]
    if not holders:
        bare = "." not in key
        raise unknown("protocol setting", key, [name.rpartition(".")[2] for name in known] if bare else known)
    if len(holders) > 1:
        raise UsageError(f"setting {key!r} is in {' and '.join(holders)}: write {holders[0]}.{key}")
    values[holders[0]][name] = yaml.safe_load(value)


def slug(text: str) -> str:
    """Return `text` as one safe path component."""
    return re.sub(r"[^A-Za-z0-9._=,+*()-]+", "_", text.replace("/", "__")).lstrip(".") or "_"


@dataclass(frozen=True)
class Run:
    """protocol x model x task x method(params) x seed."""

    protocol: Protocol
    model: str
    task: str
    method: str
    seed: int
    params: Mapping[str, Any] = field(default_factory=dict)
    """Hyper-parameters that differ from the method's defaults."""
    overrides: Mapping[str, str] = field(default_factory=dict)
    """Protocol settings that differ from the published protocol; any makes the run a custom one."""

    @property
    def method_id(self) -> str:
        """The method with the hyper-parameters that differ from its defaults."""
        given = ",".join(f"{key}={value}" for key, value in sorted(self.params.items()))
        return f"{self.method}({given})" if given else self.method

    @property
    def protocol_id(self) -> str:
        """The protocol's name, with its hash where settings were overridden."""
        return f"{self.protocol.name}-{self.protocol.hash()}" if self.overrides else self.protocol.name

    @property
    def path(self) -> Path:
        """Where the run lies under a runs or results folder; the path is the configuration."""
        parts = (self.protocol_id, display_name(self.model), self.task, self.method_id)
        return Path(*map(slug, parts), f"seed{self.seed}")

    @property
    def record_path(self) -> Path:
        """Where the run's record lies under a results folder."""
        return self.path.with_suffix(".json")

    def to_json(self) -> str:
        """Return the run as JSON that `from_json` reads back."""
        values = {
            "protocol": self.protocol.model_dump(mode="json"),
            "model": self.model,
            "task": self.task,
            "method": self.method,
            "seed": self.seed,
            "params": dict(self.params),
            "overrides": dict(self.overrides),
        }
        return json.dumps(values, indent=1)

    @classmethod
    def from_json(cls, text: str) -> "Run":
        """Return the run that `to_json` wrote."""
        values = json.loads(text)
        return cls(**{**values, "protocol": Protocol.model_validate(values["protocol"])})
