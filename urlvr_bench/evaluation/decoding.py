"""How one token after another is chosen and when a completion ends, row by row, whatever else is in the batch."""

import hashlib
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from transformers import (
    LogitsProcessor,
    LogitsProcessorList,
    PreTrainedTokenizerBase,
    StoppingCriteria,
    StoppingCriteriaList,
)

from urlvr_bench.evaluation.shared_prompts import prefilled


class Draw(LogitsProcessor):
    """Draws each row's next token with that row's own uniform numbers and leaves no other token possible.

    The token is where the cumulative distribution passes the uniform number, so greedy decoding of what is left
    samples exactly, whatever else is in the batch.
    """

    def __init__(self, names: Sequence[str], settings: Mapping[str, Any], prompt_length: int) -> None:
        self.uniforms_B_T = uniforms(names, settings["max_gen_toks"])
        self.settings, self.prompt_length = settings, prompt_length

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        """Return scores (B, V) that are minus infinity but for the drawn token of each row."""
        exact = torch.float32 if scores.device.type == "mps" else torch.float64
        probs_B_V = torch.softmax(scores.to(exact) / self.settings["temperature"], dim=-1)
        top_p, top_k = self.settings["top_p"], self.settings["top_k"] or scores.shape[1]
        cut = top_p < 1 or top_k < scores.shape[1]
        if cut:
            probs_B_V, order_B_V = probs_B_V.sort(dim=-1, descending=True, stable=True)
            probs_B_V = probs_B_V * (probs_B_V.cumsum(-1) - probs_B_V < top_p)
            probs_B_V[:, top_k:] = 0
        cumulative_B_V = probs_B_V.cumsum(-1)
        step = input_ids.shape[1] - self.prompt_length
        point_B_1 = self.uniforms_B_T[:, step : step + 1].to(cumulative_B_V) * cumulative_B_V[:, -1:]
        token_B_1 = torch.searchsorted(cumulative_B_V, point_B_1, right=True).clamp_(max=scores.shape[1] - 1)
        if cut:
            token_B_1 = order_B_V.gather(1, token_B_1)
        return torch.full_like(scores, -torch.inf).scatter_(1, token_B_1, 0.0)


def uniforms(names: Sequence[str], length: int) -> torch.Tensor:
    """Return numbers in [0, 1), float64, of shape (names, length): a hash of each name, drawn out (SHAKE-256)."""
    drawn = b"".join(hashlib.shake_256(name.encode()).digest(8 * length) for name in names)
    bits = np.frombuffer(drawn, "<u8").reshape(len(names), length)
    return torch.from_numpy((bits >> np.uint64(11)) * 2.0**-53)


class StopAt(StoppingCriteria):
    """Ends a row as soon as its generated text holds one of the stop strings."""

    def __init__(self, stops: Sequence[str], tokenizer: PreTrainedTokenizerBase, prompt_length: int) -> None:
        self.stops, self.tokenizer, self.prompt_length = stops, tokenizer, prompt_length
        self.reach = max(len(stop.encode()) for stop in stops) + 1
        """Tokens in which a stop string that has just been completed must lie, for no token is less than a byte."""

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor, **_: Any) -> torch.Tensor:
        """Return whether each row has come to its end, a tensor of shape (B,)."""
        texts = self.tokenizer.batch_decode(input_ids[:, self.prompt_length :][:, -self.reach :])
        return torch.tensor([any(stop in text for stop in self.stops) for text in texts], device=input_ids.device)


@dataclass(frozen=True)
class Decoding:
    """What `model.generate` is to do beyond its settings."""

    processors: Callable[[int], list[LogitsProcessor]] = lambda _: []
    """Made for the width of the prompts."""
    stops: tuple[str, ...] = ()
    tokenizer: PreTrainedTokenizerBase | None = None
    share_prompts: bool = False

    def arguments(self, model: Any, ids_B_P: torch.Tensor, mask_B_P: torch.Tensor) -> dict[str, Any]:
        """Return the further arguments of `model.generate` for these prompts."""
        width = ids_B_P.shape[1]
        stop = [StopAt(self.stops, self.tokenizer, width)] if self.stops and self.tokenizer else []
        return {
            "logits_processor": LogitsProcessorList(self.processors(width)),
            "stopping_criteria": StoppingCriteriaList(stop),
            **(prefilled(model, ids_B_P, mask_B_P) if self.share_prompts else {}),
        }


@contextmanager
def generating_with(model: Any, decoding: Decoding) -> Iterator[None]:
    """Let `model.generate` decode so, whoever calls it."""
    plain, own = model.generate, vars(model).get("generate")  # its own where FSDP has given it one

    def generate(*args: Any, input_ids: torch.Tensor, attention_mask: torch.Tensor, **kwargs: Any) -> Any:
        further = decoding.arguments(model, input_ids, attention_mask)
        return plain(*args, input_ids=input_ids, attention_mask=attention_mask, **further, **kwargs)

    model.generate = generate
    try:
        yield
    finally:
        del model.generate
        if own is not None:
            model.generate = own


def cut(ids: Sequence[int], stops: Sequence[str], tokenizer: PreTrainedTokenizerBase) -> list[int]:
    """Return the tokens up to the one that completes a stop string, all where none does."""

    def stopped(length: int) -> bool:
        text = tokenizer.decode(ids[:length])
        return any(stop in text for stop in stops)

    if not stops or not stopped(len(ids)):
        return list(ids)
    return list(ids[: bisect_left(range(len(ids)), True, key=stopped)])


def greedy(settings: Mapping[str, Any]) -> bool:
    """Return whether the settings leave nothing to chance."""
    return not settings["do_sample"] or settings["temperature"] == 0


def vllm_arguments(name: str, settings: Mapping[str, Any], stop_ids: Sequence[int]) -> dict[str, Any]:
    """Return the arguments of vLLM's SamplingParams for the sample `name`, with a seed that is a hash of it."""
    chance = not greedy(settings)
    return {
        "n": 1,
        "temperature": settings["temperature"] if chance else 0.0,
        "top_p": settings["top_p"],
        "top_k": settings["top_k"],
        "seed": int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big") >> 1 if chance else None,
        "max_tokens": settings["max_gen_toks"],
        "stop": list(settings["until"]),
        "stop_token_ids": list(stop_ids),
        "detokenize": bool(settings["until"]),
    }
