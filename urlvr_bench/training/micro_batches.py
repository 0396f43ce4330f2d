"""How many rollouts a forward pass may take on a CPU, so that what it keeps for the backward pass fits."""

from typing import Any

import psutil

from urlvr_bench.settings import Training

LARGEST_BYTES = 1 << 30
"""More rollouts at a time save no time on a CPU."""
SHARE = 0.25
"""Of the memory that is free when the run starts."""


def row_bytes(config: Any, tokens: int, precision: str) -> float:
    """Return bytes that the forward pass of a row of so many tokens keeps, of a transformer with this configuration.

    In each block: its float32 input, the inputs of its matrix products in the precision of the forward pass, and the
    attention weights of every head.
    """
    hidden, heads = config.hidden_size, config.num_attention_heads
    wide = (getattr(config, "head_dim", None) or hidden // heads) * heads
    feed_forward = getattr(config, "intermediate_size", None) or 4 * hidden
    width = 2 if precision == "bfloat16" else 4
    block = 4 * hidden + width * (6 * hidden + 4 * wide + 4 * feed_forward) + (width + 4) * heads * tokens
    return float(config.num_hidden_layers * tokens * block)


def fitting(training: Training, row: float, rows: int) -> int:
    """Return the protocol's micro-batch, or the largest divisor of `rows` (those of a mini-batch) that fits instead."""
    room = min(LARGEST_BYTES, SHARE * psutil.virtual_memory().available)
    most = min(training.micro_batch, rows, max(1, int(room / row)))
    return next(number for number in range(most, 0, -1) if rows % number == 0)
