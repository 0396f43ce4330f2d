"""Moving averages of the policy, for methods whose pseudo-labels come from a slower teacher."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from transformers import TrainerCallback, TrainerState, TrainingArguments

from urlvr_bench.errors import UsageError
from urlvr_bench.training import sharding
from urlvr_bench.training.firewall import Turns

FILE = "teachers.safetensors"
OLDER = "teacher.safetensors"
"""What checkpoints had when all decays shared one teacher."""


def refuse(turns: Turns, name: str, use_vllm: bool) -> None:
    """Refuse a method that samples from a teacher where vLLM samples; that a teacher scores is no matter to it."""
    if use_vllm and any(extra.teacher_decay is not None for extra in turns.extras()):
        raise UsageError(f"{name} samples from a teacher, which vLLM does not hold: train with training.vllm=none")


class Teacher:
    """The average of a model's weights over the steps, kept as the model's are; empty until it is first asked."""

    def __init__(self, decay: float) -> None:
        self.decay = decay
        self.weights: dict[str, Tensor] = {}
        self.step = -1

    def follow(self, model: nn.Module, step: int) -> None:
        """Move towards the model once per step: weights = decay * weights + (1 - decay) * model."""
        if step == self.step:
            return
        if step and not self.weights:
            raise UsageError(f"a teacher is first asked at step {step + 1}: a method asks its teachers from step 1 on")
        self.step = step
        for name, parameter in sharding.parameters(model).items():
            if name in self.weights:
                kept = sharding.like(self.weights[name], parameter)
                self.weights[name] = kept.lerp_(parameter.detach(), 1 - self.decay)
            else:
                self.weights[name] = parameter.detach().clone()

    @contextmanager
    def in_place(self, model: nn.Module, step: int) -> Iterator[None]:
        """Put the teacher's weights into the model for a while."""
        self.follow(model, step)
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


class Teachers(dict[float, Teacher]):
    """One teacher per decay that is asked for."""

    def __missing__(self, decay: float) -> Teacher:
        self[decay] = Teacher(decay)
        return self[decay]


class TeacherKeeper(TrainerCallback):
    """Keep the teachers with every checkpoint, so that a continued run has the same ones."""

    def __init__(self, teachers: Teachers) -> None:
        self.teachers = teachers

    def restore(self, checkpoint: Path) -> None:
        """Load the teachers of a checkpoint, if it has any."""
        if (checkpoint / OLDER).is_file():
            raise UsageError(f"{checkpoint} has a teacher of older code, which cannot be continued: begin the run anew")
        path = checkpoint / FILE
        for name, value in load_file(path).items() if path.is_file() else ():
            decay, _, parameter = name.partition("/")
            teacher = self.teachers[float(decay)]
            if parameter:
                teacher.weights[parameter] = value
            else:
                teacher.step = int(value.item())

    def on_save(self, args: TrainingArguments, state: TrainerState, *_: Any, **__: Any) -> None:
        """Write the teachers into the checkpoint; runs before the checkpoint is sealed."""
        values: dict[str, Tensor] = {}
        for decay, teacher in self.teachers.items():
            values[f"{decay!r}/"] = torch.tensor(teacher.step)
            kept = {name: sharding.whole(weight).contiguous() for name, weight in teacher.weights.items()}
            values |= {f"{decay!r}/{name}": weight for name, weight in kept.items()}
        if values and state.is_world_process_zero:
            save_file(values, Path(str(args.output_dir)) / f"checkpoint-{state.global_step}" / FILE)
