"""Pre-train pocket priors: seeded runs on generated texts, the loss on the response only."""

from collections.abc import Iterator

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy
from transformers import LlamaForCausalLM

from urlvr_bench.pocket.corpora import Text
from urlvr_bench.pocket.language import ALPHABET, EOS, PAD
from urlvr_bench.pocket.recipes import Pace

TEXT_LENGTH = 26


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


def pretrain(texts: Iterator[Text], steps: int, model: LlamaForCausalLM, pace: Pace) -> Iterator[int]:
    """Train a model on texts and yield the number of each step; equal texts and weights give equal weights."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=pace.learning_rate, betas=(0.9, 0.98), weight_decay=0.01)
    warmup = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: min(1.0, (step + 1) / pace.warmup_steps))
    for step in range(1, steps + 1):
        tokens, labels = encode([next(texts) for _ in range(pace.batch_size)])
        logits = model(tokens[:, :-1]).logits
        loss = cross_entropy(logits.flatten(0, 1), labels[:, 1:].flatten(), ignore_index=-100)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        warmup.step()
        yield step
