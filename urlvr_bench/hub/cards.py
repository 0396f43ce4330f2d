"""What a visitor of the Hub reads: the cards of dataset, Space and trained model, the model's evaluation entries."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import yaml
from huggingface_hub import EvalResultEntry, RepoCard, eval_result_entries_to_yaml

from urlvr_bench import tasks
from urlvr_bench.errors import UsageError
from urlvr_bench.hub import views
from urlvr_bench.records.record import Eval, Record
from urlvr_bench.statistics import metrics
from urlvr_bench.statistics.metrics import evaluation_at

BENCHMARKS = {"openai/gsm8k": "gsm8k", "Idavidrein/gpqa": "gpqa_diamond"}
"""Datasets that are benchmarks of the Hub, each with its task there; the Hub takes entries for no others."""
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


def model_card(record: Record, dataset: str) -> bytes:
    """Return the README of a trained policy."""
    metadata: dict[str, Any] = {
        "library_name": "transformers",
        "pipeline_tag": "text-generation",
        "tags": ["urlvr-bench", "urlvr", "trl", "grpo", record.method.name],
    }
    if "/" in record.model.name:
        metadata["base_model"] = record.model.name
    first, last = (evaluation_at(record, step) for step in (0, record.last_step))
    method, task, problems = record.method, record.task.name, len(last.correct)
    labels = "uses ground-truth labels" if method.uses_labels else "uses no labels"
    body = f"""# {record.model.name} after `{method.id}`

- Reward method: `{method.id}` ({method.family}; {labels}; {method.paper})
- Training: {record.last_step} steps on `{task}`, protocol `{record.protocol_id}`, seed {record.seed}
- avg@{last.n} on {problems} problems: {metrics.accuracy(first):.3f} before, {metrics.accuracy(last):.3f} after

One run says little: compare methods over seeds, with intervals, in
[{dataset}](https://huggingface.co/datasets/{dataset}).
"""
    return _card(metadata, body)


def evaluation_entries(record: Record, dataset: str) -> dict[str, bytes]:
    """Return `.eval_results/*.yaml` for each judgement of the trained policy on a benchmark of the Hub, in percent."""
    files = {}
    for evaluation in record.evals:
        source, revision = _source(record, evaluation)
        if evaluation.step == record.last_step and source in BENCHMARKS:
            entry = EvalResultEntry(
                dataset_id=source,
                task_id=BENCHMARKS[source],
                value=round(100 * metrics.accuracy(evaluation), 2),
                dataset_revision=revision,
                date=record.provenance.finished,
                source_url=f"https://huggingface.co/datasets/{dataset}",
                source_name="urlvr-bench",
                notes=f"{record.method.id}, seed {record.seed}, protocol {record.protocol_id}, avg@{evaluation.n} "
                f"over {len(evaluation.correct)} problems",
            )
            written = yaml.safe_dump(eval_result_entries_to_yaml([entry]), sort_keys=False)
            files[f".eval_results/{evaluation.task}.yaml"] = written.encode()
    return files


def _source(record: Record, evaluation: Eval) -> tuple[str, str | None]:
    """Return the dataset of an evaluation's task and its commit; empty for a task that this version does not know."""
    if evaluation.task == record.task.name:
        return record.task.source, record.task.revision
    if tasks.exists(evaluation.task):
        task = tasks.load(evaluation.task)
        return task.source, task.revision
    return "", None


def _card(metadata: dict[str, Any], body: str) -> bytes:
    return f"---\n{yaml.safe_dump(metadata, sort_keys=False)}---\n\n{body}".encode()
