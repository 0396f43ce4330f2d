"""What a run of a real model will take on this machine's CPU: minutes, by a probe of two seconds, and memory."""

import math
import time
from dataclasses import dataclass, replace
from functools import cache
from statistics import fmean

from urlvr_bench import tasks
from urlvr_bench.protocol import Run
from urlvr_bench.running.shapes import Shape, shape_of
from urlvr_bench.settings import Training
from urlvr_bench.training.micro_batches import LARGEST_BYTES, kept_bytes

PROBE_ROWS = 64
"""At which two precisions are compared."""
PROBE_SECONDS = 0.5
"""For each of the shapes of a matrix product that are timed."""
CHARACTERS_PER_TOKEN = 3.5
"""Of English text, in the vocabularies of today's models."""
BESIDE_PRODUCTS = {"eager": 1.6, "auto": 3.0}
"""What the passes of an update cost beside their matrix products, by the kernel of attention, whose fused form is slow
backwards on a CPU; measured on SmolLM2-135M, as what follows."""
LAYER_SECONDS = 0.003
"""Of one layer for one token of a batch, however few its rows: many small operations, and the sampling."""
PROCESS_BYTES = 1.2e9
"""Python and its libraries, the booth, and chunks of logits."""


@dataclass(frozen=True)
class Cost:
    """Of one run on a CPU."""

    minutes: float
    memory: float
    """Bytes at the peak."""


def cost(run: Run, threads: int) -> Cost:
    """Return what a run takes, its completions all taken to be as long as they may be."""
    training, evaluation, shape = run.protocol.training, run.protocol.evaluation, shape_of(run.model)
    prompt = prompt_tokens(run.task)
    rows, length = training.rows, training.max_completion_tokens
    read = prompt * (training.prompts_per_step if training.share_prompts else rows)
    step = _decoding(shape, training.precision, rows, read, length, threads)
    passes = 3 * _products(shape, training.precision, read + rows * length, threads)
    step += BESIDE_PRODUCTS[training.attention] * passes
    judged = evaluation.problems * evaluation.samples
    batch = min(evaluation.batch_size, judged)
    shown = prompt * (evaluation.problems if evaluation.share_prompts else judged)
    once = _decoding(shape, evaluation.precision, batch, shown * batch / judged, evaluation.max_tokens, threads)
    seconds = training.steps * step + len(evaluation.steps(training.steps)) * once * judged / batch
    return Cost(seconds / 60, memory(shape, training, prompt))


def memory(shape: Shape, training: Training, prompt: int) -> float:
    """Return bytes at the peak of the training: float32 states, the frozen start, and what a forward pass keeps."""
    trained = shape.parameters - (training.freeze_embeddings and shape.vocabulary * shape.hidden)
    states = 4 * shape.parameters + 12 * trained + (4 * shape.parameters if training.kl_every else 0)
    width, length, rows = 2 if training.precision == "bfloat16" else 4, training.max_completion_tokens, training.rows
    at_once = min(training.micro_batch, rows)
    read = min(at_once, training.prompts_per_step) if training.share_prompts else at_once
    block = kept_bytes(shape.hidden, shape.query, shape.feed_forward, width)
    kept = min(LARGEST_BYTES, shape.layers * (read * prompt + at_once * length) * block)
    cache = rows * shape.cache_bytes(width) * (prompt + length)
    return PROCESS_BYTES + states + max(kept, cache)


@cache
def prompt_tokens(task: str) -> int:
    """Return the mean length of a task's prompts, by their letters."""
    found = tasks.load(task)
    split = found.splits[0]
    return round(fmean(len(found.prompt(doc)) for doc in found.docs(split)[:200]) / CHARACTERS_PER_TOKEN)


def _decoding(shape: Shape, precision: str, rows: int, read: float, length: int, threads: int) -> float:
    """Return seconds to read so many tokens of prompts and then draw `length` tokens for each of `rows` rows."""
    drawn = LAYER_SECONDS * shape.layers + _products(shape, precision, rows, threads)
    return _products(shape, precision, read, threads) + length * drawn


def _products(shape: Shape, precision: str, tokens: float, threads: int) -> float:
    """Return seconds of the forward pass of so many tokens at once."""
    if not tokens:
        return 0.0
    at_once = min(1024, 1 << max(0, round(tokens).bit_length() - 1))
    return tokens / at_once * shape.parameters * seconds_per_weight(at_once, precision, threads)


def emulated(run: Run, threads: int) -> bool:
    """Return whether a run asks for bfloat16 here, where float32 is faster, for want of instructions for it."""
    if "bfloat16" not in (run.protocol.training.precision, run.protocol.evaluation.precision):
        return False
    low, full = (seconds_per_weight(PROBE_ROWS, precision, threads) for precision in ("bfloat16", "float32"))
    return low > full


def in_float32(run: Run) -> Run:
    """Return a run with all of its passes in float32."""
    parts = {name: getattr(run.protocol, name) for name in ("training", "evaluation")}
    full = {name: part.model_copy(update={"precision": "float32"}) for name, part in parts.items()}
    return replace(run, protocol=run.protocol.model_copy(update=full))


@cache
def seconds_per_weight(rows: int, precision: str, threads: int) -> float:
    """Return the time of a matrix product of `rows` rows here, divided by the number of weights."""
    import torch

    usual = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        kind = torch.bfloat16 if precision == "bfloat16" else torch.float32
        left, right = torch.ones(rows, 768, dtype=kind), torch.ones(2048, 768, dtype=kind)
        linear = torch.nn.functional.linear
        linear(left, right)
        best, started = math.inf, time.perf_counter()
        while time.perf_counter() - started < PROBE_SECONDS:
            before = time.perf_counter()
            linear(left, right)
            best = min(best, time.perf_counter() - before)  # the least disturbed
        return best / right.numel()
    finally:
        torch.set_num_threads(usual)
