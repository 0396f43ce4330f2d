"""Throughput, start-up and memory of the evaluator: `python benchmarks/evaluator.py [--quick] [--json FILE]`.

The same pocket model answers the same problems, n samples each, four ways in one process: our evaluator, stock lm-eval
with `repeats` at its default batch size (1) and at ours, and a bare `generate` loop that keeps nothing and scores
nothing. Time is processor time of one thread, so that other work on the machine does not count. Rounds alternate and
the best round of each counts. Start-up and memory are those of whole commands that judge one problem once.
"""

import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ |= {"OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"}

import lm_eval
import torch
from lm_eval.models.huggingface import HFLM
from lm_eval.tasks import TaskManager
from report import Tables, report

from urlvr_bench import models, tasks
from urlvr_bench.evaluation import evaluate
from urlvr_bench.evaluation.sampling import load
from urlvr_bench.settings import Evaluation

MODEL, TASK, BATCH = models.resolve("pocket-6"), "chain_addition", 256
MAX_TOKENS = 12


def spec(problems: int, samples: int) -> Evaluation:
    return Evaluation(
        every=1, problems=problems, samples=samples, max_tokens=MAX_TOKENS, batch_size=BATCH, k=(1, samples)
    )


def ours(problems: int, samples: int) -> None:
    """Judge with our evaluator; loading the model is not counted."""
    evaluate.ask(ours.lm, [TASK], 0, spec(problems, samples), Path(ours.folder))  # type: ignore[attr-defined]
    ours.lm.store.samples.clear()  # type: ignore[attr-defined]


def stock(problems: int, samples: int, batch: int) -> None:
    """Judge with lm-eval's own Hugging Face model."""
    lm, task = stock.lms[batch], tasks.load(TASK)  # type: ignore[attr-defined]
    asked = evaluate.config(task, task.docs("test")[:problems], spec(problems, samples))
    lm_eval.evaluate(lm, TaskManager(include_defaults=False).load([asked]), log_samples=False, bootstrap_iters=0)


def bare(problems: int, samples: int) -> None:
    """Generate and decode."""
    model, words = bare.loaded  # type: ignore[attr-defined]
    prompts = [doc["prompt"] for doc in tasks.load(TASK).docs("test")[:problems] for _ in range(samples)]
    for start in range(0, len(prompts), BATCH):
        given = words(prompts[start : start + BATCH], return_tensors="pt", padding=True)
        settings: dict[str, Any] = {"do_sample": True, "temperature": 1.0, "top_k": 0, "top_p": 1.0}
        generated = model.generate(
            input_ids=given.input_ids, attention_mask=given.attention_mask, max_new_tokens=MAX_TOKENS, **settings
        )
        words.batch_decode(generated[:, given.input_ids.shape[1] :], skip_special_tokens=True)


def throughput(samples: int, problems: int, rounds: int) -> dict[str, Any]:
    """Return samples per second of processor time of each contender, and the ratios that matter."""
    contenders: dict[str, tuple[Callable[..., None], tuple[int, ...], int]] = {
        "ours": (ours, (), problems),
        "bare generate": (bare, (), problems),
        "lm-eval, our batch": (stock, (BATCH,), problems),
        "lm-eval, default": (stock, (1,), max(1, problems // 16)),
    }
    best: dict[str, float] = {}
    for _ in range(rounds):
        for name, (run, more, share) in contenders.items():
            begun = time.process_time()
            run(share, samples, *more)
            rate = share * samples / (time.process_time() - begun)
            best[name] = max(best.get(name, 0.0), rate)
    return {
        "n": samples,
        **{f"{name}, samples/s": rate for name, rate in best.items()},
        "ours / bare": best["ours"] / best["bare generate"],
        "ours / default": best["ours"] / best["lm-eval, default"],
        "ours / lm-eval, our batch": best["ours"] / best["lm-eval, our batch"],
    }


def start_up() -> list[dict[str, Any]]:
    """Return processor time and memory of one sample of one problem, as a user calls either program."""
    with tempfile.TemporaryDirectory() as out:
        mine = ["urlvr_bench.cli", "eval", "pocket-6", "--task", TASK, "--problems", "1", "--samples", "1"]
        theirs = ["lm_eval", "run", "--model", "hf", "--model_args", f"pretrained={MODEL}", "--limit", "1"]
        theirs += ["--tasks", TASK, "--include_path", str(tasks.FOLDER), "--device", "cpu"]
        commands = {"urlvr-bench eval": [*mine, "--out", out], "lm-eval run": theirs}
        return [{"command": name, **_child(command)} for name, command in commands.items()]


def _child(arguments: list[str]) -> dict[str, float]:
    quiet = os.open(os.devnull, os.O_WRONLY)
    redirected = [(os.POSIX_SPAWN_DUP2, quiet, 1), (os.POSIX_SPAWN_DUP2, quiet, 2)]
    values = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    child = os.posix_spawn(sys.executable, [sys.executable, "-m", *arguments], values, file_actions=redirected)
    _, status, used = os.wait4(child, 0)
    os.close(quiet)
    if status:
        raise RuntimeError(f"{' '.join(arguments)} failed")
    return {"CPU s": used.ru_utime + used.ru_stime, "memory, MB": used.ru_maxrss / 1024}


def measure(quick: bool) -> Tables:
    torch.set_num_threads(1)
    with evaluate.undisturbed(), tempfile.TemporaryDirectory() as folder:
        loaded = load(MODEL, "cpu", "auto")
        bare.loaded = loaded  # type: ignore[attr-defined]
        stock.lms = {size: HFLM(loaded[0], tokenizer=loaded[1], batch_size=size) for size in (1, BATCH)}  # type: ignore[attr-defined]
        ours.folder = folder  # type: ignore[attr-defined]
        with evaluate.opened(MODEL, spec(1, 1), 0, Path(folder), device="cpu") as ours.lm:  # type: ignore[attr-defined]
            rows = [throughput(n, 32 if quick else 128, 1 if quick else 3) for n in (16, 64)]
    return {"throughput": rows, "start-up": start_up()}


if __name__ == "__main__":
    report(__doc__, measure)
