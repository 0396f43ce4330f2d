"""Models with their adapters: the adapter laid over its base to be judged, or merged into it to be trained on."""

from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedModel

from urlvr_bench import models
from urlvr_bench.models import NO_CODE, unreadable
from urlvr_bench.system import files


def load_weights(path: str, dtype: Any) -> PreTrainedModel:
    """Return the model of a folder or hub id; an adapter lies on top of its base, as it did when it was trained."""
    base = models.base(path)
    try:
        if base is None:
            return AutoModelForCausalLM.from_pretrained(path, dtype=dtype, **NO_CODE)
        model = _whole(base, dtype)
        model.load_adapter(path)
        return model
    except (OSError, ValueError) as error:
        raise unreadable(path, error) from error


def merged(path: str, target: Path) -> str:
    """Return a folder of whole weights: `target`, with an adapter merged into its base, or the path of another model.

    Weights are float32 there: in 16 bits a small adapter would be rounded away.
    """
    if models.base(path) is None:
        return path
    if not files.is_whole(target):
        files.remove(target)
        with files.replacing(target) as temporary:
            _whole(path, torch.float32).save_pretrained(temporary)
            AutoTokenizer.from_pretrained(models.with_tokenizer(path), trust_remote_code=False).save_pretrained(
                temporary
            )
            files.seal(temporary)
    return str(target)


def _whole(path: str, dtype: Any) -> Any:
    """Return a model without adapters; one on an adapter is merged into it first."""
    base = models.base(path)
    if base is None:
        return AutoModelForCausalLM.from_pretrained(path, dtype=dtype, **NO_CODE)
    from peft import PeftModel  # takes a second to import

    return PeftModel.from_pretrained(_whole(base, dtype), path).merge_and_unload()
