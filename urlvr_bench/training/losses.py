"""What a method trains on beside TRL's own: advantages as they are paid, and what it adds to the loss."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from accelerate import PartialState
from torch import Tensor

from urlvr_bench.errors import UsageError
from urlvr_bench.training.firewall import Turns
from urlvr_bench.voting import EPSILON

ADDED = ("entropy_weights", "kl_weights")
"""The turns for single tokens whose values weigh terms of the loss."""


def refuse(turns: Turns, name: str, updates_per_step: int) -> None:
    """Raise UsageError for a method whose loss would never differ from that of its reward alone."""
    if "kl_weights" in turns.token_turns and updates_per_step < 2:
        raise UsageError(
            f"{name} weighs how far the policy has moved since it sampled, which is 0 in the first update on a batch, "
            "and mini_batches=1 makes no other: --set mini_batches=4, or another protocol"
        )


def own_advantages(turns: Turns, paid_N: Tensor, group_size: int, trls_B: Tensor) -> dict[str, Tensor]:
    """Return what takes the place of TRL's advantages (B,), of all processes' rewards (N,): those as they are paid.

    Or the deviations from the group's mean over their spread in the batch, as `normalize_then_sum` of TRL ends.
    """
    if not turns.advantages and not turns.scaled_over_batch:
        return {}
    grouped = paid_N.view(-1, group_size)
    apart = (grouped - grouped.mean(1, keepdim=True)).flatten()
    everywhere = paid_N if turns.advantages else apart / (apart.std() + EPSILON)
    first = PartialState().process_index * len(trls_B)
    return {"advantages": everywhere[first : first + len(trls_B)].to(trls_B)}


def of_tokens(rows: Mapping[str, Sequence[Sequence[float]]], mask_B_T: Tensor) -> dict[str, Tensor]:
    """Return the values of single tokens by their name in the batch, as (B, T), 0 where a completion has ended."""
    found = {}
    for turn, values_of in rows.items():
        out = torch.zeros(mask_B_T.shape, device=mask_B_T.device)
        for row, values in zip(out, values_of, strict=True):
            row[: len(values)] = torch.tensor(values, device=out.device)
        found["advantages" if turn == "token_advantages" else turn] = out
    return found


def added(inputs: Mapping[str, Any], logps_B_T: Tensor, entropies_B_T: Tensor, tokens: Tensor) -> Tensor:
    """Return what a micro-batch adds to the loss: the sum of w H and of w |log(p / p_old)|, over the step's `tokens`.

    The weights are constants, so that a weight f'(H) moves the policy as a loss f(H) would in the first update.
    """
    total = logps_B_T.new_zeros(())
    if (weights := inputs.get("entropy_weights")) is not None:
        total = total + (weights * entropies_B_T).sum()
    if (weights := inputs.get("kl_weights")) is not None:
        old = inputs.get("old_per_token_logps")
        moved = logps_B_T - (logps_B_T.detach() if old is None else old)
        total = total + (weights * moved.abs()).sum()
    return total / tokens
