"""Read a prompt that many completions share once: keys and values are made for one row, and copied to the others."""

from typing import Any

import torch
from torch import Tensor


def distinct(ids_B_P: Tensor, mask_B_P: Tensor) -> tuple[Tensor, Tensor]:
    """Return a row (U,) for each different prompt, and for each row (B,) which of those prompts it has."""
    kinds, kind_B = torch.unique(torch.where(mask_B_P > 0, ids_B_P, -1), dim=0, return_inverse=True)
    row_B = torch.arange(len(kind_B), device=kind_B.device)
    first_U = row_B.new_full((len(kinds),), len(row_B)).scatter_reduce_(0, kind_B, row_B, "amin")
    return first_U, kind_B


@torch.no_grad()
def prefilled(model: Any, ids_B_P: Tensor, mask_B_P: Tensor) -> dict[str, Any]:
    """Return what `model.generate` goes on from: the cache of all but the prompts' last tokens, if some are shared."""
    first_U, kind_B = distinct(ids_B_P, mask_B_P)
    if len(first_U) == len(kind_B) or ids_B_P.shape[1] < 2:
        return {}
    mask_U_P = mask_B_P[first_U, :-1]
    cache = model(
        input_ids=ids_B_P[first_U, :-1],
        attention_mask=mask_U_P,
        position_ids=(mask_U_P.cumsum(1) - 1).clamp(min=0),  # as `generate` counts those that follow
        use_cache=True,
        logits_to_keep=1,
    ).past_key_values
    cache.reorder_cache(kind_B)
    return {"past_key_values": cache}
