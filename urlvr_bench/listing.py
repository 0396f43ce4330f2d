"""What there is to choose from, as rows for people and programs; needs no torch."""

from collections.abc import Callable
from typing import Any

from urlvr_bench import methods, models, protocol, tasks
from urlvr_bench.errors import unknown

Row = dict[str, Any]


def rows(kind: str) -> list[Row]:
    """Return one row per method, task, protocol or model."""
    kinds: dict[str, Callable[[], list[Row]]] = {
        "methods": _methods,
        "tasks": _tasks,
        "protocols": _protocols,
        "models": _models,
    }
    if kind not in kinds:
        raise unknown("kind of list", kind, kinds)
    return kinds[kind]()


def _methods() -> list[Row]:
    loaded = [(name, methods.load(name)) for name in methods.names()]
    return [
        {
            "method": name,
            "aliases": " ".join(cls.aliases),
            "family": cls.family,
            "labels": "yes" if cls().uses_labels() else "no",
            "signals": " ".join(cls.needs),
            "what it pays": (cls.__doc__ or "").strip().splitlines()[0],
        }
        for name, cls in loaded
    ]


def _tasks() -> list[Row]:
    loaded = [tasks.load(name) for name in tasks.names()]
    return [
        {
            "task": task.name,
            "version": task.version,
            "other styles": " ".join(f"@{style}" for style in tasks.prompt_styles(task.name)[1:]),
            "checker": "yes" if task.has_checker else "no",
            "source": task.source,
            "license": task.license,
            "what it is": task.description,
        }
        for task in loaded
    ]


def _protocols() -> list[Row]:
    loaded = [protocol.load(name) for name in protocol.names()]
    return [
        {
            "protocol": found.name,
            "version": found.version,
            "model": found.model,
            "task": found.task,
            "steps": found.training.steps,
            "learning rate": found.training.learning_rate,
            "what it is": found.description,
        }
        for found in loaded
    ]


def _models() -> list[Row]:
    return [
        {
            "model": prior.name,
            "task": prior.task,
            "accuracy": round(prior.accuracy, 3),
            "pre-training steps": prior.pretraining_steps,
        }
        for prior in models.priors()
    ]
