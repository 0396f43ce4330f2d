"""The shape of a language model, read from its config.json: enough to count weights, caches and operations."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from urlvr_bench import models
from urlvr_bench.errors import UsageError

KNOWN: dict[str, dict[str, Any]] = {
    "Qwen/Qwen3-1.7B-Base": {
        "hidden_size": 2048,
        "num_hidden_layers": 28,
        "num_attention_heads": 16,
        "num_key_value_heads": 8,
        "head_dim": 128,
        "intermediate_size": 6144,
        "vocab_size": 151936,
        "tie_word_embeddings": True,
    }
}
"""Shapes of models of the shipped protocols, so that a plan needs no network."""


@dataclass(frozen=True)
class Shape:
    """A decoder-only transformer with gated feed-forward blocks."""

    hidden: int
    layers: int
    query: int
    """Width of all query heads together."""
    key_value: int
    """Width of all key heads together, which is that of the value heads."""
    feed_forward: int
    vocabulary: int
    tied: bool

    @property
    def parameters(self) -> int:
        """Number of weights, norms left out."""
        attention = 2 * self.hidden * (self.query + self.key_value)
        embeddings = self.vocabulary * self.hidden * (1 if self.tied else 2)
        return embeddings + self.layers * (attention + 3 * self.hidden * self.feed_forward)

    def cache_bytes(self, width: int) -> int:
        """Bytes of the key-value cache per token, `width` bytes a number."""
        return 2 * self.layers * self.key_value * width

    def kept_bytes(self, tokens: int, width: int) -> float:
        """Bytes that the forward pass of a text of so many tokens keeps for the backward pass."""
        block = 4 * self.hidden + width * (6 * self.hidden + 4 * self.query + 4 * self.feed_forward)
        return float(self.layers * tokens * block)


def shape_of(name: str) -> Shape:
    """Return the shape of a model by its config.json: known here, in a folder, or on the Hub."""
    values = KNOWN.get(name) or _config(name)
    try:
        width = values.get("head_dim") or values["hidden_size"] // values["num_attention_heads"]
        return Shape(
            hidden=values["hidden_size"],
            layers=values["num_hidden_layers"],
            query=values["num_attention_heads"] * width,
            key_value=(values.get("num_key_value_heads") or values["num_attention_heads"]) * width,
            feed_forward=values["intermediate_size"],
            vocabulary=values["vocab_size"],
            tied=bool(values.get("tie_word_embeddings", False)),
        )
    except KeyError as error:
        raise UsageError(
            f"the config.json of {name} has no {error}: a plan knows Llama- and Qwen-like models"
        ) from error


def _config(name: str) -> dict[str, Any]:
    folder = Path(models.with_config(models.resolve(name)))
    if not folder.is_dir():
        from huggingface_hub import hf_hub_download

        try:
            folder = Path(hf_hub_download(name, "config.json")).parent
        except (OSError, ValueError) as error:
            why = str(error).splitlines()[0]
            raise UsageError(f"the config.json of {name} cannot be had from the Hub: {why}") from error
    values: dict[str, Any] = json.loads((folder / "config.json").read_text())
    return values
