"""What a run will take on GPUs: memory of one GPU and time of one step, by formulas that `docs/scaling.md` states.

Estimates from the model's shape and the hardware's data sheet, to choose a layout by; nothing here is measured.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from urlvr_bench.errors import UsageError
from urlvr_bench.protocol import Protocol
from urlvr_bench.running.shapes import Shape, shape_of
from urlvr_bench.settings import Training

GB = 1e9
PROMPT_TOKENS = 1024
"""The paper's limit; most prompts are shorter."""
FORWARD = 0.4
"""What a block holds while it passes forward, as a share of what it holds backward; by torch's memory tracker."""
LOGIT_BYTES = 2 * 2**30
"""Chunks of logits, ours and the trainer's, whatever the vocabulary."""
FIXED_BYTES = 3 * 2**30
"""CUDA context, NCCL buffers, fragments."""


@dataclass(frozen=True)
class Gpu:
    """What the data sheet says of a GPU, and the shares of it that training and decoding usually reach."""

    memory: float = 80 * GB
    flops: float = 989e12
    """Of bfloat16 without sparsity, per second: an H100."""
    bandwidth: float = 3.35e12
    """Of memory, bytes per second."""
    flops_share: float = 0.35
    bandwidth_share: float = 0.6


@dataclass(frozen=True)
class Footprint:
    """Bytes of one GPU by purpose, and seconds of one step."""

    layout: str
    gpus: int
    states: float
    """Weights, gradients and optimizer states."""
    start: float
    """The frozen start, for the KL to it."""
    sampling: float
    """What vLLM is given, or the cache of transformers."""
    activations: float
    total: float
    fits: bool
    generation_seconds: float
    update_seconds: float

    @property
    def step_seconds(self) -> float:
        """Seconds of a step without rewards and evaluations."""
        return self.generation_seconds + self.update_seconds


def states(layout: str, parameters: float, gpus: int, adapter: float = 0.0) -> float:
    """Return bytes per GPU of weights, gradients and Adam's two moments.

    float32 weights are kept for every layout, for bfloat16 ones swallow small updates: 4 + 4 + 8 bytes a weight.
    DeepSpeed computes on a further bfloat16 copy with bfloat16 gradients: 2 + (2 + 4 + 8) / N in ZeRO-2. Under an
    adapter all of this is of the adapter alone; the weights below it are frozen, and DeepSpeed's only bfloat16.
    """
    trained = {"multi_gpu": 16.0, "zero2": 2 + 14 / gpus, "zero3": 16 / gpus, "fsdp2": 16 / gpus}[layout]
    frozen = {"multi_gpu": 4.0, "zero2": 2.0, "zero3": 2 / gpus, "fsdp2": 4 / gpus}[layout]
    return frozen * parameters + trained * adapter if adapter else trained * parameters


def adapter_parameters(shape: Shape, rank: int) -> int:
    """Return the weights of a LoRA adapter on every linear layer but the head."""
    wide, key_value = shape.hidden + shape.query, shape.hidden + shape.key_value
    return shape.layers * rank * (2 * wide + 2 * key_value + 3 * (shape.hidden + shape.feed_forward))


def activations(layout: str, shape: Shape, training: Training, prompt: int = PROMPT_TOKENS) -> float:
    """Return bytes that the pass of one micro-batch takes at most, beyond the states.

    Every block keeps its input; one block at a time, or all of them without checkpointing, also holds what is
    inside. Autocast keeps copies of all trained weights through the forward pass, and the gradient of a head that is
    the embeddings waits for theirs. FSDP2 gathers the head and two blocks instead, and keeps such a gradient whole; a
    head that is not trained is let go before the blocks.
    """
    sharded, full = layout in ("fsdp2", "zero3"), not training.lora_rank
    tokens = training.micro_batch * (prompt + training.max_completion_tokens)
    width = 2 if training.precision == "bfloat16" else 4
    between = width if sharded else 4  # FSDP2 hands bfloat16 from block to block, autocast float32
    inputs = between * shape.hidden * (shape.layers + 2) * tokens
    inside = (shape.block_bytes(width) - 2 * (4 - between) * 2 * shape.hidden) * tokens
    if sharded:
        head = width * shape.vocabulary * shape.hidden * (1 + shape.tied) * full
        always, forward, backward = float(head + 2 * width * shape.block), 0.0, 0.0
    else:
        trained = shape.parameters if full else adapter_parameters(shape, training.lora_rank)
        always, forward = 0.0, 2.0 * trained if width == 2 else 0.0
        backward = 4.0 * shape.head if shape.tied and full else 0.0
    if not training.gradient_checkpointing:
        return always + forward + inputs + inside * shape.layers
    return always + inputs + max(forward + FORWARD * inside, backward + inside)


def generation(shape: Shape, training: Training, rows: float, room: float, gpu: Gpu, prompt: int) -> float:
    """Return seconds to sample `rows` completions of full length: each token reads all weights and the cache.

    `room` is what the cache may take; more rows than fit follow in waves.
    """
    width = 2 if training.vllm != "none" else 4
    mean_tokens = prompt + training.max_completion_tokens / 2
    fitting = max(1.0, min(rows, room / (shape.cache_bytes(width) * mean_tokens)))
    read = width * shape.parameters + fitting * mean_tokens * shape.cache_bytes(width)
    waves = math.ceil(rows / fitting)
    return waves * training.max_completion_tokens * read / (gpu.bandwidth * gpu.bandwidth_share)


def update(shape: Shape, training: Training, rows: float, gpu: Gpu, prompt: int) -> float:
    """Return seconds of the passes over `rows` rollouts: old log-probabilities, forward, backward, recomputation.

    2 operations a weight and token forwards, 4 backwards; causal attention adds 2 x T^2 x width a layer forwards.
    """
    tokens = prompt + training.max_completion_tokens
    forward = 2 * shape.parameters * tokens + 2 * shape.layers * shape.query * tokens**2
    passes = 3 + training.gradient_checkpointing + (training.vllm != "none")
    return rows * forward * passes / (gpu.flops * gpu.flops_share)


def footprint(protocol: Protocol, layout: str, gpus: int, gpu: Gpu, prompt: int = PROMPT_TOKENS) -> Footprint:
    """Return what a run of `protocol` on prompts of so many tokens takes of each GPU under a layout of its states."""
    shape, training = shape_of(protocol.model), protocol.training
    rows = training.rows / gpus
    adapter = adapter_parameters(shape, training.lora_rank) if training.lora_rank else 0
    kept = states(layout, shape.parameters, gpus, adapter)
    start = 4.0 * shape.parameters if training.kl_every else 0.0
    inside = activations(layout, shape, training, prompt) + LOGIT_BYTES
    others = kept + start + inside + FIXED_BYTES
    if training.vllm == "none":
        room = max(0.0, gpu.memory - others)
        whole = rows * shape.cache_bytes(4) * (prompt + training.max_completion_tokens)
        sampling = whole
    elif training.vllm == "colocate":
        sampling = training.vllm_memory * gpu.memory
        room = sampling - 2 * shape.parameters
    else:
        sampling, room = 0.0, 0.9 * gpu.memory - 2 * shape.parameters
    total = others + sampling
    return Footprint(
        layout,
        gpus,
        kept,
        start,
        sampling,
        inside,
        total,
        total <= gpu.memory and room > 0,
        generation(shape, training, rows, room, gpu, prompt),
        update(shape, training, rows, gpu, prompt),
    )


def table(protocol: Protocol, gpus: int, gpu: Gpu) -> list[Footprint]:
    """Return the footprints of every layout that makes sense on `gpus` GPUs."""
    if protocol.training.prompts_per_step % gpus:
        raise UsageError(
            f"{gpus} GPUs would cut groups: prompts_per_step={protocol.training.prompts_per_step} of {protocol.name} "
            "is not divisible by it"
        )
    layouts = ["multi_gpu"] if gpus == 1 else ["multi_gpu", "zero2", "zero3", "fsdp2"]
    return [footprint(protocol, layout, gpus, gpu) for layout in layouts]


def row(found: Footprint, protocol: Protocol) -> dict[str, Any]:
    """Return a footprint as a row for people: GB, seconds, hours."""
    sampler = "cache" if protocol.training.vllm == "none" else "vLLM"
    return {
        "GPUs": found.gpus,
        "layout": found.layout,
        "states": f"{found.states / GB:.1f}",
        "start": f"{found.start / GB:.1f}",
        sampler: f"{found.sampling / GB:.1f}",
        "activations": f"{found.activations / GB:.1f}",
        "total GB": f"{found.total / GB:.1f}",
        "fits": "yes" if found.fits else "no",
        "sampling s": f"{found.generation_seconds:.0f}",
        "update s": f"{found.update_seconds:.0f}",
        "training h": f"{found.step_seconds * protocol.training.steps / 3600:.1f}",
    }


def markdown(protocol: Protocol, numbers: Sequence[int], gpu: Gpu) -> str:
    """Return the rows for each number of GPUs as a table."""
    import pandas as pd  # takes half a second to import

    rows = [row(each, protocol) for number in numbers for each in table(protocol, number, gpu)]
    align = ["right", "left", *["right"] * (len(rows[0]) - 2)]
    return str(pd.DataFrame(rows).to_markdown(index=False, disable_numparse=True, colalign=align))
