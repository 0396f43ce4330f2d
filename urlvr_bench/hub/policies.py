"""Send trained policies to model repos on the Hub, with the evaluation entries that its model pages show."""

import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from urlvr_bench.errors import UsageError
from urlvr_bench.hub import bases, cards, entries, views
from urlvr_bench.hub.difference import Files, Repo, diff
from urlvr_bench.hub.repo import Hub, Message, Published
from urlvr_bench.records import record
from urlvr_bench.records.record import Record
from urlvr_bench.records.run_folder import weights_folder

WEIGHTS = {".safetensors", ".json", ".txt", ".jinja", ".model"}
"""Endings of the files that make up a policy and its tokenizer; no pickles."""
ADAPTER = "adapter_config.json"


def push_models(
    folders: Sequence[Path], repo: str, hub: Hub, *, namespace: str | None = None, dry_run: bool = False
) -> list[Published]:
    """Push the last weights of every run folder to a model repo of its own; `repo` is the dataset of its record."""
    found = list(_trained(folders))
    if not found:
        raise UsageError(f"no weights beside the records under {', '.join(map(str, folders))}: give run folders")
    owner = namespace or hub.patiently(Repo(repo, "dataset"), hub.account)
    return [_push(*one, f"{owner}/{model_name(one[0])}", repo, hub, dry_run) for one in found]


def _push(one: Record, path: Path, weights: Path, target: str, repo: str, hub: Hub, dry_run: bool) -> Published:
    """Push one policy with its record, its card and its entries on the boards of benchmarks."""
    base, adapter = bases.find(one.model.name, hub, guess=dry_run), weights / ADAPTER
    files: Files = {
        **{part.name: part for part in weights.iterdir() if part.suffix in WEIGHTS},
        **({ADAPTER: _placeless(adapter, base.hub_id or one.model.name)} if adapter.is_file() else {}),
        "record.json": path.read_bytes(),
        "README.md": cards.model_card(one, repo, base, adapter=adapter.is_file()),
        **entries.entries(one, repo),
    }
    for judged in entries.judgements(one):
        hub.say(f"{target}: {judged}")

    ours = sorted({entries.path(evaluation.task) for evaluation in one.evals})
    wish = partial(diff, files=files, deleted=ours)  # an entry that must not be, which an earlier push left, goes
    return hub.publish(Repo(target, "model"), wish, Message(f"Add the policy of {views.name(one)}"), dry_run)


def _placeless(adapter: Path, base: str) -> bytes:
    """Return an adapter's configuration that names its base as the Hub does, not by where it lay on this machine."""
    return json.dumps(json.loads(adapter.read_text()) | {"base_model_name_or_path": base}, indent=2).encode()


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
