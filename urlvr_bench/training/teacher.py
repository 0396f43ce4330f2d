"""A moving average of the policy, for methods whose pseudo-labels come from a slower teacher."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from transformers import TrainerCallback, TrainerState, TrainingArguments

from urlvr_bench.training import sharding

FILE = "teacher.safetensors"


class Teacher:
    """The average of a model's weights over the steps, kept as the model's are; empty until it is first asked."""

    def __init__(self) -> None:
        self.weights: dict[str, Tensor] = {}
        self.step = -1

    def follow(self, model: nn.Module, decay: float, step: int) -> None:
        """Move towards the model once per step: weights = decay * weights + (1 - decay) * model."""
        if step == self.step:
            return
        self.step = step
        for name, parameter in sharding.parameters(model).items():
            if name in self.weights:
                self.weights[name] = sharding.like(self.weights[name], parameter).lerp(parameter.detach(), 1 - decay)
            else:
                self.weights[name] = parameter.detach().clone()

    @contextmanager
    def in_place(self, model: nn.Module, decay: float, step: int) -> Iterator[None]:
        """Put the teacher's weights into the model for a while."""
        self.follow(model, decay, step)
        own = {name: parameter.detach().clone() for name, parameter in sharding.parameters(model).items()}
        try:
            _load(model, self.weights)
            yield
        finally:
            _load(model, own)


@torch.no_grad()
def _load(model: nn.Module, weights: dict[str, Tensor]) -> None:
    for name, parameter in sharding.parameters(model).items():
        parameter.copy_(sharding.like(weights[name], parameter))


class TeacherKeeper(TrainerCallback):
    """Keep the teacher with every checkpoint, so that a continued run has the same one."""

    def __init__(self, teacher: Teacher) -> None:
        self.teacher = teacher

    def restore(self, checkpoint: Path) -> None:
        """Load the teacher of a checkpoint, if it has one."""
        path = checkpoint / FILE
        if path.is_file():
            stored = load_file(path)
            self.teacher.step = int(stored.pop("step").item())
            self.teacher.weights = stored

    def on_save(self, args: TrainingArguments, state: TrainerState, *_: Any, **__: Any) -> None:
        """Write the teacher into the checkpoint; runs before the checkpoint is sealed."""
        values = {name: sharding.whole(weight).contiguous() for name, weight in self.teacher.weights.items()}
        if values and state.is_world_process_zero:
            target = Path(str(args.output_dir)) / f"checkpoint-{state.global_step}" / FILE
            save_file({**values, "step": torch.tensor(self.teacher.step)}, target)
