"""What only a GPU can show, in ten minutes on any CUDA machine: one JSON that docs/real-models.md is written from.

Every check is a run of the command line, as a user starts it, or a comparison with the processor: signals, bfloat16
training beside its plan, vLLM in the training's process and as a server of its own, and FSDP2 beside DDP. What a
machine lacks (a second GPU, vLLM) is skipped and says so; a check that fails does not keep the others from running.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from urlvr_bench import __version__, models, protocol
from urlvr_bench.records.run_folder import read_steps
from urlvr_bench.system.files import write_atomically

ROOT = Path(__file__).resolve().parents[1]
TARGET = ROOT / "benchmarks" / "gpu_proof.json"
SECONDS = 600
STEPS = 4
LONG = ("prompts_per_step=8", "group_size=8", "micro_batch=64", "max_completion_tokens=256")
"""Settings under which a micro-batch takes more memory than CUDA does by itself."""
PORT = 8199
SIGNALS_AGREE = 1e-3
"""Nats: float32 products of a GPU add up in another order than a processor's."""
SHARDS_AGREE = 1e-3
PLAN_AGREES = (0.5, 1.5)
"""Peak memory over the plan's: the plan is for choosing a layout, and counts chunks of logits at their largest."""


class Skipped(Exception):  # noqa: N818
    """This machine lacks what the check is about."""


class Proof:
    """Runs checks one after another, each in what is left of the time, and keeps what they found."""

    def __init__(self, model: str, task: str) -> None:
        self.model, self.task, self.until = model, task, time.monotonic() + SECONDS
        self.folder = Path(tempfile.mkdtemp(prefix="gpu-proof-"))
        self.checks: list[dict[str, Any]] = []

    def left(self) -> float:
        """Return the seconds that are left."""
        return max(1.0, self.until - time.monotonic())

    def check(self, name: str, make: Callable[["Proof"], dict[str, Any]]) -> None:
        """Carry out one check and say how it went."""
        started, found = time.monotonic(), {}
        try:
            found = make(self)
            state = "passed" if found.pop("passed") else "failed"
        except Skipped as lack:
            state, found = "skipped", {"why": str(lack)}
        except Exception as error:
            state, found = "failed", {"why": f"{type(error).__name__}: {error}"[-400:]}
        self.checks.append({"check": name, "state": state, "seconds": round(time.monotonic() - started, 1), **found})
        print(f"{name}: {state} {found}", flush=True)

    def run(self, name: str, *arguments: str, **environment: str) -> list[dict[str, Any]]:
        """Train a few steps by the command line; return the rows of its steps."""
        out = self.folder / name
        settings = [f"steps={STEPS}", f"every={STEPS}", f"save_every={STEPS}", "training.precision=bfloat16"]
        command = [sys.executable, "-m", "urlvr_bench.cli", "run", "--protocol", "smoke", "--model", self.model]
        command += ["--task", self.task, "--out", str(out), *(word for one in settings for word in ("--set", one))]
        done = subprocess.run(
            [*command, *arguments],
            env={**os.environ, **environment},
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=self.left(),
        )
        if done.returncode:
            raise RuntimeError(done.stderr.strip()[-300:])
        return read_steps(next(out.rglob("steps.jsonl")))


def signals(proof: Proof, devices: Sequence[str] = ("cpu", "cuda")) -> dict[str, Any]:
    """Score the same completions on the GPU and on the processor, in float32."""
    import torch
    from transformers import AutoModelForCausalLM

    from urlvr_bench.training import signals as scoring

    path, found = models.resolve(proof.model), []
    draw = torch.Generator().manual_seed(0)
    texts = [torch.randint(5, 20, (24,), generator=draw).tolist() for _ in range(8)]
    for device in devices:
        model = AutoModelForCausalLM.from_pretrained(path, dtype=torch.float32, **models.NO_CODE).to(device).eval()
        scoring.attach(model)
        prompts, ends = [text[:12] for text in texts], [text[12:] for text in texts]
        scored = scoring.score(model, prompts, ends, 1.0, 0, 8, torch.device(device))
        found.append(torch.tensor(list(vars(scored).values())))
    apart = (found[0] - found[1]).abs().amax((1, 2)).tolist()
    return {"apart": dict(zip(vars(scored), apart, strict=True)), "passed": max(apart) < SIGNALS_AGREE}


def training(proof: Proof) -> dict[str, Any]:
    """Train in bfloat16, watch the memory, and compare with the plan."""
    from urlvr_bench.running import cpu_cost, footprint

    with memory() as peak:
        rows = proof.run("bf16", "--method", "token_entropy", *(word for one in LONG for word in ("--set", one)))
    changes = dict(one.split("=") for one in (*LONG, "training.precision=bfloat16"))
    settings = protocol.load("smoke", changes).model_copy(update={"model": proof.model})
    prompt = cpu_cost.prompt_tokens(proof.task)
    planned = footprint.footprint(settings, "multi_gpu", 1, footprint.Gpu(), prompt)
    ratio = peak[0] / planned.total
    return {
        "peak_gb": peak[0] / 1e9,
        "planned_gb": planned.total / 1e9,
        "memory_ratio": ratio,
        "step_seconds": steady(rows),
        "planned_step_seconds": planned.step_seconds,
        "entropy": [row["entropy"] for row in rows],
        "passed": PLAN_AGREES[0] < ratio < PLAN_AGREES[1] and all(row["entropy"] > 0 for row in rows),
    }


def colocate(proof: Proof) -> dict[str, Any]:
    """Sample with vLLM in the training's process."""
    require_vllm()
    rows = proof.run("colocate", "--method", "majority_vote", "--set", "vllm=colocate")
    return {"step_seconds": steady(rows), "kl_to_start": rows[-1]["kl_to_start"], "passed": len(rows) == STEPS}


def server(proof: Proof) -> dict[str, Any]:
    """Sample with vLLM in a server on the second GPU."""
    require_vllm()
    require_gpus(2)
    address = f"http://127.0.0.1:{PORT}"
    command = ["vllm", "serve", models.resolve(proof.model), "--port", str(PORT), "--max-logprobs", "-1"]
    command += ["--logprobs-mode", "processed_logprobs", "--weight-transfer-config", '{"backend":"nccl"}']
    told = {**os.environ, "CUDA_VISIBLE_DEVICES": "1", "VLLM_SERVER_DEV_MODE": "1"}
    with (proof.folder / "server.txt").open("w") as log:
        child = subprocess.Popen(command, env=told, stdout=log, stderr=log)
    try:
        wait_for(f"{address}/health", child, proof.left() / 2)
        rows = proof.run(
            "server", "--method", "majority_vote", "--set", "vllm=server",
            CUDA_VISIBLE_DEVICES="0", URLVR_VLLM_SERVER=address,
        )  # fmt: skip
    finally:
        child.terminate()
        child.wait(30)
    return {"step_seconds": steady(rows), "kl_to_start": rows[-1]["kl_to_start"], "passed": len(rows) == STEPS}


def sharded(proof: Proof) -> dict[str, Any]:
    """Train the same rollouts on two GPUs by FSDP2 and by DDP, in float32, and compare every step's reward."""
    require_gpus(2)
    asked = ("--method", "token_entropy", "--set", "training.precision=float32", "--set", "draws=rollout")
    both = ("--launcher", "accelerate", "--processes", "2", "--config")
    found = {config: proof.run(config, *asked, *both, config) for config in ("fsdp2", "multi_gpu")}
    pairs = zip(found["fsdp2"], found["multi_gpu"], strict=True)
    apart = [abs(one["proxy_reward"] - two["proxy_reward"]) for one, two in pairs]
    return {"step_seconds": steady(found["fsdp2"]), "reward_apart": apart, "passed": max(apart) < SHARDS_AGREE}


def require_vllm() -> None:
    """Skip a check where vLLM is not installed."""
    if find_spec("vllm") is None:
        raise Skipped("vllm is not installed: pip install 'urlvr-bench[vllm]'")


def require_gpus(number: int) -> None:
    """Skip a check where there are fewer GPUs."""
    import torch

    if torch.cuda.device_count() < number:
        raise Skipped(f"needs {number} GPUs, this machine has {torch.cuda.device_count()}")


def steady(rows: list[dict[str, Any]]) -> float:
    """Return the mean seconds of the steps after the first, which warms up."""
    return sum(sum(row["seconds"].values()) for row in rows[1:]) / len(rows[1:])


def wait_for(address: str, child: subprocess.Popen[bytes], seconds: float) -> None:
    """Wait until a server answers."""
    until = time.monotonic() + seconds
    while time.monotonic() < until and child.poll() is None:
        try:
            urllib.request.urlopen(address, timeout=2).close()  # noqa: S310
            return
        except OSError:
            time.sleep(1)
    raise RuntimeError("the vLLM server did not come up")


@contextmanager
def memory() -> Iterator[list[float]]:
    """Watch the memory in use of the first GPU, beyond what was in use before; the peak is in the list."""
    import torch

    def used() -> float:
        free, total = torch.cuda.mem_get_info(0)
        return float(total - free)

    before, peak, over = used(), [0.0], threading.Event()

    def watch() -> None:
        while not over.wait(0.05):
            peak[0] = max(peak[0], used() - before)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield peak
    finally:
        over.set()
        watcher.join()


def main() -> int:
    """Check this machine and write what was found; refuse one without a GPU."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="smollm2-135m")
    parser.add_argument("--task", default="words")
    parser.add_argument("--json", type=Path, default=TARGET)
    given = parser.parse_args()
    import torch

    if not torch.cuda.is_available():
        print("error: this proof needs a CUDA GPU, and torch finds none here: run it on a machine with one")
        return 2
    proof = Proof(given.model, given.task)
    for make in (signals, training, sharded, colocate, server):
        proof.check(make.__name__, make)
    gpus = [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())]
    found = {
        "gpus": gpus,
        "version": __version__,
        "torch": torch.__version__,
        "date": time.strftime("%Y-%m-%d"),
        "model": models.display_name(given.model),
        "task": given.task,
        "checks": proof.checks,
    }
    write_atomically(given.json, json.dumps(found, indent=1) + "\n")
    return int(any(check["state"] == "failed" for check in proof.checks))


if __name__ == "__main__":
    sys.exit(main())
