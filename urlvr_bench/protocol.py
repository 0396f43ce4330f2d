"""A protocol, everything of a comparison but the method, and a run, one cell of a comparison."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field, ValidationError, model_validator

from urlvr_bench.errors import UsageError, unknown
from urlvr_bench.models import display_name
from urlvr_bench.settings import MOST_EVALUATIONS, Evaluation, Settings, Training, first_problem
from urlvr_bench.system import plain_yaml

FOLDER = Path(__file__).with_name("protocols")


class Protocol(Settings):
    """A frozen, named, versioned set of everything but the method."""

    name: str = Field(pattern=r"^[a-z0-9-]+$")
    version: int = Field(ge=1)
    description: str
    reference_minutes: float | None = Field(None, gt=0, description="of one run on one CPU core or GPU, for plans")
    model: str
    task: str
    training: Training
    evaluation: Evaluation

    @model_validator(mode="after")
    def _adapters_are_judged(self) -> "Protocol":
        if self.training.lora_rank and self.evaluation.backend == "vllm":
            raise ValueError("vLLM judges whole models: with training.lora_rank say evaluation.backend=hf")
        return self

    @model_validator(mode="after")
    def _evaluations_fit_a_record(self) -> "Protocol":
        last, judged = self.training.steps, self.evaluation
        asked = sum(len(judged.tasks(step, last, self.task)) for step in judged.steps(last))
        if asked > MOST_EVALUATIONS:
            raise ValueError(
                f"evaluation.every={judged.every} of {last:,} steps makes {asked:,} evaluations, and a record holds "
                f"{MOST_EVALUATIONS:,}: judge more rarely"
            )
        return self

    @property
    def id(self) -> str:
        """What folders and tables call it, and `load` reads: the name, with the version once there are several."""
        return self.name if self.version == 1 and _newest(self.name) in (None, "1") else self.exact

    @property
    def exact(self) -> str:
        """The name and the version, which `load` reads whatever newer version there is."""
        return f"{self.name}@{self.version}"

    def hash(self) -> str:
        """Return 8 hex digits that change whenever any value that decides a result changes.

        Defaults are left out, so that a setting added later does not change the hashes of older records.
        """
        deciding = self.model_dump_json(exclude={"description", "reference_minutes"}, exclude_defaults=True)
        return hashlib.sha256(deciding.encode()).hexdigest()[:8]


def names() -> list[str]:
    """Return the names of the protocols that ship with the package."""
    return sorted(path.stem for path in FOLDER.glob("*.yaml"))


def load(name: str, overrides: Mapping[str, str] | None = None) -> Protocol:
    """Return the protocol `name`, `name@version` or of a YAML file, with `section.key=value` overrides applied."""
    own = name.endswith((".yaml", ".yml"))
    path = Path(name).expanduser() if own else published(name)
    if not path.is_file() and (own or Path(name).exists()):
        what = "there is no such file" if own else "that is no YAML file"
        raise UsageError(f"protocol {name}: {what}; give a file NAME.yaml, or one of {', '.join(names())}")
    if not path.is_file():
        raise unknown("protocol", name, names())
    values = plain_yaml.mapping(path, f"protocol {name}")
    for key, value in (overrides or {}).items():
        _override(values, key, value)
    try:
        return Protocol.model_validate(values)
    except ValidationError as error:
        raise UsageError(f"protocol {name}: {first_problem(error)}") from error


def is_published(name: str) -> bool:
    """Return whether a protocol of this name, or `name@version`, ships with the package."""
    return published(name).is_file()


def published(name: str) -> Path:
    """Return the file of a protocol; `name` alone is its newest version, earlier ones are `name@version.yaml`."""
    bare, _, version = name.partition("@")
    return FOLDER / (f"{bare}.yaml" if version and version == _newest(bare) else f"{name}.yaml")


@cache
def _newest(name: str) -> str | None:
    """Return the newest version of a protocol, None of one that does not ship; records ask for it by the hundred."""
    path = FOLDER / f"{name}.yaml"
    return str(plain_yaml.parse(path.read_text())["version"]) if path.is_file() else None


def _override(values: dict[str, Any], key: str, value: str) -> None:
    """Set `training.steps`, or `steps` where only one section has it, to the YAML reading of `value`."""
    sections: dict[str, type[BaseModel]] = {"training": Training, "evaluation": Evaluation}
    section, _, name = key.rpartition(".")
    holders = [part for part, model in sections.items() if name in model.model_fields and section in ("", part)]
    if not holders:
        bare = "." not in key
        named = ((part, name) for part, model in sections.items() for name in model.model_fields)
        known = dict.fromkeys(name if bare else f"{part}.{name}" for part, name in named)
        raise unknown("protocol setting", key, list(known))
    if len(holders) > 1:
        raise UsageError(f"setting {key!r} is in {' and '.join(holders)}: write {holders[0]}.{key}")
    section_values = values.setdefault(holders[0], {})
    if isinstance(section_values, dict):  # else the protocol says what is wrong
        section_values[name] = plain_yaml.given(f"setting {key}={value}", value)


def slug(text: str) -> str:
    """Return `text` as one safe path component."""
    return re.sub(r"[^A-Za-z0-9._=,+*()@-]+", "_", text.replace("/", "__")).lstrip(".") or "_"


@dataclass(frozen=True)
class Run:
    """protocol x model x task x method(params) x seed."""

    protocol: Protocol
    model: str
    task: str
    method: str
    seed: int
    params: Mapping[str, Any] = field(default_factory=dict)
    """Hyper-parameters that differ from the method's defaults."""
    overrides: Mapping[str, str] = field(default_factory=dict)
    """Protocol settings that differ from the published protocol; any makes the run a custom one."""

    @property
    def method_id(self) -> str:
        """The method with the hyper-parameters that differ from its defaults."""
        given = ",".join(f"{key}={value}" for key, value in sorted(self.params.items()))
        return f"{self.method}({given})" if given else self.method

    @property
    def protocol_id(self) -> str:
        """The protocol, with its hash where settings were overridden."""
        return f"{self.protocol.id}-{self.protocol.hash()}" if self.overrides else self.protocol.id

    @property
    def path(self) -> Path:
        """Where the run lies under a runs or results folder; the path is the configuration."""
        parts = (self.protocol_id, display_name(self.model), self.task, self.method_id)
        return Path(*map(slug, parts), f"seed{self.seed}")

    @property
    def record_path(self) -> Path:
        """Where the run's record lies under a results folder."""
        return self.path.with_suffix(".json")

    def to_json(self) -> str:
        """Return the run as JSON that `from_json` reads back."""
        values = {
            "protocol": self.protocol.model_dump(mode="json"),
            "model": self.model,
            "task": self.task,
            "method": self.method,
            "seed": self.seed,
            "params": dict(self.params),
            "overrides": dict(self.overrides),
        }
        return json.dumps(values, indent=1)

    @classmethod
    def from_json(cls, text: str) -> "Run":
        """Return the run that `to_json` wrote."""
        values = json.loads(text)
        return cls(**{**values, "protocol": Protocol.model_validate(values["protocol"])})
