"""Token statistics of completions under the policy: as they are drawn, or by one no-gradient forward.

The statistics of a completion's token t come from the logits that the token was drawn from (those at position
t - 1), divided by the sampling temperature.
"""

import functools
import types
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from typing import Any

import torch
from torch import Tensor, nn
from transformers import LogitsProcessor
from trl.trainer.utils import FusedCausalLMOutput, maybe_gather_lm_head_ctx

from urlvr_bench.evaluation.shared_prompts import distinct
from urlvr_bench.training.seams import TokenStatistics
from urlvr_bench.training.sharding import whole
from urlvr_bench.training.token_statistics import log_probabilities, of_logits, statistics_of


class Watch(LogitsProcessor):
    """Collects the statistics of the tokens as `generate` draws them, from the logits it has computed anyway.

    It must come first among the processors. What it finds is what `score` finds with one more forward, as far as
    the precision of the two agrees.
    """

    def __init__(self, temperature: float) -> None:
        self.temperature = temperature
        self.columns: list[Tensor] = []
        self.pending_B_V: Tensor | None = None

    def __call__(self, input_ids: Tensor, scores: Tensor) -> Tensor:
        """Return the scores (B, V) as they are; the token drawn from them is seen at the next call."""
        self._settle(input_ids[:, -1])
        self.pending_B_V = scores
        return scores

    def _settle(self, drawn_B: Tensor) -> None:
        if self.pending_B_V is not None:
            logits = self.pending_B_V.float() / self.temperature
            self.columns.append(of_logits(logits, drawn_B))
            self.pending_B_V = None

    def statistics(self, completion_ids: Sequence[Sequence[int]]) -> TokenStatistics:
        """Return the statistics of the finished completions, in the order of the batch. Call it once."""
        if self.pending_B_V is not None:
            last = [ids[-1] if len(ids) > len(self.columns) else 0 for ids in completion_ids]
            self._settle(torch.tensor(last, device=self.pending_B_V.device))
        values = torch.stack(self.columns, 2).tolist()
        rows = [[row[: len(ids)] for row, ids in zip(kind, completion_ids, strict=True)] for kind in values]
        return TokenStatistics(*rows)


def attach(
    model: nn.Module, temperature: float = 1.0, share_prompts: bool = False, entropy_gradient: bool = False
) -> None:
    """Let `model(..., statistics_at=T, targets=...)` return token statistics instead of logits.

    On a CPU the scores that TRL asks for (`fused_lm_head=True`) are computed here too: of the completions' tokens
    alone, where TRL takes every position through the head, and with each prompt read once if `share_prompts`,
    and entropies that can be differentiated if `entropy_gradient`.
    Going through the model's own call keeps the hooks of DDP, FSDP, ZeRO and PEFT in force.
    """
    plain_forward = model.forward

    @functools.wraps(type(model).forward)
    def forward(
        self: Any, *args: Any, statistics_at: float | None = None, targets: Tensor | None = None, **kwargs: Any
    ) -> Any:
        if statistics_at is not None and targets is not None:
            hidden = self.base_model(*args, **kwargs, use_cache=False).last_hidden_state[:, :-1]
            return _statistics(self, hidden, targets[:, 1:], statistics_at)
        if kwargs.keys() == SCORED and self.device.type == "cpu":
            return _scored(self, kwargs["input_ids"], kwargs["attention_mask"], kwargs["labels"])
        return plain_forward(*args, **kwargs)

    def _scored(self: Any, ids: Tensor, mask: Tensor, labels: Tensor) -> FusedCausalLMOutput:
        hidden = completion_states(self, ids, mask, labels, share_prompts)
        wanted = labels[:, -hidden.shape[1] :]
        known = wanted != -100
        with _head(self) as (weight, bias):
            given = hidden[known], weight, bias, wanted[known], temperature, *_logit_transform(self.config)
            flat = log_probabilities(*given, entropy_gradient=entropy_gradient)
        wide = labels[:, 1:]
        spread = [each.new_zeros(wide.shape).masked_scatter(wide != -100, each) for each in flat]
        return FusedCausalLMOutput(log_probs=spread[0], entropy=spread[1])

    model.forward = types.MethodType(forward, model)


SCORED = {"input_ids", "attention_mask", "labels", "fused_lm_head"}
"""The arguments with which TRL asks a text model for log-probabilities and entropies."""


def completion_states(model: Any, ids: Tensor, mask: Tensor, labels: Tensor, share_prompts: bool) -> Tensor:
    """Return the hidden states (B, C, H) that the C last tokens, those that are labelled, are predicted from."""
    start = int((labels != -100).any(0).nonzero()[0]) if share_prompts else 0
    first_U, kind_B = distinct(ids[:, :start], mask[:, :start]) if start else (ids[:, 0], ids[:, 0])
    if not start or len(first_U) == len(kind_B) or getattr(model, "is_gradient_checkpointing", False):
        every: Tensor = model.base_model(input_ids=ids, attention_mask=mask, use_cache=False).last_hidden_state
        return every[:, :-1]
    read = model.base_model(input_ids=ids[first_U, :start], attention_mask=mask[first_U, :start], use_cache=True)
    last: Tensor = read.last_hidden_state[kind_B, -1:]
    if start == ids.shape[1] - 1:
        return last
    cache = read.past_key_values
    cache.reorder_cache(kind_B)
    rest = model.base_model(input_ids=ids[:, start:-1], attention_mask=mask[:, :-1], past_key_values=cache)
    return torch.cat([last, rest.last_hidden_state], 1)


def _statistics(model: Any, hidden: Tensor, targets: Tensor, temperature: float) -> Tensor:
    mask = targets != -100
    with _head(model) as (weight, bias):
        flat = statistics_of(hidden[mask], weight, bias, targets[mask], temperature, *_logit_transform(model.config))
    out = torch.zeros((4, *mask.shape), device=flat.device)
    return out.masked_scatter(mask.expand_as(out), flat)


@contextmanager
def _head(model: Any) -> Iterator[tuple[Tensor, Tensor | None]]:
    """Lend the weight and bias of a model's head, whole."""
    head = model.get_output_embeddings()
    weight, bias = whole(head.weight), None if head.bias is None else whole(head.bias)
    split = hasattr(weight, "ds_id")  # by ZeRO-3, which has not split a frozen start
    with maybe_gather_lm_head_ctx(weight, bias) if split else nullcontext():
        yield weight, bias


def _logit_transform(config: Any) -> tuple[float, float | None]:
    """Return the factor and the soft cap that Granite- and Gemma-like models put on their logits."""
    divisor = getattr(config, "logits_scaling", None) or 1.0
    return 1.0 / divisor, getattr(config, "final_logit_softcapping", None)


@torch.no_grad()
def score(
    model: nn.Module,
    prompt_ids: Sequence[Sequence[int]],
    completion_ids: Sequence[Sequence[int]],
    temperature: float,
    pad_id: int,
    micro_batch: int,
    device: torch.device,
    autocast: Any = nullcontext,
) -> TokenStatistics:
    """Return the statistics of every completion under an attached model. A collective where the model is sharded."""
    order = sorted(range(len(prompt_ids)), key=lambda i: len(prompt_ids[i]) + len(completion_ids[i]))
    rows: list[list[list[float]]] = [[[], [], [], []] for _ in order]
    for start in range(0, len(order), micro_batch):
        picked = order[start : start + micro_batch]
        texts = [[*prompt_ids[i], *completion_ids[i]] for i in picked]
        width = max(map(len, texts))
        ids = torch.tensor([[pad_id] * (width - len(text)) + text for text in texts], device=device)
        mask = torch.tensor([[0] * (width - len(text)) + [1] * len(text) for text in texts], device=device)
        targets = torch.full_like(ids, -100)
        for row, i in enumerate(picked):
            targets[row, width - len(completion_ids[i]) :] = ids[row, width - len(completion_ids[i]) :]
        with autocast():
            values = model(input_ids=ids, attention_mask=mask, statistics_at=temperature, targets=targets)
        for row, i in enumerate(picked):
            rows[i] = values[:, row, width - 1 - len(completion_ids[i]) :].tolist()
    return TokenStatistics(*([row[kind] for row in rows] for kind in range(4)))
