"""Our training step against TRL's own and against plain torch: `python benchmarks/training.py [--quick] [--json FILE]`.

One process, one thread, the pocket prior and the pocket protocol's batch. Contenders take turns, step by step blocks,
and the median processor time of a step counts, so that other work on the machine does not. `bare TRL` is GRPOTrainer
with a majority vote written by hand; `torch` is the same sampling and one update in a hand-written loop, the floor.
"""

import math
import os
import random
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ |= {"OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"}

import numpy as np
import torch
import transformers
from report import Tables, report
from transformers import AutoModelForCausalLM, LlamaConfig, LlamaForCausalLM, PrinterCallback, TrainerCallback
from trl import GRPOTrainer

from urlvr_bench import Group, methods, models, protocol, tasks
from urlvr_bench.pocket.language import tokenizer as pocket_tokenizer
from urlvr_bench.settings import Training
from urlvr_bench.training import schedule
from urlvr_bench.training.booth import Booth
from urlvr_bench.training.bridge import RewardBridge
from urlvr_bench.training.configuration import trainer_config
from urlvr_bench.training.firewall import Here
from urlvr_bench.training.parallel import adapter
from urlvr_bench.training.policy import freeze_embeddings
from urlvr_bench.training.train import load_tokenizer, prompt_rows
from urlvr_bench.training.trainer import PolicyTrainer

TASK, SKIPPED = "chain_addition", 2
"""The first steps of a block warm caches up and are not counted."""


class Clock(TrainerCallback):
    """The processor time of every step."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    def on_step_begin(self, *_: Any, **__: Any) -> None:
        self.begun = time.process_time()

    def on_step_end(self, *_: Any, **__: Any) -> None:
        self.seconds.append(time.process_time() - self.begun)


def vote(completions: list[str], **_: Any) -> list[float]:
    """Pay agreement with the majority of each group of eight, the way a notebook would."""
    answers = [text.partition("#")[2] for text in completions]
    return [
        float(a == Counter(answers[i // 8 * 8 : i // 8 * 8 + 8]).most_common(1)[0][0]) for i, a in enumerate(answers)
    ]


def with_trl(
    model: str, name: str, training: Training, method: str | None, kl_every: int, pay: Callable[..., list[float]]
) -> list[float]:
    """Train a block of steps on a task by our trainer, or by TRL's with the reward `pay` where `method` is None.

    Returns seconds per step.
    """
    task, words, clock = tasks.load(name), load_tokenizer(model), Clock()
    docs = task.docs("train")
    order = schedule.draw(len(docs), training, 0)
    with tempfile.TemporaryDirectory() as folder:
        shared: dict[str, Any] = {
            "model": model,
            "args": trainer_config(training, Path(folder), 0, 1, use_cpu=True),
            "train_dataset": prompt_rows([task.prompt(docs[i]) for i in order], False),
            "processing_class": words,
            "peft_config": adapter(training),
        }
        if method is None:
            trainer = GRPOTrainer(reward_funcs=[pay], **shared)
        else:
            shown = [docs[i] for i in order]
            bridge = RewardBridge(methods.configure(method, {}), method, task, shown, training.group_size, 0)
            how = {"share_prompts": training.share_prompts, "stops": task.stops}
            trainer = PolicyTrainer(bridge, model, kl_every, training.mini_batches, **how, **shared)
        if training.freeze_embeddings:
            freeze_embeddings(trainer.model)
        trainer.remove_callback(PrinterCallback)
        trainer.add_callback(clock)
        trainer.train()
    return clock.seconds[SKIPPED:]


def with_torch(path: str, training: Training) -> list[float]:
    """Sample with a key-value cache and make one policy-gradient update per step, in plain torch."""
    model, words = AutoModelForCausalLM.from_pretrained(path, dtype=torch.float32), load_tokenizer(path)
    optimizer = torch.optim.AdamW(model.parameters(), lr=training.learning_rate)
    docs, seconds = tasks.load(TASK).docs("train"), []
    for step in range(training.steps):
        begun = time.process_time()
        part = docs[step * training.prompts_per_step : (step + 1) * training.prompts_per_step]
        prompts = [doc["prompt"] for doc in part for _ in range(training.group_size)]
        ids = words(prompts, return_tensors="pt").input_ids
        with torch.no_grad():
            out = model(ids, use_cache=True)
            tokens = [torch.multinomial(out.logits[:, -1].softmax(-1), 1)]
            for _ in range(training.max_completion_tokens - 1):
                out = model(tokens[-1], past_key_values=out.past_key_values, use_cache=True)
                tokens.append(torch.multinomial(out.logits[:, -1].softmax(-1), 1))
        whole = torch.cat([ids, *tokens], 1)
        advantages = torch.randn(len(whole), 1)
        logits = model(whole[:, :-1]).logits[:, ids.shape[1] - 1 :]
        chosen = logits.log_softmax(-1).gather(2, whole[:, ids.shape[1] :, None]).squeeze(2)
        loss = -(advantages * chosen).mean()
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        seconds.append(time.process_time() - begun)
    return seconds[SKIPPED:]


def compared(training: Training, rounds: int) -> list[dict[str, Any]]:
    """Return the median step of every contender and its ratio to bare TRL."""
    path = models.resolve("pocket-6")
    contenders: dict[str, Callable[[], list[float]]] = {
        "bare TRL": lambda: with_trl(path, TASK, training, None, 0, vote),
        "majority_vote": lambda: with_trl(path, TASK, training, "majority_vote", 0, vote),
        "token_entropy": lambda: with_trl(path, TASK, training, "token_entropy", 0, vote),
        "majority_vote, KL every 5": lambda: with_trl(path, TASK, training, "majority_vote", 5, vote),
        "torch": lambda: with_torch(path, training),
    }
    seconds: dict[str, list[float]] = {name: [] for name in contenders}
    generator = random.Random(0)
    for _ in range(rounds):
        for name in generator.sample(list(contenders), len(contenders)):  # whoever comes first has the coldest caches
            seconds[name] += contenders[name]()
    middle = {name: statistics.median(found) for name, found in seconds.items()}
    mean = {name: statistics.fmean(found) for name, found in seconds.items()}
    return [
        {
            "training step": name,
            "steps": len(seconds[name]),
            "median, CPU ms": 1e3 * middle[name],
            "mean, CPU ms": 1e3 * mean[name],
            "median / bare TRL": middle[name] / middle["bare TRL"],
        }
        for name in contenders
    ]


def growth(training: Training, quick: bool) -> list[dict[str, Any]]:
    """Return how the median step grows with the model, the group and the completion: seconds and log-log slope."""
    grid: dict[str, tuple[int, ...]] = {
        "hidden size": (64, 128) if quick else (64, 128, 256),
        "group size": (4, 8) if quick else (4, 8, 16),
        "completion tokens": (12, 24) if quick else (12, 24, 48),
    }
    rows = []
    for name, values in grid.items():
        found = [_step_at(training, name, value) for value in values]
        slope = np.polyfit(np.log(values), np.log(found), 1)[0]
        shown = ", ".join(f"{value}: {1e3 * seconds:.0f}" for value, seconds in zip(values, found, strict=True))
        rows.append({"step against": name, "median, CPU ms": shown, "log-log slope": float(slope)})
    return rows


def _step_at(training: Training, name: str, value: int) -> float:
    hidden = value if name == "hidden size" else 64
    changes = {"group size": {"group_size": value}, "completion tokens": {"max_completion_tokens": value}}
    changed = training.model_copy(update={"micro_batch": 4096, **changes.get(name, {})})
    with tempfile.TemporaryDirectory() as folder:
        words = pocket_tokenizer()
        torch.manual_seed(0)
        size = {"hidden_size": hidden, "intermediate_size": 2 * hidden, "num_hidden_layers": 2}
        config = LlamaConfig(**size, num_attention_heads=4, vocab_size=len(words), max_position_embeddings=128)
        config.eos_token_id, config.pad_token_id = words.eos_token_id, words.pad_token_id
        LlamaForCausalLM(config).save_pretrained(folder)
        words.save_pretrained(folder)
        return statistics.median(with_trl(folder, TASK, changed, "majority_vote", 0, vote))


def paying(rounds: int) -> list[dict[str, Any]]:
    """Return what it costs to pay one batch of the pocket protocol in this process and in the method's own."""
    training, draw = protocol.load("pocket").training, random.Random(0)
    size, tokens = training.group_size, training.max_completion_tokens
    rows = []
    for name in ("majority_vote", "token_entropy"):
        method = methods.configure(name, {})
        every = {"extra_answers": [], "token_entropies": [[draw.random() for _ in range(tokens)] for _ in range(size)]}
        signals: dict[str, Any] = {signal: every[signal] for signal in method.needs}
        group = Group("1+2+3=", ["1" * tokens] * size, [draw.choice("67") for _ in range(size)], **signals)
        with Booth(name, {}) as booth:
            for where, turns in (("here", Here(method, name)), ("in its booth", booth)):
                found = []
                for _ in range(rounds):
                    begun = time.perf_counter()
                    turns.reward([group] * training.prompts_per_step)
                    found.append(time.perf_counter() - begun)
                rows.append({"paying a batch": f"{name}, {where}", "median, ms": 1e3 * statistics.median(found)})
    return rows


def measure(quick: bool) -> Tables:
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    torch.set_num_threads(1)
    steps = {"steps": 8 if quick else 14, "save_every": 1000, "learning_rate": 1e-6}
    training = protocol.load("pocket").training.model_copy(update=steps)
    tables = {"step": compared(training, 1 if quick else 8), "growth": growth(training, quick), "paying": paying(300)}
    if not all(math.isfinite(row["median / bare TRL"]) for row in tables["step"]):
        sys.exit("a contender was not measured")
    return tables


if __name__ == "__main__":
    report(__doc__, measure)
