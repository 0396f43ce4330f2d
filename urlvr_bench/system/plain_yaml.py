"""YAML that holds values and nothing else, parsed once while its text is the same."""

import copy
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from urlvr_bench.errors import UsageError


class _Loader(yaml.SafeLoader):
    """A safe loader that reads lm-eval's `!function` as the name of the function.

    Not libyaml's, which is faster the first time, but which deep nesting makes crash the process.
    """


_Loader.add_constructor("!function", lambda _, node: str(node.value))


def parse(text: str) -> Any:
    """Return what YAML says, the caller's own to change; raises yaml.YAMLError. `!function NAME` is the text NAME."""
    return copy.deepcopy(_parsed(text))


def given(where: str, text: str) -> Any:
    """Return what YAML that a user wrote says; bad YAML is one line that begins with `where`."""
    try:
        return parse(text)
    except yaml.MarkedYAMLError as error:
        line = "" if error.problem_mark is None else f" line {error.problem_mark.line + 1}"
        raise UsageError(f"{where}:{line} is no YAML: {error.problem}") from error
    except (yaml.YAMLError, RecursionError) as error:
        raise UsageError(f"{where}: is no YAML: {' '.join(str(error).split())}") from error


def mapping(path: Path, where: str) -> dict[str, Any]:
    """Return the mapping that a YAML file holds; whatever else it is is one line that begins with `where`."""
    try:
        values = given(where, path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{where}: {error}") from error
    if not isinstance(values, dict):
        raise UsageError(f"{where}: not a mapping")
    return values


@lru_cache(maxsize=512)
def _parsed(text: str) -> Any:
    return yaml.load(text, _Loader)  # noqa: S506 (a safe loader)
