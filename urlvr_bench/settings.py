"""The settings of a protocol: how every method is trained and how every checkpoint is judged."""

import math
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, ValidationInfo, field_validator, model_validator

from urlvr_bench.errors import UsageError
from urlvr_bench.stopping.known import asked, stated

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


MOST_STEPS, MOST_PROBLEMS, MOST_EVALUATIONS = 100_000, 20_000, 10_000
MOST_SAMPLES = 1024
"""Completions per problem: maj@1024 is the most that the field reports, and binomials up to here fit a float."""


class Settings(BaseModel):
    """Values that are checked once and never change."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


def setting(meaning: str, unit: str = "", default: Any = ..., **bounds: Any) -> Any:
    """Return a field that says what it means and in which unit, for `list settings` and docs/settings.md."""
    return Field(default, description=meaning, json_schema_extra={"unit": unit}, **bounds)


class Training(Settings):
    """How every method of the protocol is trained. A step is one batch of rollouts and the updates made on it."""

    steps: int = setting("training steps, each one batch of rollouts", gt=0, le=MOST_STEPS)
    prompts_per_step: int = setting("prompts of a step's batch", "prompts", gt=0)
    group_size: int = setting("rollouts per prompt", "rollouts", ge=2)
    mini_batches: int = setting("optimizer updates made on one batch of rollouts", "updates", 1, gt=0)
    micro_batch: int = setting("rollouts per device and forward pass, at most", "rollouts", gt=0)
    learning_rate: float = setting("of AdamW, at its highest", gt=0)
    warmup_steps: int = setting("the learning rate rises over these", "optimizer updates", 0, ge=0)
    schedule: Literal["constant_with_warmup", "cosine", "linear"] = setting(
        "how the learning rate goes on after that", default="constant_with_warmup"
    )
    max_completion_tokens: int = setting("length limit of a rollout", "tokens", gt=0)
    temperature: float = setting("of the rollouts in training", default=1.0, gt=0)
    kl_coefficient: float = setting("weight of the KL to the start in the loss", default=0.0, ge=0)
    clip: float = setting("range in which the ratio of probabilities counts, PPO's epsilon", default=0.2, gt=0)
    loss: Literal["grpo", "dapo", "bnpo", "dr_grpo"] = setting("how token losses are averaged", default="dapo")
    scale_rewards: Literal["group", "batch", "none"] = setting(
        "over what rewards are divided by their standard deviation", default="group"
    )
    adam_beta2: float = setting("AdamW's second decay rate", default=0.999, gt=0, lt=1)
    weight_decay: float = setting("of AdamW", default=0.0, ge=0)
    max_grad_norm: float = setting("gradients are scaled down to this norm", default=1.0, gt=0)
    precision: Literal["float32", "bfloat16"] = setting("of the forward and backward passes", default="float32")
    attention: Literal["auto", "eager"] = setting(
        "kernel of attention: what transformers chooses, or the plain one, faster for short texts on a CPU",
        default="auto",
    )
    share_prompts: bool = setting("read the prompt of a group once, not once for each rollout", default=False)
    gradient_checkpointing: bool = setting("compute activations twice, to save memory", default=False)
    freeze_embeddings: bool = setting("train neither token embeddings nor a head tied to them", default=False)
    lora_rank: int = setting("train a LoRA adapter of this rank; 0 trains all weights", default=0, ge=0)
    lora_alpha: int = setting("of the adapter; 0 for twice its rank", default=0, ge=0)
    vllm: Literal["none", "colocate", "server"] = setting("sample rollouts with vLLM", default="none")
    vllm_memory: float = setting("what a colocated vLLM takes", "share of a GPU's memory", 0.3, gt=0, lt=1)
    draws: Literal["process", "rollout"] = setting(
        "random numbers of the rollouts: one stream per process, or one per rollout, the same "
        "for every number of processes",
        default="process",
    )
    split: Literal["train", "test"] = setting("test: test-time training on the evaluated prompts", default="train")
    unique_prompts: int | None = setting("train on this many prompts over and over", "prompts", None, gt=0)
    first_prompt: int | None = setting("take them in order from this one, not drawn by the seed", "", None, ge=0)
    initial_vote: Literal["any", "wrong", "right"] = setting(
        "take only prompts whose first vote is so; the choice, not the training, reads labels", default="any"
    )
    save_every: int = setting("between checkpoints that a run can continue from", "steps", gt=0)
    kl_every: int = setting("between measurements of the KL to the start; 0 for none", "steps", 1, ge=0)
    stop_at: Stop | None = setting("end a run early, at the first step where this shows its collapse", default=None)
    stop_rule: str | None = setting(
        "end a run early, where this label-free rule says so: `list stop-rules`, with its parameters", default=None
    )
    without_signal: Literal["stop", "go_on"] = setting(
        "what to do where the first five steps give nothing to learn from: no answer can be read in any rollout, or "
        "every gradient is 0; runs on a few prompts over and over (unique_prompts) go on",
        default="stop",
    )

    @property
    def rows(self) -> int:
        """Rollouts per step, over all processes."""
        return self.prompts_per_step * self.group_size

    @property
    def may_end_early(self) -> bool:
        """Whether a run may end before its last step."""
        return self.stop_at is not None or self.stop_rule is not None

    @field_validator("stop_rule")
    @classmethod
    def _rule_in_full(cls, given: str | None, others: ValidationInfo) -> str | None:
        """Refuse what is no rule, parameters left to defaults that may change, and a rule that sees nothing."""
        if given is not None and given != (full := stated(given)):
            raise ValueError(f"say all parameters of the rule: {full}")
        every, steps = others.data.get("kl_every", 1), others.data.get("steps", math.inf)  # at step 1 the KL is 0
        if given is not None and "kl_to_start" in asked(given).rule.reads and not 0 < every < steps:
            raise ValueError(f"reads the KL to the start, which kl_every={every} leaves out: kl_every=1 measures it")
        return given

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

    every: int = setting("between evaluations; step 0 and the last step are always judged", "steps", gt=0)
    problems: int = setting("test problems, the first of the task", "problems", gt=0, le=MOST_PROBLEMS)
    samples: int = setting("completions per problem", "completions", gt=0, le=MOST_SAMPLES)
    max_tokens: int = setting("length limit of a completion", "tokens", gt=0)
    temperature: float = setting("of the completions that are judged; 0 is greedy", default=1.0, ge=0)
    top_p: float = setting("sample from the likeliest tokens of this probability", default=1.0, gt=0, le=1)
    k: tuple[int, ...] = setting("k of pass@k and maj@k, at most `samples`", default=(1,))
    batch_size: int = setting("completions sampled at a time", "completions", 128, gt=0)
    task: str | None = setting("task judged along the way; none: the one trained on", default=None)
    ood: tuple[str, ...] = setting("further tasks, judged at step 0 and at the end", default=())
    ood_along: bool = setting("judge the further tasks at every evaluation", default=False)
    backend: Literal["hf", "vllm"] = setting("engine that samples: transformers or vLLM", default="hf")
    precision: Literal["float32", "bfloat16"] = setting(
        "of the weights that are judged, at every step the same", default="float32"
    )
    share_prompts: bool = setting("read a prompt once for all completions of a batch", default=False)
    greedy: bool = setting("at step 0 and at the end, also one greedy completion per problem", default=False)
    native: bool = setting("at step 0, also the task in its native prompt style, where it has one", default=False)
    baseline_samples: int | None = setting(
        "at step 0, also this many per problem", "completions", None, gt=0, le=MOST_SAMPLES
    )

    @model_validator(mode="after")
    def _enough_samples(self) -> "Evaluation":
        if max(self.k) > self.samples:
            raise ValueError(f"pass@{max(self.k)} needs at least {max(self.k)} samples, not {self.samples}")
        if self.baseline_samples is not None and self.baseline_samples <= self.samples:
            raise ValueError(f"baseline_samples={self.baseline_samples} must exceed samples={self.samples}")
        return self

    def tasks(self, step: int, last: int, along: str | None) -> list[str]:
        """Return the tasks judged at a step: the one judged along the way, if any, then the further ones."""
        further = self.ood if self.ood_along or step in (0, last) else ()
        return [*([along] if along else []), *(name for name in further if name != along)]

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
    shown = f"{where}={given!r}: " if isinstance(given, str | int | float | bool | None) else f"{where}: " * bool(where)
    if first["type"] == "tuple_type":
        return f"{shown}write a list: {where.rpartition('.')[2]}=[{given}]"
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
