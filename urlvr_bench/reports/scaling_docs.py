"""Keep the generated parts of docs/scaling.md and docs/real-models.md true: plans, and what has been measured."""

import itertools
import json
import re
import sys
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tabulate import tabulate

from urlvr_bench import protocol
from urlvr_bench.presentation import generated
from urlvr_bench.protocol import Protocol
from urlvr_bench.running import cpu_cost, footprint
from urlvr_bench.running.footprint import GB, Footprint, Gpu
from urlvr_bench.running.shapes import shape_of

ROOT = Path(__file__).resolve().parents[2]
BLOCK = re.compile(r"(<!-- BEGIN (\w+) -->\n).*?(<!-- END \2 -->)", re.DOTALL)
GPUS = (1, 8, 64)
MODELS = (
    "HuggingFaceTB/SmolLM2-135M-Instruct",
    "Qwen/Qwen3-0.6B-Base",
    "Qwen/Qwen3-1.7B-Base",
    "Qwen/Qwen3-4B-Base",
    "Qwen/Qwen3-8B-Base",
)
DESK = "desk-press"
LAYOUTS = {1: "multi_gpu", 8: "fsdp2"}
RANK = 32
PLACES = {
    "one of 24 GB": (1, Gpu(memory=24 * GB, flops=165e12, bandwidth=1.008e12)),  # an RTX 4090's data sheet
    "one of 80 GB": (1, Gpu()),
    "eight of 80 GB": (8, Gpu()),
}
WAYS: tuple[tuple[str, dict[str, str]], ...] = (
    ("all weights", {}),
    ("all weights, `--set kl_every=0`", {"kl_every": "0"}),
    ("adapter, `--set lora_rank=32 --set backend=hf`", {"lora_rank": "32", "backend": "hf"}),
    (
        "adapter, `--set lora_rank=32 --set backend=hf --set kl_every=0`",
        {"lora_rank": "32", "backend": "hf", "kl_every": "0"},
    ),
)
"""Ways to train a model, the first that fits is shown."""


def cpu() -> str:
    """Return what the desk's protocol takes of each model on two cores."""
    settings = protocol.load(DESK)
    prompt, base = cpu_cost.prompt_tokens(settings.task), shape_of(MODELS[0]).parameters
    minutes = settings.reference_minutes or 0.0
    rows = []
    for name in MODELS:
        shape = shape_of(name)
        taken = minutes * shape.parameters / base
        rows.append(
            {
                "model": f"`{name}`",
                "GB": f"{cpu_cost.memory(shape, settings.training, prompt) / GB:.0f}",
                "minutes": f"{taken:.0f}" if taken < 120 else f"{taken / 60:.0f} h",
                "minutes are": "measured" if name == MODELS[0] else "estimated",
            }
        )
    return grid(rows)


def gpu() -> str:
    """Return the first way in which each model fits each place, under the paper's protocol."""
    rows = [
        {"model": f"`{name}`", "GPUs": place} | way(name, *there) for name in MODELS for place, there in PLACES.items()
    ]
    return grid(rows)


def way(name: str, gpus: int, card: Gpu) -> dict[str, str]:
    """Return how a model can be trained on so many of a card, and what that takes of each and in all."""
    for said, changes in WAYS:
        settings = protocol.load("paper", changes).model_copy(update={"model": name})
        fitting = [found for found in footprint.table(settings, gpus, card) if found.fits]
        if fitting:
            found = next((one for one in fitting if one.layout in ("multi_gpu", "fsdp2")), fitting[0])
            taken = {"GB each": f"{found.total / GB:.0f}", "hours": hours(found, settings)}
            return {"trains": said, "layout": found.layout, **taken}
    return {"trains": "does not fit", "layout": "", "GB each": "", "hours": ""}


def hours(found: Footprint, settings: Protocol) -> str:
    """Return the hours of a training."""
    return f"{found.step_seconds * settings.training.steps / 3600:.0f}"


def tracked() -> str:
    """Return what torch's tracker counted, from the committed file."""
    path = ROOT / "benchmarks" / "memory.json"
    rows = json.loads(path.read_text()) if path.is_file() else []
    if not rows:
        return "Not counted yet: `python benchmarks/memory.py` does it."
    return grid([{**row, "ratio": f"{row['peak, plan'] / row['peak, tracker']:.2f}"} for row in rows])


def memory() -> str:
    """Return what whole models take of each GPU by the plan's formulas, trained whole and under an adapter."""
    rows = []
    for name, (number, layout), rank in itertools.product(MODELS[2:], LAYOUTS.items(), (0, RANK)):
        changes = {"lora_rank": str(rank), "backend": "hf"} if rank else {}
        shape, training = shape_of(name), protocol.load("paper", changes).training
        adapter = footprint.adapter_parameters(shape, rank)
        states = footprint.states(layout, shape.parameters, number, adapter)
        rows.append(
            {
                "model": f"`{name}`",
                "GPUs": number,
                "layout": layout,
                "trains": f"{adapter:,} weights of an adapter" if rank else f"all {shape.parameters:,} weights",
                "states": f"{states / GB:.1f}",
                "activations": f"{footprint.activations(layout, shape, training) / GB:.1f}",
            }
        )
    return grid(rows)


def proof(path: Path = ROOT / "benchmarks" / "gpu_proof.json") -> str:
    """Return what is known of a real GPU: that nothing is, until a proof is committed."""
    if not path.is_file():
        return (
            "**The suite has never been run on a GPU.** `make gpu-proof` changes this sentence: no proof is committed."
        )
    found = json.loads(path.read_text())
    names = ("check", "state", "seconds", "why")
    rows = [{name: check.get(name, "") for name in names} for check in found["checks"]]
    where = f"Run on {', '.join(found['gpus'])} ({found['date']}, torch {found['torch']}, {found['model']})"
    return f"{where}:\n\n{grid(rows)}"


def vllm(path: Path = ROOT / "benchmarks" / "vllm_speed.json") -> str:
    """Return how vLLM and transformers compare on a processor, from the committed file."""
    if not path.is_file():
        return "Not measured yet: `make vllm-test` does it."
    found = json.loads(path.read_text())
    alike = "within" if abs(found["difference"]) <= found["half_width"] else "**beyond**"
    text = (
        f"In {found['precision']} on {found['cores']} cores with torch {found['torch']}, under a load of "
        f"{found['load']} by other work. The share of right answers differs by {found['difference']:+.3f} (vLLM less "
        f"transformers), {alike} the 95 % half-width of {found['half_width']:.3f} over problems."
    )
    return f"{grid(found['rows'])}\n\n{textwrap.fill(text, 120, break_on_hyphens=False)}"


def grid(rows: Sequence[dict[str, Any]]) -> str:
    """Return rows as a table."""
    return str(tabulate(rows, headers="keys", tablefmt="pipe", disable_numparse=True))


def plan() -> str:
    """Return the plan of the paper's protocol."""
    return footprint.markdown(protocol.load("paper"), GPUS, Gpu())


PAGES = {"scaling.md": (plan, tracked), "real-models.md": (proof, cpu, gpu, memory, vllm)}


def page(path: Path, makers: Sequence[Any]) -> str:
    """Return a page with every block between its markers made anew."""
    made = {maker.__name__: maker for maker in makers}
    return BLOCK.sub(lambda marks: f"{marks[1]}{made[marks[2]]()}\n{marks[3]}", path.read_text(encoding="utf-8"))


def main(arguments: list[str]) -> int:
    """Rewrite the pages, or with `--check` only say which are stale."""
    docs = ROOT / "docs"
    return generated.keep({docs / name: page(docs / name, makers) for name, makers in PAGES.items()}, arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
