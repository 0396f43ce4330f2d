"""YAML that holds values and nothing else: read by libyaml where there is one, and parsed once while it is the same."""

import copy
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from yaml import SafeLoader as Safe
else:
    Safe = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Task(Safe):
    """A safe loader that reads lm-eval's `!function` as the name of the function."""


_Task.add_constructor("!function", lambda _, node: str(node.value))


def parse(text: str) -> Any:
    """Return what YAML says, the caller's own to change; raises yaml.YAMLError. `!function NAME` is the text NAME."""
    return copy.deepcopy(_parsed(text))


@lru_cache(maxsize=512)
def _parsed(text: str) -> Any:
    return yaml.load(text, _Task)  # noqa: S506 (a safe loader)
