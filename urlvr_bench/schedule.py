"""The prompt schedule: which training problem is shown when. It is on disk, and the same for every method."""

import hashlib
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from urlvr_bench.errors import UsageError
from urlvr_bench.protocol import Training
from urlvr_bench.record import dumps, write_atomically


def draw(docs: int, training: Training, seed: int) -> list[int]:
    """Return `steps x prompts_per_step` indices into `docs` problems, in the order in which they are shown.

    Every problem is shown once before any is shown again; each pass has an order of its own. With
    `unique_prompts`, the passes are over that many problems, chosen by the seed.
    """
    if training.unique_prompts and training.unique_prompts > docs:
        raise UsageError(f"unique_prompts={training.unique_prompts}, but the task has {docs} training problems")
    rng = random.Random(f"schedule:{seed}")
    pool = rng.sample(range(docs), training.unique_prompts or docs)
    wanted = training.steps * training.prompts_per_step
    shown: list[int] = []
    while len(shown) < wanted:
        shown += rng.sample(pool, len(pool))
    return shown[:wanted]


def write(path: Path, docs: Sequence[dict[str, Any]], order: Sequence[int]) -> None:
    """Write one line per shown prompt: its place in the task and its id."""
    write_atomically(path, "".join(dumps({"index": i, "id": docs[i]["id"]}) + "\n" for i in order))


def prompts_hash(prompts: Sequence[str]) -> str:
    """Return the first 16 hex digits of a SHA-256 over the prompts in the order in which they are shown."""
    return hashlib.sha256("\0".join(prompts).encode()).hexdigest()[:16]
