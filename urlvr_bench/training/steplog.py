"""What a training leaves behind while it runs, steps.jsonl and weights to evaluate, and what ends it early."""

import math
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from urlvr_bench.errors import UsageError
from urlvr_bench.records.measured import lacking
from urlvr_bench.records.record import Steps, dumps
from urlvr_bench.records.run_folder import weights_folder
from urlvr_bench.settings import Stop, Training
from urlvr_bench.statistics.signs import first_stop
from urlvr_bench.stopping.known import asked
from urlvr_bench.system import files
from urlvr_bench.system.files import append
from urlvr_bench.training.bridge import PREFIX, RewardBridge
from urlvr_bench.training.reporting import Report

NO_SIGNAL_STEPS = 5
REMEDIES = {
    "answers": "no answer can be read in any rollout: a longer training.max_completion_tokens, or another prompt",
    "gradients": "every gradient is 0, as all rollouts of each group earn the same: another task, or method",
}


def logged_as(column: str) -> str:
    """Return the name under which the trainer logs a column of `record.Steps`."""
    return column if column in ("entropy", "grad_norm", "learning_rate") else PREFIX + column


def _measured(logs: Mapping[str, Any]) -> dict[str, float]:
    """Return what of an update's log is a finite number; what was not measured may be None or NaN."""
    return {k: float(v) for k, v in logs.items() if isinstance(v, int | float) and math.isfinite(v)}


class StepLog(TrainerCallback):
    """Append one line per step to steps.jsonl: the columns of `record.Steps`, the seconds of the step's parts, and
    what the bridge kept of its rollouts."""

    def __init__(self, path: Path, updates_per_step: int, bridge: RewardBridge, report: Report) -> None:
        self.path, self.updates_per_step, self.bridge, self.report = path, updates_per_step, bridge, report
        self.pending: dict[str, list[float]] = {}
        self.started = time.perf_counter()

    def on_step_begin(self, *_: Any, state: TrainerState | None = None, **__: Any) -> None:
        """Start the clock at the first update of a step."""
        if not self.pending:
            self.started = time.perf_counter()

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: dict[str, Any] | None = None,
        **_: Any,
    ) -> None:
        """Collect the update's numbers; write the row when the step's last update is done."""
        if not state.is_world_process_zero or not logs or "grad_norm" not in logs:
            return
        for name, value in _measured(logs).items():
            self.pending.setdefault(name, []).append(value)
        if not math.isfinite(float(logs["grad_norm"])):
            raise UsageError(f"step {state.global_step}: the gradient is not finite; lower training.learning_rate")
        if state.global_step % self.updates_per_step == 0:
            row = self._row(state.global_step // self.updates_per_step)
            append(self.path, dumps(row) + "\n")
            self.report(row)
            self.pending = {}

    def _row(self, step: int) -> dict[str, Any]:
        def mean(name: str) -> float | None:
            values = self.pending.get(name)
            return sum(values) / len(values) if values else None

        row: dict[str, Any] = {"step": step}
        for name in Steps.model_fields:
            if name != "step":
                row[name] = mean(logged_as(name))
        row["tokens"] = round(row["tokens"] or 0.0)
        row["batch_answers"] = round(row["batch_answers"] or 0.0)
        generation, reward = mean(PREFIX + "generation_seconds") or 0.0, mean(PREFIX + "reward_seconds") or 0.0
        update = max(0.0, time.perf_counter() - self.started - generation - reward)
        row["seconds"] = {"generation": generation, "reward": reward, "update": update}
        row["evidence"] = self.bridge.evidence
        return row


class SignalCheck(TrainerCallback):
    """End a run whose first steps give nothing to learn from, in one line that says what was missing."""

    def __init__(self, training: Training, earlier: Sequence[Mapping[str, Any]]) -> None:
        self.training, self.wanted = training, min(NO_SIGNAL_STEPS, training.steps) * training.mini_batches
        self.unread = [float(row["unparsed"]) for row in earlier]
        self.norms = [float(row["grad_norm"]) for row in earlier]

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: dict[str, Any] | None = None,
        **_: Any,
    ) -> None:
        """Look at the updates of the first steps; a UsageError on every process where none of them moved anything."""
        if not logs or "grad_norm" not in logs or len(self.norms) >= self.wanted:
            return
        self.norms.append(float(logs["grad_norm"]))
        if (unread := logs.get(logged_as("unparsed"))) is not None:  # logged with a step's first update
            self.unread.append(float(unread))
        if len(self.norms) < self.wanted:
            return
        steps = min(NO_SIGNAL_STEPS, self.training.steps)
        if missing := lacking(self.unread, self.norms):
            raise UsageError(
                f"no signal in the first {steps} steps: {REMEDIES[missing]}, may help; "
                "--set without_signal=go_on trains on anyway"
            )


class WeightSaver(TrainerCallback):
    """Save the policy's weights at the steps that are to be evaluated."""

    def __init__(self, folder: Path, steps: set[int], updates_per_step: int, save: Callable[[str], None]) -> None:
        self.folder, self.steps, self.updates_per_step, self.save = folder, steps, updates_per_step, save

    def on_step_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        """Save after the last update of a step that is to be evaluated."""
        step, rest = divmod(state.global_step, self.updates_per_step)
        if not rest and step in self.steps:
            self.keep(step, state)

    def keep(self, step: int, state: TrainerState) -> None:
        """Save under a temporary name, seal, then rename."""
        target = weights_folder(self.folder, step)
        temporary = target.with_name(f".{target.name}.tmp")
        self.save(str(temporary))
        if state.is_world_process_zero:
            (temporary / "training_args.bin").unlink(missing_ok=True)  # a pickle with paths of this machine
            files.seal(temporary)
            shutil.rmtree(target, ignore_errors=True)
            temporary.rename(target)


Ends = Callable[[Mapping[str, Sequence[float | None]]], int | None]
"""From columns of steps to the first step after which a run ends."""


def at_collapse(stop_at: Stop, prompts: int) -> Ends:
    """Return what ends a run where `stop_at` shows its collapse."""
    return lambda columns: first_stop(stop_at, columns[stop_at], prompts)


def by_rule(spec: str) -> tuple[tuple[str, ...], Ends]:
    """Return the columns that a stopping rule reads, which no label is in, and what ends a run by it."""
    rule, params = asked(spec)
    return rule.reads, lambda columns: rule.first(columns, params)


class EarlyStop(TrainerCallback):
    """Stop after the first step at which some columns say so, and keep that step's weights.

    Decides on each process by the numbers that the trainer has gathered from all of them, so all stop together.
    """

    def __init__(
        self,
        reads: Sequence[str],
        ends: Ends,
        updates_per_step: int,
        saver: WeightSaver,
        earlier: Sequence[Mapping[str, Any]],
    ) -> None:
        self.ends, self.updates_per_step, self.saver = ends, updates_per_step, saver
        self.columns: dict[str, list[float | None]] = {name: [row.get(name) for row in earlier] for name in reads}
        self.pending: dict[str, list[float]] = {name: [] for name in reads}

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: dict[str, Any] | None = None,
        **_: Any,
    ) -> TrainerControl:
        """Take in an update's numbers; at the step's last one, stop if they say so.

        No checkpoint is written there: a run that is continued from it would train on.
        """
        measured = _measured(logs or {})
        for name, values in self.pending.items():
            values += [measured[logged_as(name)]] if logged_as(name) in measured else []
        step, rest = divmod(state.global_step, self.updates_per_step)
        if rest or not logs or "grad_norm" not in logs:
            return control
        for name, values in self.pending.items():
            mean = sum(values) / len(values) if values else None
            self.columns[name].append(step if name == "step" else mean)
            values.clear()
        if self.ends(self.columns) is not None:
            self.saver.keep(step, state)
            control.should_training_stop, control.should_save = True, False
        return control
