"""What a visitor of the Hub reads: the cards of dataset, Space and trained model."""

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

import yaml
from huggingface_hub import RepoCard

from urlvr_bench.errors import UsageError
from urlvr_bench.hub import entries, views
from urlvr_bench.hub.bases import Base
from urlvr_bench.records.record import Record
from urlvr_bench.statistics import metrics

HUB_ID = re.compile(r"[\w.-]+/[\w.-]+")
"""What ids of data sets on the Hub look like; other sources of problems are modules and packages."""
VIEWS = {"runs": "one row per run", "curves": "one row per training step", "problems": "one row per judged problem"}


def dataset_card(records: Sequence[Record], repo: str, space: str | None) -> bytes:
    """Return the README of the dataset: the views as its configurations, what they hold, how to read and to add."""
    metadata = {
        "pretty_name": "urlvr-bench records",
        "license": "apache-2.0",
        "tags": ["urlvr-bench", "reinforcement-learning", "unsupervised-rlvr", "benchmark"],
        "configs": [
            {"config_name": view, "data_files": f"data/{view}.parquet"} | ({"default": True} if view == "runs" else {})
            for view in VIEWS
        ],
    }
    protocols = Counter(f"{record.protocol_id}, {record.model.name}, {record.task.name}" for record in records)
    listed = "\n".join(f"- {cell}: {count}" for cell, count in sorted(protocols.items()))
    columns = {"runs": views.RUNS, "curves": views.CURVES, "problems": views.PROBLEMS}
    tables = "\n".join(
        f"- `{view}`, {what}: {', '.join(f'`{column}`' for column in columns[view].names)}"
        for view, what in VIEWS.items()
    )
    board = f"The board: https://huggingface.co/spaces/{space}\n\n" if space else ""
    body = f"""# urlvr-bench records

Runs of unsupervised reinforcement learning with verifiable rewards: every method trained under the same frozen
protocol, judged by the same evaluator. {board}Number of runs: {len(records)}, by protocol, model and task:

{listed}

## Files

`records/` holds one JSON file per run, the source of truth. A file is named after its run and the first 12 hex digits
of its SHA-256 and is never changed. `data/` is derived from it by `urlvr-bench push` and never edited:

{tables}

`run` joins the three. Accuracies are shares of all samples (avg@n); seconds, tokens and nats are meant as such.

```python
from datasets import load_dataset

runs = load_dataset("{repo}", "runs", split="train")
```

## Adding a run

```
urlvr-bench submit RUN_DIR --repo {repo}
```
"""
    return _card(metadata, body)


def space_card(own: bytes, dataset: str | None) -> bytes:
    """Return the site's own card with the dataset linked; refuse one that asks for a server, which is not free."""
    try:
        card = RepoCard(own.decode())
    except (ValueError, yaml.YAMLError) as error:
        raise UsageError(f"README.md of the site is no Space card: {' '.join(str(error).split())}") from error
    if card.data.get("sdk") != "static":
        raise UsageError(f"README.md of the site says sdk: {card.data.get('sdk')}; the board needs sdk: static")
    if dataset:
        card.data["datasets"] = [dataset]
    return str(card).encode()


def model_card(record: Record, dataset: str, base: Base, *, adapter: bool = False) -> bytes:
    """Return the README of a trained policy; `adapter` says that its weights are LoRA's, to be put on the base."""
    method, task = record.method, record.task
    metadata: dict[str, Any] = {
        **base.license,
        "library_name": "peft" if adapter else "transformers",
        "pipeline_tag": "text-generation",
        "tags": ["urlvr-bench", "urlvr", "trl", "grpo", method.name],
    }
    if base.hub_id:
        metadata |= {"base_model": base.hub_id, "base_model_relation": "adapter" if adapter else "finetune"}
    if published := task.source if HUB_ID.fullmatch(task.source) else None:
        metadata["datasets"] = [published]
    labels = "uses ground-truth labels" if method.uses_labels else "uses no labels"
    data = f"[{published}](https://huggingface.co/datasets/{published})" if published else f"version {task.version}"
    weights = f"a LoRA adapter of {record.model.name}" if adapter else "the whole model"
    body = f"""# {record.model.name} after `{method.id}`

- Reward method: `{method.id}` ({method.family}; {labels}; {method.paper})
- Training: {record.last_step} steps on `{task.name}` ({data}), protocol `{record.protocol_id}`, seed {record.seed}
- Files: {weights}, and `record.json`, the record of the run

{_judgements(record)}

One run says little: compare methods over seeds, with intervals, in
[{dataset}](https://huggingface.co/datasets/{dataset}).
"""
    return _card(metadata, body)


def _judgements(record: Record) -> str:
    """Return what the policy was judged on, before and after training, as a table."""
    first = {one.task: metrics.accuracy(one) for one in record.evals if one.step == 0}
    boards = {one.evaluation.task: str(one) for one in entries.judgements(record)}
    rows = [
        "| judged on | problems | samples of each | before | after | board of the Hub |",
        "|---|---|---|---|---|---|",
    ]
    for one in record.evals:
        if one.step == record.last_step:
            before, after = (f"{share:.3f}" for share in (first[one.task], metrics.accuracy(one)))
            cells = [f"`{one.task}`", f"{len(one.correct):,}", str(one.n), before, after, boards.get(one.task, "none")]
            rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows)


def _card(metadata: dict[str, Any], body: str) -> bytes:
    return f"---\n{yaml.safe_dump(metadata, sort_keys=False)}---\n\n{body}".encode()
