"""What a record holds: what was measured, on what, and where it comes from; every value is bounded and finite."""

from collections import Counter
from functools import cached_property
from operator import and_
from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from urlvr_bench.protocol import Protocol, slug
from urlvr_bench.records.described import MethodInfo, ModelInfo, Provenance, TaskInfo
from urlvr_bench.records.evidence import Evidence
from urlvr_bench.records.measured import (
    Control,
    Count,
    Eval,
    Frozen,
    Name,
    Short,
    Steps,
    Timing,
    lacking,
)
from urlvr_bench.settings import MOST_EVALUATIONS
from urlvr_bench.task_config import OWN

SCHEMA_VERSION: Literal[1] = 1


class Record(Frozen):
    """A finished run."""

    schema_version: Literal[1] = SCHEMA_VERSION
    protocol: Protocol
    protocol_hash: str = Field(pattern=r"^[0-9a-f]{8}$")
    overrides: dict[Short, Short] = Field(max_length=100)
    model: ModelInfo
    task: TaskInfo
    method: MethodInfo
    seed: Count
    steps: Steps
    timing: Timing
    problems: dict[Name, list[Short]]
    """Per evaluated task, the ids of its problems in the order of the counts."""
    evals: list[Eval] = Field(max_length=MOST_EVALUATIONS)
    controls: list[Control] = Field([], max_length=100)
    """Evaluations at the first and last step that put `evals` into perspective; no other table rests on them."""
    evidence: Evidence | None = None
    """What the accuracies in `steps` are computed from; None in older records and where groups are too large."""
    provenance: Provenance

    @model_validator(mode="after")
    def _hangs_together(self) -> "Record":
        if defects := self._training_defects() or self._evaluation_defects() + self._control_defects():
            raise ValueError("; ".join(defects[:10]))
        return self

    def _training_defects(self) -> list[str]:
        """Say where the steps, their timing and their totals contradict the protocol or each other."""
        defects, steps = [], self.protocol.training.steps
        if self.protocol.hash() != self.protocol_hash:
            defects.append(f"protocol_hash is {self.protocol_hash}, the protocol's is {self.protocol.hash()}")
        if len(self.protocol.name) > 100:
            defects.append("the protocol's name has more than 100 characters")
        lengths = {"steps": self.steps.step, **dict(self.timing)}
        early = self.protocol.training.may_end_early and 0 < self.last_step < steps
        wanted = self.last_step if early else steps
        defects += [
            f"{len(column)} {name}, the protocol has {steps} steps"
            for name, column in lengths.items()
            if len(column) != wanted
        ]
        unknown = [value is None for value in self.steps.reward_accuracy]
        read = [unparsed < 1 for unparsed in self.steps.unparsed]
        if self.method.binary and self.labelled and any(map(and_, unknown, read)):
            defects.append("a binary reward has a reward accuracy at every step with an answer")
        if self.method.binary and not all(0 <= reward <= 1 for reward in self.steps.proxy_reward):
            defects.append("the mean of a binary reward lies between 0 and 1")
        if sum(self.steps.tokens) > self.provenance.train_tokens:
            defects.append("train_tokens is less than the sum over the steps")
        if sum(evaluation.tokens for evaluation in [*self.evals, *self.controls]) > self.provenance.eval_tokens:
            defects.append("eval_tokens is less than the sum over the evaluations")
        return defects

    def _evaluation_defects(self) -> list[str]:
        """Say which evaluations are missing, doubled or not what the protocol asks for."""
        asked, last = self.protocol.evaluation, self.last_step
        cells = Counter((evaluation.step, evaluation.task) for evaluation in self.evals)
        wanted = {(step, task) for step in asked.steps(last) for task in asked.tasks(step, last, self.judged)}
        defects = [
            f"{times} evaluations of {task} at step {step}" for (step, task), times in cells.items() if times > 1
        ]
        defects += [f"no evaluation of {task} at step {step}" for step, task in sorted(wanted - cells.keys())]
        defects += [f"evaluation of {task} after the last step" for step, task in cells if step > last]
        for task, ids in self.problems.items():
            if len(set(ids)) < len(ids):
                defects.append(f"problem ids of {task} are not unique")
            if not 0 < len(ids) <= asked.problems:
                defects.append(f"{len(ids)} problems of {task}, the protocol has {asked.problems}")
        for evaluation in [*self.evals, *self.controls]:
            if len(evaluation.correct) != len(self.problems.get(evaluation.task, [])):
                defects.append(f"evaluation of {evaluation.task}: counts and problem ids differ in number")
        for evaluation in self.evals:
            if evaluation.n != asked.samples:
                defects.append(f"evaluation of {evaluation.task}: n = {evaluation.n}, the protocol has {asked.samples}")
        return defects

    def _control_defects(self) -> list[str]:
        """Say which controls are missing, doubled or not asked for; a task need not have a native prompt style."""
        if self.judged is None:
            return [f"control of {one.task}, but no task is judged" for one in self.controls]
        native = f"{self.judged.partition('@')[0]}@native"
        asked = Counter(
            (step, task, how.temperature, how.samples)
            for step in {0, self.last_step}
            for task, how in self.protocol.evaluation.controls(step, self.last_step, self.judged, native)
        )
        found = Counter((one.step, one.task, one.temperature, one.n) for one in self.controls)
        odd = [f"unasked or doubled control {cell}" for cell in found - asked]
        return odd + [f"no control {cell}" for cell in sorted(asked - found) if cell[1] != native]

    @property
    def last_step(self) -> int:
        """The last step that was trained: less than the protocol's where the run stopped at its collapse."""
        return len(self.steps.step)

    @property
    def judged(self) -> str | None:
        """The task judged along the way; None for prompts of one's own that no task was named for."""
        own = None if self.task.source == OWN else self.task.name
        return self.protocol.evaluation.task or own

    @property
    def labelled(self) -> bool:
        """Whether the answers to the training prompts are known, so that the columns that need them are there."""
        return None not in self.steps.train_accuracy

    @property
    def without_signal(self) -> bool:
        """Whether it was told to go on without a signal, and there was none at any step: it says nothing of its method.

        Any other run without one would have been stopped; those made before runs were keep the words that they have.
        """
        told = self.protocol.training.without_signal == "go_on"
        return told and lacking(self.steps.unparsed, self.steps.grad_norm) is not None

    @property
    def protocol_id(self) -> str:
        """The protocol, with its hash where settings were overridden."""
        return f"{self.protocol.id}-{self.protocol_hash}" if self.overrides else self.protocol.id

    @cached_property
    def path(self) -> Path:
        """Where the record lies under a results folder."""
        parts = (self.protocol_id, self.model.name, self.task.name, self.method.id)
        return Path(*map(slug, parts), f"seed{self.seed}.json")
