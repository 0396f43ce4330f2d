"""Token statistics of completions under the policy: as they are drawn, or by one no-gradient forward.

The statistics of a completion's token t come from the logits that the token was drawn from (those at position
t - 1), divided by the sampling temperature. At most a chunk of N x V logits exists at a time, never B x T x V, and the
values are exact.
"""

import functools
import math
import types
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.distributed.tensor import DTensor
from transformers import LogitsProcessor
from trl.trainer.utils import maybe_gather_lm_head_ctx

CHUNK_BYTES = {"cpu": 256 << 20, "cuda": 1 << 30}
"""Memory for one chunk of float32 logits and its exponential."""


@dataclass(frozen=True)
class TokenStatistics:
    """Per completion, one value per completion token, nats."""

    logprobs: list[list[float]]
    entropies: list[list[float]]
    self_certainties: list[list[float]]
    top_gaps: list[list[float]]


def statistics_of(
    hidden_N_H: Tensor,
    weight_V_H: Tensor,
    bias_V: Tensor | None,
    targets_N: Tensor,
    temperature: float = 1.0,
    scale: float = 1.0,
    softcap: float | None = None,
    chunk_bytes: int | None = None,
) -> Tensor:
    """Return a `(4, N)` float32 tensor: log-probability of the target, entropy, KL(uniform || policy), top gap.

    The first three are in nats; the gap is the likeliest token's probability less the second's. `scale` multiplies
    the logits and `softcap` bounds them, for the model families that do so.
    """
    vocabulary = weight_V_H.shape[0]
    budget = chunk_bytes or CHUNK_BYTES.get(hidden_N_H.device.type, 256 << 20)
    chunk = max(16, budget // (vocabulary * 4 * 2))
    out = hidden_N_H.new_empty((4, len(hidden_N_H)), dtype=torch.float32)
    room = hidden_N_H.new_empty((min(chunk, len(hidden_N_H)), vocabulary), dtype=torch.float32)
    for start in range(0, len(hidden_N_H), chunk):
        rows = slice(start, start + chunk)
        logits = (hidden_N_H[rows].to(weight_V_H.dtype) @ weight_V_H.T).float()
        if bias_V is not None:
            logits += bias_V.float()
        if scale != 1:
            logits *= scale
        if softcap:
            logits = softcap * torch.tanh(logits / softcap)
        if temperature != 1:
            logits /= temperature
        # a fresh block for each chunk would cost more than the exponential itself
        out[:, rows] = _of_logits(logits, targets_N[rows], room[: len(logits)])
    return out


def _of_logits(logits_N_V: Tensor, targets_N: Tensor, room_N_V: Tensor) -> Tensor:
    """Return the `(4, N)` statistics of logits that the sampling temperature has divided; both blocks are used up."""
    highest, likeliest = logits_N_V.max(1, keepdim=True)
    logits_N_V -= highest
    mean = logits_N_V.mean(1)
    target = logits_N_V.gather(1, targets_N[:, None]).squeeze(1)
    weights = torch.exp(logits_N_V, out=room_N_V)
    total = weights.sum(1)
    weights.scatter_(1, likeliest, 0.0)  # it weighs 1 there and adds nothing to the entropy: its logit is 0
    second = weights.amax(1)
    log_total = total.log()
    return torch.stack(
        (
            target - log_total,
            log_total - weights.mul_(logits_N_V).sum(1) / total,
            log_total - mean - math.log(logits_N_V.shape[1]),
            (1 - second) / total,
        )
    )


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
            self.columns.append(_of_logits(logits, drawn_B, torch.empty_like(logits)))
            self.pending_B_V = None

    def statistics(self, completion_ids: Sequence[Sequence[int]]) -> TokenStatistics:
        """Return the statistics of the finished completions, in the order of the batch. Call it once."""
        if self.pending_B_V is not None:
            last = [ids[-1] if len(ids) > len(self.columns) else 0 for ids in completion_ids]
            self._settle(torch.tensor(last, device=self.pending_B_V.device))
        values = torch.stack(self.columns, 2).tolist()
        rows = [[row[: len(ids)] for row, ids in zip(kind, completion_ids, strict=True)] for kind in values]
        return TokenStatistics(*rows)


def attach(model: nn.Module) -> None:
    """Let `model(..., statistics_at=T, targets=...)` return token statistics instead of logits.

    Going through the model's own call keeps the hooks of DDP, FSDP, ZeRO and PEFT in force.
    """
    plain_forward = model.forward

    @functools.wraps(type(model).forward)
    def forward(
        self: Any, *args: Any, statistics_at: float | None = None, targets: Tensor | None = None, **kwargs: Any
    ) -> Any:
        if statistics_at is None or targets is None:
            return plain_forward(*args, **kwargs)
        hidden = self.base_model(*args, **kwargs, use_cache=False).last_hidden_state[:, :-1]
        targets = targets[:, 1:]
        mask = targets != -100
        head = self.get_output_embeddings()
        weight, bias = _whole(head.weight), None if head.bias is None else _whole(head.bias)
        with maybe_gather_lm_head_ctx(weight, bias):
            flat = statistics_of(
                hidden[mask], weight, bias, targets[mask], statistics_at, *_logit_transform(self.config)
            )
        out = torch.zeros((4, *mask.shape), device=flat.device)
        return out.masked_scatter(mask.expand_as(out), flat)

    model.forward = types.MethodType(forward, model)


def _whole(parameter: Tensor) -> Tensor:
    return parameter.full_tensor() if isinstance(parameter, DTensor) else parameter


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
