"""The configuration of a task: its YAML, read as lm-eval does but with functions as names, in other prompt styles, and
around prompts of one's own."""

import hashlib
import importlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from urlvr_bench.errors import UsageError, unknown
from urlvr_bench.system import plain_yaml

Config = Mapping[str, Any]
AT = "@"
"""Parts the name of a task from that of a prompt style."""
OWN = "own prompts"
"""The source of tasks that are files of one's own."""


def read(path: Path) -> dict[str, Any]:
    """Return an lm-eval YAML with its includes merged below it, as lm-eval does, and functions as dotted names."""
    config = plain_yaml.mapping(path, path.name)
    included = config.pop("include", [])
    below: dict[str, Any] = {}
    for other in [included] if isinstance(included, str) else included:
        below |= read(path.parent / other)
    return below | config


def resolve(dotted: str) -> Any:
    """Return the object that a dotted name of a task's YAML stands for."""
    module, _, name = dotted.rpartition(".")
    try:
        return getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise UsageError(f"cannot import {dotted!r}, which a task names: {error}") from error


def known_styles() -> Mapping[str, Any]:
    """Return the prompt styles by name."""
    found: Mapping[str, Any] = resolve("urlvr_bench.tasks.styles.STYLES")
    return found


def styled(name: str, config: Config, style: str) -> Config:
    """Return the configuration of task `name` in another prompt style: wording, scorer, what ends a completion."""
    own = config["metadata"].get("prompt_style")
    if own in (None, style):
        reason = "asks in one way only" if own is None else f"asks in the style {own} already"
        raise UsageError(f"task {name} {reason}: write {name} without {AT}{style}")
    if style not in known_styles():
        raise unknown(f"prompt style of {name}", style, known_styles())
    return {
        **config,
        "task": f"{name}{AT}{style}",
        "process_results": config["process_results"] + known_styles()[style].scorer,
        "generation_kwargs": {**config["generation_kwargs"], "until": list(known_styles()[style].until)},
        "metadata": {**config["metadata"], "prompt_style": style},
    }


def around(name: str, path: Path, config: Config) -> Config:
    """Return the configuration of the task of a file of one's own, asked and scored as `config` says."""
    form = config["dataset_kwargs"].get("form")
    if form not in (None, "math", "phrase") or resolve(config["process_results"]).has_checker:
        raise UsageError(f"task {name}: answers to your own prompts cannot be read as those of {config['task']}")
    known = bool(resolve("urlvr_bench.tasks.own.labelled")(path))
    style = config["metadata"].get("prompt_style")
    return {
        **config,
        "task": name,
        "custom_dataset": "urlvr_bench.tasks.own.prompts",
        "dataset_kwargs": {"path": str(path), "form": form},
        "training_split": "train",
        "validation_split": None,
        "test_split": "test" if known else None,
        "metadata": {
            "version": hashlib.sha256(path.read_bytes()).hexdigest()[:12],
            "prompt_style": style,
            "source": OWN,
            "license": "their owner's",
            "labelled": known,
            "description": f"Prompts of one's own, {'with' if known else 'without'} answers.",
        },
    }
