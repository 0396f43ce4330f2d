"""A step of a real small model on a CPU: `python benchmarks/desk.py [--quick] [--json FILE]`.

SmolLM2-135M on the prompts of the protocol `desk-press`, one thread, each contender in a process of its own. `bare
TRL` is GRPOTrainer with a majority vote written by hand and the same settings where it has them; `torch` is the same
sampling and one update in a hand-written loop under bfloat16 autocast, with the embeddings frozen. Processor time
counts, so that other work on the machine does not; the peak is that of the process.
"""

import json
import os
import resource
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

os.environ |= {"OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"}

import torch
import transformers
from report import Tables, report
from training import SKIPPED
from training import with_trl as training_step
from transformers import AutoModelForCausalLM

from urlvr_bench import models, protocol, tasks
from urlvr_bench.settings import Training
from urlvr_bench.training.policy import freeze_embeddings
from urlvr_bench.training.train import load_tokenizer

DESK = protocol.load("desk-press")
PATH = models.resolve(DESK.model)
TASK = tasks.load(DESK.task)


def vote(completions: list[str], **_: Any) -> list[float]:
    """Pay agreement with the majority of each group, the way a notebook would."""
    size, answers = DESK.training.group_size, [TASK.answer(text) for text in completions]
    return [
        float(answer == Counter(answers[i // size * size : (i // size + 1) * size]).most_common(1)[0][0])
        for i, answer in enumerate(answers)
    ]


def with_trl(training: Training, method: str | None) -> list[float]:
    """Train a few steps of the desk; return seconds per step."""
    return training_step(PATH, DESK.task, training, method, 0, vote)


def with_torch(training: Training) -> list[float]:
    """Sample with `generate` and make one policy-gradient update per step, in plain torch."""
    words, docs, seconds = load_tokenizer(PATH), TASK.docs("train"), []
    model = AutoModelForCausalLM.from_pretrained(PATH, dtype=torch.float32, attn_implementation=training.attention)
    freeze_embeddings(model)
    trained = [weight for weight in model.parameters() if weight.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=training.learning_rate, weight_decay=0.0)
    ends = [words.eos_token_id, *words("\n", add_special_tokens=False)["input_ids"]]
    for step in range(training.steps):
        begun = time.process_time()
        part = docs[step * training.prompts_per_step : (step + 1) * training.prompts_per_step]
        prompts = [doc["prompt"] for doc in part for _ in range(training.group_size)]
        asked = words(prompts, return_tensors="pt", padding=True)
        width = asked.input_ids.shape[1]
        with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
            limits = {"max_new_tokens": training.max_completion_tokens, "top_k": 0, "eos_token_id": ends}
            out = model.generate(**asked, do_sample=True, pad_token_id=words.pad_token_id, **limits)
        drawn, length = out[:, width:], out.shape[1] - width
        mask = torch.cat([asked.attention_mask, torch.ones_like(drawn)], 1)
        with torch.autocast("cpu", torch.bfloat16):
            logits = model(out, attention_mask=mask, logits_to_keep=length + 1, use_cache=False).logits[:, :-1]
        chosen = logits.float().log_softmax(-1).gather(2, drawn[..., None]).squeeze(2)
        loss = -(torch.randn(len(out), 1) * chosen).mean()
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(trained, 1.0)
        optimizer.step()
        seconds.append(time.process_time() - begun)
    return seconds[SKIPPED:]


def settings(steps: int, **changes: Any) -> Training:
    """Return the protocol's training, shortened."""
    return DESK.training.model_copy(update={"steps": steps, "save_every": 1000, "learning_rate": 1e-6, **changes})


PLAIN = {"share_prompts": False, "freeze_embeddings": False, "attention": "auto"}
CONTENDERS: dict[str, Callable[[int], list[float]]] = {
    "bare TRL, float32": lambda steps: with_trl(settings(steps, precision="float32", **PLAIN), None),
    "bare TRL, bfloat16": lambda steps: with_trl(settings(steps, **PLAIN), None),
    "majority_vote, desk-press": lambda steps: with_trl(settings(steps), "majority_vote"),
    "token_entropy, desk-press": lambda steps: with_trl(settings(steps), "token_entropy"),
    "majority_vote, LoRA of rank 16": lambda steps: with_trl(
        settings(steps, freeze_embeddings=False, lora_rank=16), "majority_vote"
    ),
    "torch": lambda steps: with_torch(settings(steps)),
}


def alone(name: str, steps: int) -> tuple[list[float], float]:
    """Return a contender's seconds per step and its peak in GB, measured in a process of its own."""
    command = [sys.executable, __file__, "--contender", name, str(steps)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found = json.loads(done.stdout.splitlines()[-1])
    return found["seconds"], found["peak"]


def measure(quick: bool) -> Tables:
    """Return the median step of every contender, its ratios and its peak."""
    found = {name: alone(name, 5 if quick else 10) for name in CONTENDERS}
    middle = {name: statistics.median(seconds) for name, (seconds, _) in found.items()}
    rows = [
        {
            "step of SmolLM2-135M": name,
            "steps": len(found[name][0]),
            "median, CPU s": middle[name],
            "median / torch": middle[name] / middle["torch"],
            "median / bare TRL, float32": middle[name] / middle["bare TRL, float32"],
            "peak, GB": found[name][1],
        }
        for name in CONTENDERS
    ]
    return {"desk": rows}


def contend(name: str, steps: int) -> None:
    """Be the process of one contender."""
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    torch.set_num_threads(1)
    seconds = CONTENDERS[name](steps)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9
    print(json.dumps({"seconds": seconds, "peak": peak}))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--contender"]:
        contend(sys.argv[2], int(sys.argv[3]))
    else:
        report(__doc__, measure)
