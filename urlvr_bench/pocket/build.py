"""Make the pocket priors anew: `urlvr-bench pocket build`. The same seed gives the same ladder."""

import itertools
import random
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from transformers import LlamaForCausalLM, set_seed

from urlvr_bench.errors import UsageError
from urlvr_bench.models import Prior
from urlvr_bench.pocket import problems
from urlvr_bench.pocket.language import ALPHABET, PAD, tokenizer
from urlvr_bench.pocket.pretrain import addition_text, corpus, countdown_text, pretrain
from urlvr_bench.record import write_atomically
from urlvr_bench.tasks import Task, load

SEED = 0
LADDER = {
    "pocket-1": 0.22,
    "pocket-2": 0.38,
    "pocket-3": 0.55,
    "pocket-4": 0.68,
    "pocket-5": 0.78,
    "pocket-6": 0.85,
}
"""Each rung of the ladder is the first checkpoint of one run whose validation accuracy reaches this share."""


@dataclass(frozen=True)
class Recipe:
    """One pre-training run and the priors that come out of it."""

    task: str
    steps: int
    every: int
    rungs: dict[str, float]


def measure(model: LlamaForCausalLM, task: Task, problems_count: int = 200, samples: int = 4) -> float:
    """Return the share of right answers at temperature 1 on validation problems."""
    docs = task.docs("validation")[:problems_count]
    words = tokenizer()
    prompts = [task.prompt(doc) for doc in docs for _ in range(samples)]
    inputs = words(prompts, return_tensors="pt", padding=True)
    set_seed(SEED)
    with torch.no_grad():
        out = model.generate(
            input_ids=inputs.input_ids,
            attention_mask=torch.ones_like(inputs.input_ids),
            do_sample=True,
            temperature=1.0,
            top_k=0,
            max_new_tokens=task.max_tokens,
            pad_token_id=ALPHABET.index(PAD),
        )
    texts = words.batch_decode(out[:, inputs.input_ids.shape[1] :], skip_special_tokens=True)
    right = [task.correct(docs[i // samples], text) for i, text in enumerate(texts)]
    return sum(right) / len(right)
