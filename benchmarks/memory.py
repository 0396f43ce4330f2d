"""The plan's memory beside what torch's own tracker counts: `python benchmarks/memory.py`, twenty minutes on a core.

Whole Qwen3 models under the paper's settings, alone and as one of eight under FSDP2, without a GPU and without their
memory. Writes benchmarks/memory.json after every row, and keeps those that are there; docs/scaling.md shows it.
"""

import itertools
import json
import sys
from pathlib import Path
from typing import Any

from urlvr_bench import protocol
from urlvr_bench.running import footprint, shapes
from urlvr_bench.system.files import write_atomically
from urlvr_bench.training import tracked

TARGET = Path(__file__).with_suffix(".json")
MODELS = ("Qwen/Qwen3-1.7B-Base", "Qwen/Qwen3-4B-Base", "Qwen/Qwen3-8B-Base")
LAYOUTS = {1: "multi_gpu", 8: "fsdp2"}
RANKS = (0, 32)
"""0 for all weights, else the rank of an adapter."""


def key(name: str, processes: int, rank: int) -> dict[str, Any]:
    """Return the columns that say what a row is of."""
    return {"model": name, "GPUs": processes, "trains": f"adapter of rank {rank}" if rank else "all weights"}


def row(name: str, processes: int, rank: int) -> dict[str, Any]:
    """Return a model's states and peak on one process, as the tracker counts them and as the plan says, in GB."""
    changes = {"lora_rank": str(rank), "backend": "hf"} if rank else {}
    training, shape, layout = protocol.load("paper", changes).training, shapes.shape_of(name), LAYOUTS[processes]
    found = tracked.track(shapes.KNOWN[name], training, footprint.PROMPT_TOKENS, processes)
    states = footprint.states(layout, shape.parameters, processes, footprint.adapter_parameters(shape, rank))
    return {
        **key(name, processes, rank),
        "layout": layout,
        "states, tracker": round(found.states / 1e9, 2),
        "states, plan": round(states / 1e9, 2),
        "peak, tracker": round(found.passes / 1e9, 2),
        "peak, plan": round((states + footprint.activations(layout, shape, training)) / 1e9, 2),
    }


def main() -> int:
    """Write every row that is missing as it is found."""
    rows: list[dict[str, Any]] = json.loads(TARGET.read_text()) if TARGET.is_file() else []
    for asked in itertools.product(MODELS, LAYOUTS, RANKS):
        if all(key(*asked).items() - each.items() for each in rows):
            rows.append(row(*asked))
            print(rows[-1], flush=True)
            write_atomically(TARGET, json.dumps(rows, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
