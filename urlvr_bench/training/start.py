"""The policy as it was before the training: frozen, to measure how far the trained one has moved from it."""

from collections.abc import Callable
from itertools import chain
from typing import Any

import torch
from accelerate import Accelerator
from transformers import AutoModelForCausalLM, PreTrainedModel

from urlvr_bench.models import NO_CODE
from urlvr_bench.training import sharding, signals

Rows = list[list[float]]


def frozen(path: str, like: PreTrainedModel, accelerator: Accelerator) -> PreTrainedModel:
    """Return the model at a path, attached, in the precision and with the attention of the one that is trained."""
    how = {"dtype": like.dtype, "attn_implementation": like.config._attn_implementation, **NO_CODE}
    with sharding.whole_models(accelerator):
        model = AutoModelForCausalLM.from_pretrained(path, **how)
    signals.attach(model)
    return model.to(accelerator.device).eval().requires_grad_(False)


def sampled_kl(policy: Rows, start: Rows, gather: Callable[[list[Any]], list[Any]]) -> float:
    """Return the KL(policy || start) per token, nats, from the log-probabilities of sampled tokens.

    By the estimator exp(-d) - 1 + d of the log-ratio d (Schulman, "Approximating KL divergence"), which is unbiased
    and never negative; over all processes.
    """
    ratios = torch.tensor(list(chain(*policy))) - torch.tensor(list(chain(*start)))
    ratios = torch.cat(gather([ratios]))
    return float((torch.exp(-ratios) - 1 + ratios).mean()) if len(ratios) else 0.0
