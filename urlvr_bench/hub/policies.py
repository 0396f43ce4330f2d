"""Send trained policies to model repos on the Hub, with the evaluation entries that its model pages show."""

import hashlib
import re
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from urlvr_bench.errors import UsageError
from urlvr_bench.hub import cards, views
from urlvr_bench.hub.difference import Files, Repo, diff
from urlvr_bench.hub.repo import Hub, Message, Published
from urlvr_bench.records import record
from urlvr_bench.records.record import Record
from urlvr_bench.records.run_folder import weights_folder

WEIGHTS = {".safetensors", ".json", ".txt", ".jinja", ".model"}
"""Endings of the files that make up a policy and its tokenizer; no pickles."""


def push_models(
    folders: Sequence[Path], repo: str, hub: Hub, *, namespace: str | None = None, dry_run: bool = False
) -> list[Published]:
    """Push the last weights of every run folder to a model repo of its own; `repo` is the dataset of its record."""
    found = list(_trained(folders))
    if not found:
        raise UsageError(f"no weights beside the records under {', '.join(map(str, folders))}: give run folders")
    owner = namespace or hub.patiently(Repo(repo, "dataset"), hub.account)
    done = []
    for one, path, weights in found:
        files: Files = {
            **{part.name: part for part in weights.iterdir() if part.suffix in WEIGHTS},
            "record.json": path.read_bytes(),
            "README.md": cards.model_card(one, repo),
            **cards.evaluation_entries(one, repo),
        }
        target, message = Repo(f"{owner}/{model_name(one)}", "model"), Message(f"Add the policy of {views.name(one)}")
        done.append(hub.publish(target, partial(diff, files=files), message, dry_run))
    return done


def model_name(one: Record) -> str:
    """Return the name of a run's model repo; names that are too long for the Hub end in a hash."""
    run = views.name(one)
    name = "urlvr-" + re.sub(r"[^A-Za-z0-9_]+", "-", run).strip("-")
    return name if len(name) <= 96 else f"{name[:87]}-{hashlib.sha256(run.encode()).hexdigest()[:8]}"


def _trained(folders: Sequence[Path]) -> Iterator[tuple[Record, Path, Path]]:
    """Yield each record whose run folder still has the weights of the last step, its file and their folder."""
    for path in record.find(list(folders)):
        one = record.read(path)
        weights = weights_folder(path.parent, one.last_step)
        if path.name == "record.json" and weights.is_dir():
            yield one, path, weights
