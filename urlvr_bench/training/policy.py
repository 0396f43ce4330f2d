"""The model of one training: what it lies on, what of it is trained, and how much of a batch it takes at once."""

from collections.abc import Sequence
from typing import Any

from accelerate.utils import gather_object
from transformers import AutoConfig, PreTrainedModel, PreTrainedTokenizerBase

from urlvr_bench.models import base, display_name, weights_hash
from urlvr_bench.settings import Training
from urlvr_bench.training import micro_batches, room


def fitted(
    training: Training, model_path: str, tokenizer: PreTrainedTokenizerBase, prompts: Sequence[str], processes: int
) -> Training:
    """Return the settings with a micro-batch whose forward pass fits into what memory is free."""
    longest = _longest(tokenizer, prompts) + training.max_completion_tokens
    shape = AutoConfig.from_pretrained(model_path, trust_remote_code=False).get_text_config()
    rows = training.rows // (processes * training.mini_batches)
    most = micro_batches.fitting(training, micro_batches.row_bytes(shape, longest, training.precision), rows)
    if processes > 1:
        most = min(gather_object([most]))  # each has looked at the free memory at a moment of its own
    return training.model_copy(update={"micro_batch": most})


def text_tokens(training: Training, model_path: str, tokenizer: PreTrainedTokenizerBase, prompts: Sequence[str]) -> int:
    """Return the tokens that a sampler must hold of one text: a prompt with its completion, and as much for a second
    turn, which repeats both; never more than the model can read.
    """
    both = 2 * (_longest(tokenizer, prompts) + training.max_completion_tokens)
    return min(both, room.context(model_path) or both)


def _longest(tokenizer: PreTrainedTokenizerBase, prompts: Sequence[str]) -> int:
    return max(map(len, tokenizer(sorted(set(prompts)))["input_ids"]))


def freeze_embeddings(model: PreTrainedModel) -> None:
    """Take the token embeddings and the head out of the training; most of a small model's weights may be there."""
    for part in (model.get_input_embeddings(), model.get_output_embeddings()):
        part.requires_grad_(False)


def base_facts(model_path: str) -> dict[str, Any] | None:
    """Return what a record says of the model that an adapter lies on; None for a whole model."""
    under = base(model_path)
    if under is None:
        return None
    return {"name": display_name(under), "weights_sha256": weights_hash(under)}
