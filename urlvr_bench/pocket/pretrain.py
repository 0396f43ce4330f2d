"""Pre-train pocket priors: seeded runs on generated texts, the loss on the response only."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy
from transformers import LlamaForCausalLM

from urlvr_bench.pocket import problems
from urlvr_bench.pocket.language import ALPHABET, EOS, PAD, tiny_llama

BATCH_SIZE = 128
LEARNING_RATE = 3e-3
WARMUP_STEPS = 100
TEXT_LENGTH = 26
WRONG_VERDICT_SHARE = 0.5
NEAR_MISS_SHARE = 0.5
"""Share of the wrong candidates whose value misses the target by little; the rest are other expressions."""


@dataclass(frozen=True)
class Text:
    """A pre-training text and the problem it shows, whose key decides its split."""

    prompt: str
    response: str
    key: str


def addition_text(rng: random.Random) -> Text:
    """A sum of two or three terms with its solution; longer chains and larger numbers are left for testing."""
    numbers = problems.chain_addition(rng)
    problem = problems.addition_problem(numbers)
    return Text(problem.prompt, problems.addition_solution(numbers, rng), problem.key)


def solving_text(rng: random.Random) -> Text:
    """A Countdown puzzle with a solution."""
    drawn = problems.countdown(rng)
    problem = problems.countdown_problem(drawn)
    return Text(problem.prompt, drawn.expression, problem.key)


def countdown_text(rng: random.Random) -> Text:
    """A Countdown puzzle with a solution, or a candidate with the verdict whether it holds; half and half."""
    drawn = problems.countdown(rng)
    problem = problems.countdown_problem(drawn)
    if rng.random() < 0.5:
        return Text(problem.prompt, drawn.expression, problem.key)
    expression, target = drawn.expression, drawn.target
    if rng.random() < WRONG_VERDICT_SHARE:
        if rng.random() < NEAR_MISS_SHARE:
            target = max(1, min(99, target + rng.choice((-1, 1)) * rng.randint(1, 12)))
        else:
            expression, _ = problems.expression_of(drawn.digits, rng)
    verdict = problems.holds(drawn.digits, target, expression)
    return Text(problems.verification_prompt(drawn.digits, target, expression), "y" if verdict else "n", problem.key)


def corpus(draw: Callable[[random.Random], Text], seed: int) -> Iterator[Text]:
    """Yield texts of the train split without end."""
    rng = random.Random(seed)
    while True:
        text = draw(rng)
        if problems.split_of(text.key) == "train":
            yield text


def encode(texts: list[Text]) -> tuple[Tensor, Tensor]:
    """Return `(tokens, labels)` of shape `(batch, TEXT_LENGTH)`; prompts and padding carry no label."""
    index = {char: i for i, char in enumerate(ALPHABET)}
    tokens = torch.full((len(texts), TEXT_LENGTH), index[PAD])
    labels = torch.full_like(tokens, -100)
    for row, text in enumerate(texts):
        ids = torch.tensor([index[char] for char in text.prompt + text.response + EOS])
        tokens[row, : len(ids)] = ids
        labels[row, len(text.prompt) : len(ids)] = ids[len(text.prompt) :]
    return tokens, labels


def pretrain(texts: Iterator[Text], steps: int, seed: int) -> Iterator[tuple[int, LlamaForCausalLM]]:
    """Train on texts and yield `(step, model)` after every step; the same seed gives the same weights."""
    model = tiny_llama(seed)
    optimizer = torch.optim.AdamW(model.parameters(), lr=LEARNING_RATE, betas=(0.9, 0.98), weight_decay=0.01)
    warmup = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: min(1.0, (step + 1) / WARMUP_STEPS))
    for step in range(1, steps + 1):
        tokens, labels = encode([next(texts) for _ in range(BATCH_SIZE)])
        logits = model(tokens[:, :-1]).logits
        loss = cross_entropy(logits.flatten(0, 1), labels[:, 1:].flatten(), ignore_index=-100)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        warmup.step()
        yield step, model
