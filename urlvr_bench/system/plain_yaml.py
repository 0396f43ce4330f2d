"""YAML that holds values and nothing else, parsed once while its text is the same."""

import copy
from functools import lru_cache
from typing import Any

import yaml


class _Loader(yaml.SafeLoader):
    """A safe loader that reads lm-eval's `!function` as the name of the function.

    Not libyaml's, which is faster the first time, but which deep nesting makes crash the process.
    """


_Loader.add_constructor("!function", lambda _, node: str(node.value))


def parse(text: str) -> Any:
    """Return what YAML says, the caller's own to change; raises yaml.YAMLError. `!function NAME` is the text NAME."""
    return copy.deepcopy(_parsed(text))


@lru_cache(maxsize=512)
def _parsed(text: str) -> Any:
    return yaml.load(text, _Loader)  # noqa: S506 (a safe loader)
