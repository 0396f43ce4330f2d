"""What there is to choose from, as rows for people and programs; needs no torch."""

from collections.abc import Callable, Sequence
from types import NoneType
from typing import Any, Literal, get_args, get_origin

import yaml
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from rich.markup import escape
from rich.table import Table

from urlvr_bench import methods, models, protocol, released, settings, tasks
from urlvr_bench.errors import unknown
from urlvr_bench.stopping import known

Row = dict[str, Any]


SHORT = {
    "methods": ("method", "family", "what it pays"),
    "tasks": ("task", "checker", "what it is"),
    "protocols": ("protocol", "model", "task", "steps", "what it is"),
    "models": ("model", "task", "accuracy"),
    "settings": ("setting", "default", "meaning"),
    "stop-rules": ("rule", "a run ends where"),
}
"""The columns that fit a terminal of 80; the first is the name, which is never broken."""
WIDE = 160
"""Columns of a terminal that shows all."""


def table(kind: str, found: Sequence[Row], width: int) -> Table:
    """Return the rows of a kind for people, in as many columns as there is room for."""
    shown = Table(title=f"{len(found)} {kind}", title_justify="left")
    for column in found[0] if width >= WIDE else SHORT[kind]:
        shown.add_column(column, no_wrap=column == SHORT[kind][0], overflow="fold")
    for row in found:
        shown.add_row(*(escape(str(row[str(column.header)])) for column in shown.columns))
    return shown


def rows(kind: str) -> list[Row]:
    """Return one row per method, task, protocol, model, setting of a protocol or stopping rule."""
    kinds: dict[str, Callable[[], list[Row]]] = {
        "methods": _methods,
        "tasks": _tasks,
        "protocols": _protocols,
        "models": _models,
        "settings": _settings,
        "stop-rules": _stop_rules,
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
    loaded = {name: protocol.load(name) for name in protocol.names()}
    return [
        {
            "protocol": name,
            "version": found.version,
            "model": found.model,
            "task": found.task,
            "steps": found.training.steps,
            "learning rate": found.training.learning_rate,
            "what it is": found.description,
        }
        for name, found in loaded.items()
    ]


def _models() -> list[Row]:
    pocket = [
        {
            "model": prior.name,
            "task": prior.task,
            "accuracy": round(prior.accuracy, 3),
            "pre-training steps": prior.pretraining_steps,
            "hub id": "",
        }
        for prior in models.priors()
    ]
    unknown = dict.fromkeys(("task", "accuracy", "pre-training steps"), "")
    return [*pocket, *({"model": model.name, **unknown, "hub id": model.hub_id} for model in released.MODELS)]


def _settings() -> list[Row]:
    sections: dict[str, type[BaseModel]] = {"training": settings.Training, "evaluation": settings.Evaluation}
    return [
        {
            "setting": f"{section}.{name}",
            "unit": (field.json_schema_extra or {}).get("unit", ""),  # type: ignore[union-attr]
            "default": _default(field),
            "values": _values(field),
            "meaning": field.description,
        }
        for section, model in sections.items()
        for name, field in model.model_fields.items()
    ]


def _stop_rules() -> list[Row]:
    return [
        {
            "rule": rule.name,
            "a run ends where": rule.about,
            "parameters": ", ".join(f"{key}={value!r}" for key, value in rule.defaults.items()),
            "columns": " ".join(rule.reads),
            "ends a run that trains": "yes" if rule.live else "no",
            "source": rule.source,
        }
        for rule in map(known.load, known.names())
    ]


def _default(field: FieldInfo) -> str:
    """Return a default as `--set` takes it; without one every protocol sets a value of its own."""
    if field.is_required():
        return "protocol's"
    return str(yaml.safe_dump(field.default, default_flow_style=True)).split("\n")[0]


def _values(field: FieldInfo) -> str:
    """Return what a field may be: names, or a kind of value and its bounds."""
    bounds = [f"{sign} {getattr(part, name)}" for part in field.metadata for name, sign in SIGNS if hasattr(part, name)]
    return " ".join([_kind(field.annotation), ", ".join(bounds)]).strip()


def _kind(annotation: Any) -> str:
    parts = [part for part in get_args(annotation) if part not in (NoneType, ...)]
    if get_origin(annotation) is Literal:
        return ", ".join(map(str, parts))
    if get_origin(annotation) is tuple:
        return f"list of {_kind(parts[0])}"
    return _kind(parts[0]) if parts else KINDS[annotation]


KINDS = {int: "whole number", float: "number", bool: "true, false", str: "text"}
SIGNS = (("gt", ">"), ("ge", ">="), ("lt", "<"), ("le", "<="))
