"""Read the YAML of a task as lm-eval does, but with functions as names, and import what a name stands for."""

import importlib
from pathlib import Path
from typing import Any

import yaml

from urlvr_bench.errors import UsageError


def read(path: Path) -> dict[str, Any]:
    """Return an lm-eval YAML with its includes merged below it, as lm-eval does, and functions as dotted names."""
    try:
        config = yaml.load(path.read_text(encoding="utf-8"), _Loader)  # noqa: S506 (a SafeLoader)
    except (OSError, yaml.YAMLError) as error:
        raise UsageError(f"{path.name}: {' '.join(str(error).split())}") from error
    if not isinstance(config, dict):
        raise UsageError(f"{path.name}: not a mapping")
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


class _Loader(yaml.SafeLoader):
    """A SafeLoader that reads lm-eval's `!function` as the name of the function."""


_Loader.add_constructor("!function", lambda _, node: str(node.value))
