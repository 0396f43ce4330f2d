"""The lm-eval model that samples with vLLM and keeps every sample; needs the package vllm.

A sample's seed is a hash of its name, so it does not depend on the other requests beyond the rounding of the kernels,
which vLLM chooses by the batch: the same seed gives the same distribution, not always the same text.
"""

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lm_eval.api.registry import register_model
from lm_eval.models.vllm_causallms import VLLM
from transformers import GenerationConfig
from vllm import SamplingParams

from urlvr_bench.errors import UsageError
from urlvr_bench.evaluation.decoding import vllm_arguments
from urlvr_bench.evaluation.keeping import Job, Keeping, Progress, stop_ids
from urlvr_bench.evaluation.samples import Sample
from urlvr_bench.models import weights_hash

ENGINE_VARIABLE = "URLVR_VLLM"
"""Environment variable with further arguments of vLLM, a JSON object: what fits a machine, not what makes a result."""
CALLS_AHEAD = 16
"""Batches that vLLM is given at a time; it fills the batch itself, and samples are stored after each call."""


@register_model("urlvr-vllm")
class VllmSampler(Keeping, VLLM):
    """A causal language model in vLLM; prompts of one problem share their prefix, so n samples are one pass."""

    def __init__(
        self,
        pretrained: str,
        batch_size: int | str = 128,
        sample_seed: int | str = 0,
        store: str | Path | None = None,
        progress: Progress | None = None,
        **kwargs: Any,
    ) -> None:
        kwargs |= engine_arguments()
        super().__init__(pretrained, batch_size=int(batch_size), max_batch_size=int(batch_size), **kwargs)
        self.rows, self.fingerprint = CALLS_AHEAD * int(batch_size), weights_hash(pretrained)
        self.stop_ids = stop_ids(published(pretrained, self._config), self.tokenizer)
        self.keep(int(sample_seed), Path(store) if store else None, progress)

    def _sample(self, batch: Sequence[Job], prompts: Sequence[list[int]]) -> list[Sample]:
        params = [SamplingParams(**vllm_arguments(job.name, job.settings, self.stop_ids)) for job in batch]
        outputs = self._model_generate(list(prompts), generate=True, sampling_params=params)
        until = batch[0].settings["until"]
        return [self._finish(list(output.outputs[0].token_ids), until) for output in outputs]

    def close(self) -> None:
        """End the engine, so that its memory is free for the next checkpoint."""
        self.model.llm_engine.engine_core.shutdown()
        del self.model


def engine_arguments() -> dict[str, Any]:
    """Return what the environment asks of vLLM."""
    text = os.environ.get(ENGINE_VARIABLE, "{}")
    try:
        return dict(json.loads(text))
    except (ValueError, TypeError) as error:
        example = '{"tensor_parallel_size": 2}'
        raise UsageError(f"{ENGINE_VARIABLE}={text!r} is no JSON object; write for example {example}") from error


def published(path: str, config: Any) -> GenerationConfig:
    """Return the generation settings that came with a model."""
    try:
        return GenerationConfig.from_pretrained(path)
    except OSError:
        return GenerationConfig.from_model_config(config)
