"""How many rollouts a forward pass may take on a CPU, so that what it keeps for the backward pass fits."""

from typing import Any

import psutil

from urlvr_bench.settings import Training

LARGEST_BYTES = 1 << 30
"""More rollouts at a time save no time on a CPU."""
SHARE = 0.25
"""Of the memory that is free when the run starts."""


def kept_bytes(hidden: int, query: int, feed_forward: int, width: int) -> int:
    """Return bytes per token that the forward pass of one block keeps for the backward pass, without attention weights.

    Its float32 input and the inputs of its matrix products, `width` bytes a number; `query` is the width of all heads.
    """
    return 4 * hidden + width * (6 * hidden + 4 * query + 4 * feed_forward)


def row_bytes(config: Any, tokens: int, precision: str) -> float:
    """Return bytes that the forward pass of a row of so many tokens keeps, of a transformer with this configuration.

    Besides `kept_bytes` these are, in each block, the attention weights of every head.
    """
    hidden, heads = config.hidden_size, config.num_attention_heads
    wide = (getattr(config, "head_dim", None) or hidden // heads) * heads
    feed_forward = getattr(config, "intermediate_size", None) or 4 * hidden
    width = 2 if precision == "bfloat16" else 4
    block = kept_bytes(hidden, wide, feed_forward, width) + (width + 4) * heads * tokens
    return float(config.num_hidden_layers * tokens * block)


def fitting(training: Training, row: float, rows: int) -> int:
    """Return the protocol's micro-batch, or the largest divisor of `rows` (those of a mini-batch) that fits instead."""
    room = min(LARGEST_BYTES, SHARE * psutil.virtual_memory().available)
    most = min(training.micro_batch, rows, max(1, int(room / row)))
    return next(number for number in range(most, 0, -1) if rows % number == 0)
