"""Rows as others publish them: from the hub at a pinned commit, or from a local copy."""

import functools
import json
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies

from huggingface_hub import constants

from urlvr_bench.errors import UsageError
from urlvr_bench.local_data import DATA_VARIABLE, local_copies

Source = Mapping[str, Any]
"""Where a split comes from: `id`, `revision`, `split` and, where there are several, `config`, one or a list.

`stratum` names the column by which the test split is put in turn."""


def read(task: str, split: str, source: Source) -> list[dict[str, Any]]:
    """Return the rows of a task's split as they are, from its local copy if one is named, else from the hub."""
    folder = local_copies().get(task)
    return _from_hub(task, source) if folder is None else _from_files(task, folder, split)


def has_local_copy(task: str) -> bool:
    """Return whether a local copy of the task's data was named."""
    return task in local_copies()


def _from_hub(task: str, source: Source) -> list[dict[str, Any]]:
    """Return the rows of a dataset; those of several configurations say in a column `config` which one is theirs."""
    config = source.get("config")
    if not isinstance(config, list):
        return _load(task, source, config)
    return [{**row, "config": one} for one in config for row in _load(task, source, one)]


def _load(task: str, source: Source, config: str | None) -> list[dict[str, Any]]:
    import datasets

    name, revision = source["id"], source["revision"]
    answers = hub_answers()
    try:
        with nullcontext() if answers else _cache_only():
            return list(datasets.load_dataset(name, config, revision=revision, split=source["split"]))
    except (OSError, ValueError, RuntimeError) as error:
        reason = str(error).strip().splitlines()[0].rstrip(".")
        if not answers:
            cause = "HF_HUB_OFFLINE is set" if constants.HF_HUB_OFFLINE else f"{constants.ENDPOINT} does not answer"
            reason = f"{cause}, and there is no copy in the cache"
        raise UsageError(
            f"{task}: cannot load {name} (revision {revision[:8]}) from the hub: {reason}. {_fix(reason, name)}"
            f"Give a folder with a local copy: --data {task}=DIR or {DATA_VARIABLE}={task}=DIR"
        ) from error


def _fix(reason: str, name: str) -> str:
    """Return what else than a local copy helps."""
    if "gated" in reason:
        page = f"{constants.ENDPOINT}/datasets/{name}"
        return f"Accept its conditions at {page} and sign in: hf auth login, or set HF_TOKEN. "
    if reason.startswith("Revision"):
        return "Its owners removed the commit that the task is pinned to; do not take another, it may differ. "
    return ""


def hub_answers() -> bool:
    """Return whether the hub may be asked, and is there."""
    return not constants.HF_HUB_OFFLINE and _answers(constants.ENDPOINT)


@functools.cache
def _answers(endpoint: str) -> bool:
    """Return whether anybody listens at the hub's address; its client would retry for half a minute per dataset."""
    address = urlsplit(endpoint)
    if address.scheme in getproxies():
        return True  # only a request can tell
    try:
        socket.create_connection((address.hostname, address.port or 443), timeout=5).close()
    except OSError:
        return False
    return True


@contextmanager
def _cache_only() -> Iterator[None]:
    """Let the hub's clients read what they have, and ask for nothing."""
    import datasets

    before = constants.HF_HUB_OFFLINE, datasets.config.HF_HUB_OFFLINE
    constants.HF_HUB_OFFLINE = datasets.config.HF_HUB_OFFLINE = True
    try:
        yield
    finally:
        constants.HF_HUB_OFFLINE, datasets.config.HF_HUB_OFFLINE = before


def _from_files(task: str, folder: Path, split: str) -> list[dict[str, Any]]:
    for ending, reader in READERS.items():
        path = folder / f"{split}{ending}"
        if path.is_file():
            try:
                return reader(path)
            except (OSError, ValueError) as error:
                raise UsageError(f"{task}: cannot read {path}: {error}") from error
    present = sorted(path.name for path in folder.glob("*")) if folder.is_dir() else []
    wanted = " or ".join(f"{split}{ending}" for ending in READERS)
    raise UsageError(f"{task}: {folder} has no {wanted}; it has {', '.join(present[:10]) or 'nothing'}")


def _read_jsonl(path: Path) -> list[dict[str, Any]]:
    with path.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines if line.strip()]


def _read_json(path: Path) -> list[dict[str, Any]]:
    found = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(found, list):
        raise ValueError("not a list of rows")
    return found


def _read_parquet(path: Path) -> list[dict[str, Any]]:
    import pyarrow.parquet

    rows: list[dict[str, Any]] = pyarrow.parquet.read_table(path).to_pylist()
    return rows


READERS: dict[str, Callable[[Path], list[dict[str, Any]]]] = {
    ".jsonl": _read_jsonl,
    ".json": _read_json,
    ".parquet": _read_parquet,
}
