"""End a training at its collapse: what a diagnostic needs and no comparison does."""

from collections.abc import Mapping, Sequence
from typing import Any

from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from urlvr_bench.science.signs import first_stop
from urlvr_bench.settings import Stop, Training
from urlvr_bench.steplog import WeightSaver, logged_as


class CollapseStop(TrainerCallback):
    """Stop after the first step at which the protocol's `stop_at` shows collapse, and keep that step's weights.

    Decides on each process by the numbers that the trainer has gathered from all of them, so all stop together.
    """

    def __init__(
        self, stop_at: Stop, training: Training, saver: WeightSaver, earlier: Sequence[Mapping[str, Any]]
    ) -> None:
        self.stop_at, self.training, self.saver = stop_at, training, saver
        self.series: list[float | None] = [row[stop_at] for row in earlier]
        self.pending: list[float] = []

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: dict[str, Any] | None = None,
        **_: Any,
    ) -> TrainerControl:
        """Take in an update's numbers; at the step's last one, stop if they show collapse.

        No checkpoint is written there: a run that is continued from it would train on.
        """
        if logs and logged_as(self.stop_at) in logs:
            self.pending.append(float(logs[logged_as(self.stop_at)]))
        step, rest = divmod(state.global_step, self.training.mini_batches)
        if rest or not logs or "grad_norm" not in logs:
            return control
        self.series.append(sum(self.pending) / len(self.pending) if self.pending else None)
        self.pending = []
        if first_stop(self.stop_at, self.series, self.training.prompts_per_step) is not None:
            self.saver.keep(step, state)
            control.should_training_stop, control.should_save = True, False
        return control
