"""Token statistics of completions under the policy: one no-gradient forward, exact, without the full logits.

The statistics of a completion's token t come from the logits that the token was drawn from (those at position
t - 1), divided by the sampling temperature. At most a chunk of N x V logits exists at a time, never B x T x V.
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
        highest, likeliest = logits.max(1, keepdim=True)
        logits -= highest
        mean = logits.mean(1)
        target = logits.gather(1, targets_N[rows, None]).squeeze(1)
        weights = torch.exp(logits, out=room[: len(logits)])  # a fresh block for each chunk would cost more than exp
        total = weights.sum(1)
        weights.scatter_(1, likeliest, 0.0)  # it weighs 1 there and adds nothing to the entropy: its logit is 0
        second = weights.amax(1)
        log_total = total.log()
        out[0, rows] = target - log_total
        out[1, rows] = log_total - weights.mul_(logits).sum(1) / total
        out[2, rows] = log_total - mean - math.log(vocabulary)
        out[3, rows] = (1 - second) / total
    return out


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
