"""What a method noted at earlier steps: kept by the trainer, by prompt and by step, and saved with every checkpoint.

A method stays a function of the groups that it is shown; what it remembers is shown to it in them.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from transformers import TrainerCallback, TrainerState, TrainingArguments

from urlvr_bench.rollouts import Signal
from urlvr_bench.system.files import write_atomically

FILE = "notes.json"


class Memory:
    """The last `keep` notes of each prompt and those of the last `keep` steps, where a method declares them.

    It is the same on every process: what all of them noted is added in the order of the prompts.
    """

    def __init__(self, keep: int, needs: Sequence[Signal]) -> None:
        self.keep, self.of_prompts, self.of_run = keep, "prompt_notes" in needs, "run_notes" in needs
        self.prompts: dict[str, list[Any]] = {}
        self.steps: list[list[Any]] = []

    def shown(self, prompt: str) -> dict[str, list[Any]]:
        """Return the signals that a group of this prompt has of earlier steps."""
        of_prompt = {"prompt_notes": list(self.prompts.get(prompt, ()))} if self.of_prompts else {}
        return of_prompt | ({"run_notes": list(self.steps)} if self.of_run else {})

    def add(self, noted: Sequence[tuple[str, Any]]) -> None:
        """Add the prompts of a step, each with what was noted of its group."""
        for prompt, note in noted if self.of_prompts else ():
            self.prompts[prompt] = [*self.prompts.get(prompt, ()), note][-self.keep :]
        if self.of_run:
            self.steps = [*self.steps, [note for _, note in noted]][-self.keep :]


class MemoryKeeper(TrainerCallback):
    """Keep the notes with every checkpoint, so that a continued run remembers the same."""

    def __init__(self, memory: Memory) -> None:
        self.memory = memory

    def restore(self, checkpoint: Path) -> None:
        """Load the notes of a checkpoint."""
        if self.memory.keep:
            kept = json.loads((checkpoint / FILE).read_text(encoding="utf-8"))
            self.memory.prompts, self.memory.steps = kept["prompts"], kept["steps"]

    def on_save(self, args: TrainingArguments, state: TrainerState, *_: Any, **__: Any) -> None:
        """Write the notes into the checkpoint; runs before the checkpoint is sealed."""
        if self.memory.keep and state.is_world_process_zero:
            path = Path(str(args.output_dir)) / f"checkpoint-{state.global_step}" / FILE
            write_atomically(path, json.dumps({"prompts": self.memory.prompts, "steps": self.memory.steps}))
