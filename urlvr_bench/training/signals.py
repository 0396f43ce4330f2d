"""Token statistics of completions under the policy: as they are drawn, or by one no-gradient forward.

The statistics of a completion's token t come from the logits that the token was drawn from (those at position
t - 1), divided by the sampling temperature.
"""

import functools
import types
from collections.abc import Sequence
from contextlib import nullcontext
from typing import Any

import torch
from torch import Tensor, nn
from transformers import LogitsProcessor
from trl.trainer.utils import maybe_gather_lm_head_ctx

from urlvr_bench.training.seams import TokenStatistics
from urlvr_bench.training.sharding import whole
from urlvr_bench.training.token_statistics import of_logits, statistics_of


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
        weight, bias = whole(head.weight), None if head.bias is None else whole(head.bias)
        split = hasattr(weight, "ds_id")  # by ZeRO-3, which has not split a frozen start
        with maybe_gather_lm_head_ctx(weight, bias) if split else nullcontext():
            flat = statistics_of(
                hidden[mask], weight, bias, targets[mask], statistics_at, *_logit_transform(self.config)
            )
        out = torch.zeros((4, *mask.shape), device=flat.device)
        return out.masked_scatter(mask.expand_as(out), flat)

    model.forward = types.MethodType(forward, model)


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
