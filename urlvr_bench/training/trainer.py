"""TRL's GRPOTrainer with hooks: it remembers its batch, scores or extends it on request, and adds to the loss."""

import time
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any, TypeVar

import torch
from accelerate.utils import gather_object, is_peft_model

from urlvr_bench.errors import UsageError
from urlvr_bench.needs import TOKEN_SIGNALS
from urlvr_bench.training import losses, sharding, signals, teacher
from urlvr_bench.training.bridge import RewardBridge
from urlvr_bench.training.drawing import DrawingTrainer, as_turns, numbered
from urlvr_bench.training.seams import Scored, TokenStatistics
from urlvr_bench.training.start import frozen, sampled_kl
from urlvr_bench.training.teacher import Teachers

T = TypeVar("T")
HOOKS = {
    "_generate": ["self", "prompts"],
    "_calculate_rewards": ["self", "inputs", "prompts", "completions", "completion_ids_list"],
    "_generate_and_score_completions": ["self", "inputs"],
    "_generate_single_turn": [
        "self",
        "prompt_ids",
        "images",
        "multimodal_fields",
        "num_generations",
        "has_tool_images",
    ],
    "_get_per_token_logps_and_entropies": None,
    "compute_loss": ["self", "model", "inputs", "return_outputs", "num_items_in_batch"],
}
"""The parts of GRPOTrainer beyond its public interface that this module stands on; a test inspects them.

Of `_get_per_token_logps_and_entropies` only the first two of what it returns are read, whatever its arguments are.
"""


class PolicyTrainer(DrawingTrainer):
    """GRPOTrainer that serves its bridge: token statistics, KL to the start and second turns of the current batch."""

    def __init__(
        self,
        bridge: RewardBridge,
        start: str,
        kl_every: int,
        updates_per_step: int,
        **kwargs: Any,
    ) -> None:
        losses.refuse(bridge.method, bridge.name, updates_per_step)
        teacher.refuse(bridge.method, bridge.name, kwargs["args"].use_vllm)
        super().__init__(reward_funcs=[bridge], **kwargs)
        self.reads_certainty = bool(set(TOKEN_SIGNALS) & set(bridge.method.needs))
        self.kl_every, self.updates_per_step = kl_every, updates_per_step
        self.eos_ids = frozenset(self.eos_token_ids)
        self.generation_seconds = 0.0
        self.teachers = Teachers()
        self.bridge, bridge.rollouts = bridge, self
        self.adds = bool(set(losses.ADDED) & set(bridge.method.token_turns))
        self._scored: tuple[torch.Tensor, torch.Tensor] | None = None
        policy = self.model.get_base_model() if is_peft_model(self.model) else self.model
        signals.attach(policy, self.temperature, self.share_prompts, "entropy_weights" in bridge.method.token_turns)
        self.start = frozen(start, self.model, self.accelerator) if kl_every else None

    def _generate(self, prompts: list[Any]) -> Any:
        """Generate the batch; watch the drawing where its statistics will be asked for."""
        started = time.perf_counter()
        names = [f"row {row} rollout {i % self.num_generations}" for i, row in enumerate(self._rows)]
        watch = signals.Watch(self.temperature) if self._watches() else None
        with self._drawing(names, watch), self.accelerator.autocast():  # whose cast weights last for all tokens
            out = super()._generate(prompts)
        self.generation_seconds = time.perf_counter() - started
        self._prompt_ids, self._completion_ids = out[0], out[1]
        self._statistics = watch.statistics(out[1]) if watch else None
        return out

    def _watches(self) -> bool:
        """Return whether the statistics will be asked for and `generate` computes what a scoring forward would."""
        other_logits = self.use_vllm or self.use_transformers_continuous_batching
        return not other_logits and (self.reads_certainty or self._measures_kl())

    def _calculate_rewards(self, inputs: Any, prompts: Any, completions: Any, completion_ids_list: Any) -> Any:
        for each in self.teachers.values():  # also where nobody asks it at this step
            each.follow(self.model, self._step_now)
        rewards = super()._calculate_rewards(inputs, prompts, completions, completion_ids_list)
        self._paid = rewards[:, 0]
        return rewards

    def _generate_and_score_completions(self, inputs: Any) -> Any:
        """Put what the method wants trained in the place of TRL's advantages, and beside them."""
        self._rows = [entry["row"] for entry in inputs]
        out = super()._generate_and_score_completions(inputs)
        own = losses.own_advantages(self.bridge.method, self._paid, self.num_generations, out["advantages"])
        return out | own | losses.of_tokens(self.bridge.token_rows, out["completion_mask"])

    def _get_per_token_logps_and_entropies(self, *args: Any, **kwargs: Any) -> Any:
        """Keep what the loss is made of, for a method that adds to it."""
        found = super()._get_per_token_logps_and_entropies(*args, **kwargs)
        self._scored = (found[0], found[1]) if self.adds else None
        return found

    def compute_loss(
        self, model: Any, inputs: Any, return_outputs: bool = False, num_items_in_batch: Any = None
    ) -> torch.Tensor:
        """Return TRL's loss and what the method adds to it, each a share of the update's mean over tokens."""
        loss: torch.Tensor = super().compute_loss(model, inputs, return_outputs, num_items_in_batch)
        if self._scored is None:
            return loss
        updates = self.args.steps_per_generation / self.current_gradient_accumulation_steps
        tokens = inputs["num_items_in_batch"] / updates / self.accelerator.num_processes
        return loss + losses.added(inputs, *self._scored, tokens)

    def _score(
        self, model: torch.nn.Module, prompt_ids: Sequence[Sequence[int]], completion_ids: Sequence[Sequence[int]]
    ) -> TokenStatistics:
        return signals.score(
            model,
            prompt_ids,
            completion_ids,
            self.temperature,
            self._tokenizer.pad_token_id,
            self.args.per_device_train_batch_size,
            self.accelerator.device,
            self.accelerator.autocast,
        )

    def statistics(self) -> TokenStatistics:
        """Return the token statistics of the batch under the policy; a second call costs nothing."""
        if self._statistics is None:
            self._statistics = self._score(self.model, self._prompt_ids, self._completion_ids)
        return self._statistics

    def kl_to_start(self) -> float | None:
        """Return the sampled KL(policy || start) per token, nats, or None at a step that does not measure it."""
        if self.start is None or not self._measures_kl():
            return None
        then = self._score(self.start, self._prompt_ids, self._completion_ids)
        return sampled_kl(self.statistics().logprobs, then.logprobs, self.gather)

    def _measures_kl(self) -> bool:
        return bool(self.kl_every) and self.state.global_step // self.updates_per_step % self.kl_every == 0

    def gather(self, values: list[T]) -> list[T]:
        """Return the values of all processes, in their order, which is that of the prompts. Every process calls it."""
        gathered: list[T] = gather_object(values)
        return gathered

    def pieces(self, ids: Sequence[int]) -> list[str]:
        """Return the text of each token; together they are the completion."""
        return list(self.processing_class.batch_decode([[token] for token in ids], skip_special_tokens=True))

    @property
    def _chats(self) -> bool:
        """Whether the training prompts are turns of a chat."""
        return not isinstance(self.train_dataset[0]["prompt"], str)

    def _must_be_alike(self, calls: int) -> None:
        """Refuse what would wait for ever: processes that hold shards of one model call it equally often."""
        if sharding.is_asked() and len(asked := set(self.gather([calls]))) > 1:
            raise UsageError(
                f"processes that share the shards of one model have {min(asked)} to {max(asked)} calls of it to make, "
                "for the method asks unlike much about the groups: train whole copies, --config multi_gpu"
            )

    def _continue(self, prompts: Sequence[str], chat: bool) -> tuple[list[str], int]:
        self._must_be_alike(bool(prompts))
        if not prompts:
            return [], 0
        ids, images, fields = self._tokenize_prompts(as_turns(prompts, chat))
        out, _ = self._generate_single_turn(ids, images, fields, 1)
        return self.processing_class.batch_decode(out, skip_special_tokens=True), sum(map(len, out))

    def sample(self, prompts: Sequence[str], teacher_decay: float | None) -> tuple[list[str], int]:
        """Return one further rollout per prompt, as the batch was sampled, and the number of tokens in them."""
        kind = f"step {self._step_now} further {{}} teacher {teacher_decay} of {{}}"
        with self._taught(teacher_decay), self._drawing(numbered(kind, prompts)):
            return self._continue(prompts, self._chats)

    @property
    def _step_now(self) -> int:
        return int(self.state.global_step // self.updates_per_step)

    def _taught(self, decay: float | None) -> AbstractContextManager[None]:
        """Put a teacher into the model for a while, or nobody."""
        return nullcontext() if decay is None else self.teachers[decay].in_place(self.model, self._step_now)

    def reply(self, prompts: Sequence[str], sampled: bool) -> tuple[list[str], int]:
        """Return the policy's answers to further prompts, and the number of tokens in them.

        Greedy, so that no randomness is taken from the rollouts to come, or sampled as they are, to no stop string.
        A question is a user's turn wherever the model knows of turns: asked in plain text, a chat model says nothing.
        """
        names = numbered(f"step {self._step_now} reply {{}} to {{}}", prompts)
        with self._drawing(names, stops=()) if sampled else self._greedy():
            return self._continue(prompts, bool(self._tokenizer.chat_template))

    def likelihoods(self, queries: Sequence[Scored], teacher_decay: float | None) -> list[list[float]]:
        """Return the log-probabilities, at the sampling temperature, of each query's continuation of what is before.

        A teacher needs no sampler: it is put into the model that is trained, whatever else draws the rollouts.
        """
        with self._taught(teacher_decay):
            self._must_be_alike(-(-len(queries) // self.args.per_device_train_batch_size))
            return self._likelihoods(queries) if queries else []

    def _likelihoods(self, queries: Sequence[Scored]) -> list[list[float]]:
        prompt_ids, _, _ = self._tokenize_prompts(as_turns([prompt for prompt, _, _ in queries], self._chats))
        plain = {"add_special_tokens": False}
        written = [self._tokenizer(text, **plain)["input_ids"] for _, text, _ in queries]
        wanted = [
            self._tokenizer(text, **plain)["input_ids"] if isinstance(text, str) else list(text)
            for _, _, text in queries
        ]
        before = [[*prompt, *text] for prompt, text in zip(prompt_ids, written, strict=True)]
        return self._score(self.model, before, wanted).logprobs
