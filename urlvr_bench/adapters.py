"""Adapters of PEFT, such as LoRA: folders of few weights, which are a model together with the base that they name."""

import json
from pathlib import Path
from typing import Any

from urlvr_bench.errors import UsageError

CONFIG = "adapter_config.json"
WEIGHTS = "adapter_model.safetensors"
FIELD = "base_model_name_or_path"
NO_WEIGHTS = {"ADAPTION_PROMPT", "CPT", "MULTITASK_PROMPT_TUNING", "P_TUNING", "PREFIX_TUNING", "PROMPT_TUNING"}
"""Kinds that change the prompt, not the weights."""


def is_adapter(folder: Path) -> bool:
    """Return whether a folder holds an adapter and no whole model."""
    return (folder / CONFIG).is_file() and not (folder / "config.json").is_file()


def base_of(folder: Path) -> str:
    """Return the name or path of the model that an adapter was trained on."""
    values = config(folder)
    if not (folder / WEIGHTS).is_file():
        raise UsageError(f"adapter {folder} has no {WEIGHTS}; pickled weights are not loaded: convert them")
    if (kind := values.get("peft_type")) in NO_WEIGHTS:
        raise UsageError(
            f"adapter {folder} is of the kind {kind}, which changes prompts: only changed weights are judged"
        )
    base = values.get(FIELD)
    if not isinstance(base, str) or not base:
        raise UsageError(f"adapter {folder} does not say what it was trained on: name it in its {CONFIG} as {FIELD}")
    return base


def config(folder: Path) -> dict[str, Any]:
    """Return the configuration of an adapter."""
    try:
        values = json.loads((folder / CONFIG).read_bytes())
    except (OSError, ValueError) as error:
        raise UsageError(f"{folder / CONFIG} cannot be read: {error}") from error
    if not isinstance(values, dict):
        raise UsageError(f"{folder / CONFIG} is no JSON object")
    return values
