"""The benchmarks of the fake Hub: what datasets register, and the boards made of the entries of model repos."""

from collections.abc import Iterator, Mapping
from typing import Any

import yaml
from hubstate import FakeHub

REGISTERED: Mapping[str, list[dict[str, str]]] = {
    "openai/gsm8k": [{"id": "gsm8k", "config": "main", "split": "test"}],
    "Idavidrein/gpqa": [
        {"id": "diamond", "config": "gpqa_diamond", "split": "train"},
        {"id": "main", "config": "gpqa_main", "split": "train"},
        {"id": "extended", "config": "gpqa_extended", "split": "train"},
    ],
    "TIGER-Lab/MMLU-Pro": [{"id": "mmlu_pro", "config": "default", "split": "test"}],
    "cais/hle": [{"id": "hle", "config": "default", "split": "test"}],
    "MathArena/hmmt_feb_2026": [{"id": "MathArena/hmmt_feb_2026", "config": "default", "split": "train"}],
}
"""The tasks in the eval.yaml of some benchmarks of the Hub, as their datasets registered them."""


def register(hub: FakeHub) -> None:
    """Make the datasets that are benchmarks, each with its eval.yaml."""
    for dataset, tasks in REGISTERED.items():
        hub.create(f"datasets/{dataset}")
        written = {"name": dataset, "description": "A benchmark.", "evaluation_framework": "inspect-ai", "tasks": tasks}
        hub.put(f"datasets/{dataset}", "eval.yaml", yaml.safe_dump(written).encode())


def benchmarks(hub: FakeHub) -> list[str]:
    """Return the datasets that are benchmarks."""
    return [name for name in hub.repos if name.startswith("datasets/") and "eval.yaml" in hub.files(name)]


def card(files: Mapping[str, bytes]) -> dict[str, Any]:
    """Return the metadata of a repo's card."""
    text = files.get("README.md", b"").decode()
    return yaml.safe_load(text.split("---\n")[1]) if text.startswith("---\n") else {}


def results(hub: FakeHub, name: str) -> list[dict[str, Any]]:
    """Return the entries of a model as its page and the client get them; what is wrong with a file stands for it."""
    found: list[dict[str, Any]] = []
    for path, content in hub.files(name).items():
        if path.startswith(".eval_results/") and path.endswith(".yaml"):
            for entry in yaml.safe_load(content):
                error = _error(hub, entry)
                seen = {"error": error} if error else {"verified": False, "data": entry}
                found.append({"filename": path, **seen})
    return found


def board(hub: FakeHub, dataset: str, *, fine_tuned: bool) -> list[dict[str, Any]]:
    """Return the board of a benchmark, best first; models that name their base are on it only where that is asked."""
    rows = sorted(_rows(hub, dataset, fine_tuned), key=lambda row: -row["value"])
    return [{"rank": rank, **row} for rank, row in enumerate(rows, start=1)]


def _rows(hub: FakeHub, dataset: str, fine_tuned: bool) -> Iterator[dict[str, Any]]:
    for name in [name for name in hub.repos if name.startswith("models/")]:
        if fine_tuned or "base_model" not in card(hub.files(name)):
            owner = name.split("/")[1]
            for one in results(hub, name):
                if "data" in one and one["data"]["dataset"]["id"] == dataset:
                    yield {
                        "modelId": name.removeprefix("models/"),
                        "value": one["data"]["value"],
                        "filename": one["filename"],
                        "verified": False,
                        "source": one["data"].get("source"),
                        "notes": one["data"].get("notes"),
                        "author": {"type": "user", "name": owner, "fullname": owner, "avatarUrl": ""},
                    }


def _error(hub: FakeHub, entry: dict[str, Any]) -> str | None:
    """Return what the Hub refuses: no benchmark, none of its tasks, no number, a source without its address."""
    dataset = entry.get("dataset", {})
    registration = f"datasets/{dataset.get('id')}"
    if registration not in benchmarks(hub):
        return f"{dataset.get('id')} is no benchmark"
    tasks = [task["id"] for task in yaml.safe_load(hub.files(registration)["eval.yaml"])["tasks"]]
    if dataset.get("task_id") not in tasks:
        return f"task_id is none of {tasks}"
    if not isinstance(entry.get("value"), int | float):
        return "value is no number"
    return "source has no url" if "source" in entry and "url" not in entry["source"] else None
