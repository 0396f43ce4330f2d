"""The lm-eval model that samples a Hugging Face language model and keeps every sample."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from lm_eval.api.registry import register_model
from lm_eval.models.huggingface import HFLM
from transformers import (
    AutoTokenizer,
    GenerationConfig,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)

from urlvr_bench.errors import UsageError
from urlvr_bench.evaluation.decoding import Decoding, Draw, greedy
from urlvr_bench.evaluation.keeping import Job, Keeping, Progress, stop_ids
from urlvr_bench.evaluation.merging import load_weights
from urlvr_bench.evaluation.samples import Sample
from urlvr_bench.models import unreadable, with_tokenizer


@register_model("urlvr-hf")
class Sampler(Keeping, HFLM):
    """A Hugging Face causal language model with reproducible, resumable sampling."""

    def __init__(
        self,
        pretrained: str | PreTrainedModel,
        tokenizer: str | PreTrainedTokenizerBase | None = None,
        batch_size: int | str = 128,
        sample_seed: int | str = 0,
        store: str | Path | None = None,
        progress: Progress | None = None,
        share_prompts: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(pretrained, tokenizer=tokenizer, batch_size=int(batch_size), **kwargs)
        self.rows, self.fingerprint, self.share_prompts = int(batch_size), fingerprint(self.model), share_prompts
        self.stop_ids = stop_ids(self.model.generation_config, self.tokenizer)
        self.keep(int(sample_seed), Path(store) if store else None, progress)

    def _sample(self, batch: Sequence[Job], prompts: Sequence[list[int]]) -> list[Sample]:
        settings, pad = batch[0].settings, self.tokenizer.pad_token_id
        width = max(map(len, prompts))
        ids_B_P = torch.tensor([[pad] * (width - len(prompt)) + prompt for prompt in prompts])
        mask_B_P = torch.tensor([[0] * (width - len(prompt)) + [1] * len(prompt) for prompt in prompts])
        draw = [] if greedy(settings) else [Draw([job.name for job in batch], settings, width)]
        decoding = Decoding(lambda _: [*draw], tuple(settings["until"]), self.tokenizer, self.share_prompts)
        ids, mask = ids_B_P.to(self.device), mask_B_P.to(self.device)
        published = self.model.generation_config
        self.model.generation_config = GenerationConfig()
        try:  # the published settings (top-k, penalties) would be applied in silence
            generated = self.model.generate(
                input_ids=ids,
                attention_mask=mask,
                **decoding.arguments(self.model, ids, mask),
                generation_config=GenerationConfig(
                    max_new_tokens=settings["max_gen_toks"],
                    eos_token_id=self.stop_ids,
                    pad_token_id=pad,
                    do_sample=False,
                ),
            )
        finally:
            self.model.generation_config = published
        return [self._finish(row, settings["until"]) for row in generated[:, width:].tolist()]

    def close(self) -> None:
        """Free the model, whoever still holds this object."""
        del self._model


def load(path: str, device: str | None, dtype: str) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    """Return the model, on `device` (default: the GPU if there is one), and the tokenizer of a folder or hub id."""
    tokenizer = load_tokenizer(path)
    model: Any = load_weights(path, dtype)
    return model.to(device or ("cuda" if torch.cuda.is_available() else "cpu")), tokenizer


def load_tokenizer(path: str) -> PreTrainedTokenizerBase:
    """Return the tokenizer of a folder or hub id; one without a padding token pads with its end token."""
    try:
        tokenizer = AutoTokenizer.from_pretrained(with_tokenizer(path), padding_side="left", trust_remote_code=False)
    except (OSError, ValueError) as error:
        raise unreadable(path, error) from error
    if tokenizer.eos_token_id is None:
        raise UsageError(f"the tokenizer of {Path(path).name} has no end token; set eos_token in its config")
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    return tokenizer


def fingerprint(model: PreTrainedModel) -> str:
    """Return 16 hex digits of a hash of some of all weights: enough to tell one checkpoint from another."""
    digest = hashlib.sha256()
    for name, weights in model.named_parameters():
        some = weights.detach().flatten()[:: max(1, weights.numel() // 64)]
        digest.update(name.encode() + some.float().cpu().numpy().tobytes())
    return digest.hexdigest()[:16]
