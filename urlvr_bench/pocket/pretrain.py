"""Pre-train the ladder of pocket priors: one seeded run, its checkpoints chosen by measured accuracy."""

import random
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch.nn.functional import cross_entropy
from transformers import LlamaForCausalLM

from urlvr_bench.pocket import problems
from urlvr_bench.pocket.language import ALPHABET, EOS, PAD, tiny_llama

BATCH_SIZE = 128
LEARNING_RATE = 3e-3
WARMUP_STEPS = 100
TEXT_LENGTH = 26
VERIFY_NEAR_MISS_SHARE = 0.5


@dataclass(frozen=True)
class Text:
    """A pre-training text: the loss falls on the response only."""

    prompt: str
    response: str


def addition_text(rng: random.Random, terms: tuple[int, ...], width: int) -> Text | None:
    numbers = problems.chain_addition(rng, terms, width)
    problem = problems.addition_problem(numbers, width)
    if problems.split_of(problem.key) != "train":
        return None
    return Text(problem.prompt, problems.addition_solution(numbers, rng) + EOS)


def countdown_text(rng: random.Random) -> Text | None:
    drawn = problems.countdown(rng)
    problem = problems.countdown_problem(drawn)
    if problems.split_of(problem.key) != "train":
        return None
    return Text(problem.prompt, drawn.expression + EOS)


def verdict_text(rng: random.Random) -> Text:
    """A Countdown candidate and whether it holds; half of the wrong ones miss a target by little."""
    drawn = problems.countdown(rng)
    expression, target = drawn.expression, drawn.target
    if rng.random() < 0.5:
        if rng.random() < VERIFY_NEAR_MISS_SHARE:
            target = max(1, min(99, target + rng.choice((-1, 1)) * rng.randint(1, 12)))
        else:
            expression, _ = problems.expression_of(drawn.digits, rng)
    digits = tuple(int(char) for char in expression[::2])
    value = problems.countdown_value(digits, (expression[1], expression[3]))
    head = problems.Countdown(drawn.digits, target, "").head
    return Text(f"{head}?{expression}=", ("y" if value == target else "n") + EOS)


def corpus(rng: random.Random) -> Iterator[Text]:
    """Yield an endless mixture: mostly two or three two-digit terms, some longer or larger sums, some Countdown."""
    while True:
        kind = rng.random()
        if kind < MIX[0]:
            text = addition_text(rng, (2, 3), 2)
        elif kind < MIX[1]:
            text = addition_text(rng, (4,), 2)
        elif kind < MIX[2]:
            text = addition_text(rng, (2,), 3)
        elif kind < MIX[3]:
            text = countdown_text(rng)
        else:
            text = verdict_text(rng)
        if text is not None:
            yield text


MIX = (0.60, 0.65, 0.70, 0.85)


def batch(texts: list[Text]) -> tuple[torch.Tensor, torch.Tensor]:
    """Encode texts to `(tokens, labels)` of shape `(batch, TEXT_LENGTH)`; prompts and padding carry no label."""
    index = {char: i for i, char in enumerate(ALPHABET)}
    tokens = torch.full((len(texts), TEXT_LENGTH), index[PAD])
    labels = torch.full_like(tokens, -100)
    for row, text in enumerate(texts):
        ids = torch.tensor([index[char] for char in text.prompt + text.response])
        tokens[row, : len(ids)] = ids
        labels[row, len(text.prompt) : len(ids)] = ids[len(text.prompt) :]
    return tokens, labels


def pretrain(steps: int, seed: int = 0, hidden=64, layers=2) -> Iterator[tuple[int, LlamaForCausalLM]]:
    """Train on the corpus and yield `(step, model)` after every step; the same seed gives the same weights."""
    texts = corpus(random.Random(seed))
    model = tiny_llama(seed, hidden, layers)
    optimizer = torch.optim.AdamW(model.parameters(), lr=LEARNING_RATE, betas=(0.9, 0.98), weight_decay=0.01)
    warmup = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: min(1.0, (step + 1) / WARMUP_STEPS))
    for step in range(1, steps + 1):
        tokens, labels = batch([next(texts) for _ in range(BATCH_SIZE)])
        logits = model(tokens[:, :-1]).logits
        loss = cross_entropy(logits.flatten(0, 1), labels[:, 1:].flatten(), ignore_index=-100)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        warmup.step()
        yield step, model
