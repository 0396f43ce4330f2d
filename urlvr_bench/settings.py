"""The settings of a protocol: how every method is trained and how every checkpoint is judged."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from urlvr_bench.errors import UsageError

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


class Settings(BaseModel):
    """Values that are checked once and never change."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Training(Settings):
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


class Evaluation(Settings):
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
    task: str | None = Field(None, description="task judged along the way; default: the one trained on")
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


def split_batch(training: Training, processes: int) -> tuple[int, int]:
    """Return the rollouts per forward pass and the gradient accumulation steps of each process.

    The batch is the protocol's, however many processes share it; `micro_batch` is only an upper bound. Refuses a
    number of processes that would cut a group.
    """
    numbers = (
        f"prompts_per_step {training.prompts_per_step} x group_size {training.group_size} = {training.rows} rollouts "
        f"in {training.mini_batches} mini-batches on {processes} processes"
    )
    if training.prompts_per_step % processes:
        raise UsageError(
            f"{numbers}: groups would be cut across processes; take a number of processes that divides "
            f"prompts_per_step={training.prompts_per_step}"
        )
    rows, rest = divmod(training.rows, processes * training.mini_batches)
    micro_batch = min(training.micro_batch, rows)
    if rest or rows % micro_batch:
        raise UsageError(
            f"{numbers}: the rollouts do not divide evenly by micro_batch {training.micro_batch}; "
            "change training.micro_batch"
        )
    return micro_batch, rows // micro_batch
