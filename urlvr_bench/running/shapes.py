"""The shape of a language model, read from its config.json: enough to count weights, caches and operations."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from urlvr_bench import models
from urlvr_bench.errors import UsageError

QWEN3 = {
    "model_type": "qwen3",
    "num_hidden_layers": 28,
    "num_attention_heads": 16,
    "num_key_value_heads": 8,
    "head_dim": 128,
    "vocab_size": 151936,
    "tie_word_embeddings": True,
}
QWEN3_2B = {**QWEN3, "hidden_size": 2048, "intermediate_size": 6144}
QWEN2 = {
    "model_type": "qwen2",
    "num_hidden_layers": 28,
    "vocab_size": 151936,
    "tie_word_embeddings": True,
    "hidden_size": 1536,
    "num_attention_heads": 12,
    "num_key_value_heads": 2,
    "intermediate_size": 8960,
}
SEVEN = {"num_hidden_layers": 32, "hidden_size": 4096, "num_attention_heads": 32, "tie_word_embeddings": False}
LARGER = {"num_hidden_layers": 36, "num_attention_heads": 32}
KNOWN: dict[str, dict[str, Any]] = {
    "HuggingFaceTB/SmolLM2-135M-Instruct": {
        "model_type": "llama",
        "hidden_size": 576,
        "num_hidden_layers": 30,
        "num_attention_heads": 9,
        "num_key_value_heads": 3,
        "intermediate_size": 1536,
        "vocab_size": 49152,
        "tie_word_embeddings": True,
    },
    "allenai/OLMo-2-1124-7B": {
        **SEVEN,
        "model_type": "olmo2",
        "num_key_value_heads": 32,
        "intermediate_size": 11008,
        "vocab_size": 100352,
    },
    "meta-llama/Llama-3.1-8B": {
        **SEVEN,
        "model_type": "llama",
        "num_key_value_heads": 8,
        "intermediate_size": 14336,
        "vocab_size": 128256,
    },
    "Qwen/Qwen2.5-1.5B": QWEN2,
    "Qwen/Qwen2.5-Math-1.5B": QWEN2,
    "Qwen/Qwen2.5-7B": {
        **QWEN2,
        "hidden_size": 3584,
        "num_attention_heads": 28,
        "num_key_value_heads": 4,
        "intermediate_size": 18944,
        "vocab_size": 152064,
        "tie_word_embeddings": False,
    },
    "Qwen/Qwen3-1.7B": QWEN3_2B,
    "Qwen/Qwen3-0.6B-Base": {**QWEN3, "hidden_size": 1024, "intermediate_size": 3072},
    "Qwen/Qwen3-1.7B-Base": QWEN3_2B,
    "Qwen/Qwen3-4B-Base": {**QWEN3, **LARGER, "hidden_size": 2560, "intermediate_size": 9728},
    "Qwen/Qwen3-8B-Base": {
        **QWEN3,
        **LARGER,
        "hidden_size": 4096,
        "intermediate_size": 12288,
        "tie_word_embeddings": False,
    },
}
"""What the config.json of some models says, as far as a plan reads it, so that it needs no network."""


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
    normed_heads: bool = False
    """Whether queries and keys are normed head by head."""

    @property
    def head(self) -> int:
        """Number of weights of the embeddings and the head, which may be the same."""
        return self.vocabulary * self.hidden * (1 if self.tied else 2)

    @property
    def block(self) -> int:
        """Number of weights of one block, norms left out."""
        return 2 * self.hidden * (self.query + self.key_value) + 3 * self.hidden * self.feed_forward

    @property
    def parameters(self) -> int:
        """Number of weights, norms left out."""
        return self.head + self.layers * self.block

    def cache_bytes(self, width: int) -> int:
        """Bytes of the key-value cache per token, `width` bytes a number."""
        return 2 * self.layers * self.key_value * width

    def block_bytes(self, width: int) -> float:
        """Bytes per token that one block holds while it passes backward, its own input left out.

        Of float32 weights and matrix products in `width` bytes: two norms and two sums in float32; every product's
        input, cast where the width is 2, and output; heads before and after their norms and rotations; and gradients.
        """
        hidden = (20 + (12 if width == 2 else 4)) * self.hidden
        heads = (3 * width + self.normed_heads * (10 if width == 2 else 8)) * (self.query + self.key_value)
        return float(hidden + heads + 5 * width * self.feed_forward)


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
            normed_heads=values.get("model_type") == "qwen3",
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
