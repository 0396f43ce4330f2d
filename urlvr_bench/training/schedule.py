"""The prompt schedule: which training problem is shown when. It is on disk, and the same for every method."""

import hashlib
import random
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from urlvr_bench.errors import UsageError
from urlvr_bench.records.record import dumps, write_atomically
from urlvr_bench.settings import Training

Choose = Callable[[Sequence[int]], Iterator[int]]
"""Picks, one by one, the problems that may be shown among those offered."""


def draw(docs: int, training: Training, seed: int, choose: Choose = iter) -> list[int]:
    """Return `steps x prompts_per_step` indices into `docs` problems, in the order in which they are shown.

    Every problem is shown once before any is shown again; each pass has an order of its own. With
    `unique_prompts`, the passes are over that many problems, drawn by the seed or following on `first_prompt`.
    """
    rng = random.Random(f"schedule:{seed}")
    offered = range(training.first_prompt or 0, docs)
    wanted = training.unique_prompts or len(offered)
    if not offered or wanted > len(offered):
        start = f" from {training.first_prompt} on" if training.first_prompt else ""
        kind = {"train": "training", "test": "test"}[training.split]
        raise UsageError(f"unique_prompts={wanted}, but the task has {len(offered)} {kind} problems{start}")
    number = wanted if training.initial_vote == "any" else len(offered)
    ordered = offered[:number] if training.first_prompt is not None else rng.sample(offered, number)
    pool = list(islice(choose(ordered), wanted))
    if len(pool) < wanted and training.unique_prompts:
        raise UsageError(
            f"unique_prompts={wanted}, but only {len(pool)} problems start with a vote that is {training.initial_vote}"
        )
    if not pool:
        raise UsageError(f"no problem starts with a vote that is {training.initial_vote}")
    places = training.steps * training.prompts_per_step
    shown: list[int] = []
    while len(shown) < places:
        shown += rng.sample(pool, len(pool))
    return shown[:places]


def write(path: Path, docs: Sequence[dict[str, Any]], order: Sequence[int]) -> None:
    """Write one line per shown prompt: its place in the task and its id."""
    write_atomically(path, "".join(dumps({"index": i, "id": docs[i]["id"]}) + "\n" for i in order))


def prompts_hash(prompts: Sequence[str]) -> str:
    """Return the first 16 hex digits of a SHA-256 over the prompts in the order in which they are shown."""
    return hashlib.sha256("\0".join(prompts).encode()).hexdigest()[:16]
