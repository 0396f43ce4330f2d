"""Checkpoints that hold all that a continued run needs, sealed by checksum; the last two are kept."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from accelerate import PartialState
from accelerate.utils import gather_object
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from urlvr_bench.system import files
from urlvr_bench.system.files import explained, write_atomically
from urlvr_bench.system.processes import REQUEST, Stopped
from urlvr_bench.training.memory import Memory

NOTES = "notes.json"
"""What a method remembers."""
KEPT = 2
"""One to go on from, and one should that be damaged."""

Say = Callable[[str], None]


class Sealer(TrainerCallback):
    """Make every checkpoint complete with the steps so far, seal it, and only then delete the oldest.

    The trainer itself would delete before it is sealed, and by the files' times, which a clock that jumps confuses.
    """

    def __init__(self, steps: Path) -> None:
        self.steps = steps

    def on_save(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        """Seal the checkpoint that the trainer has just saved."""
        if state.is_world_process_zero:
            folder = Path(str(args.output_dir))
            checkpoint = folder / f"checkpoint-{state.global_step}"
            with explained(checkpoint):
                shutil.copyfile(self.steps, checkpoint / self.steps.name)
            files.seal(checkpoint)
            for old in saved(folder)[:-KEPT]:
                shutil.rmtree(old)


class Leaver(TrainerCallback):
    """Answer a request to stop: save at the next step boundary, wait for the seal, leave. Comes after `Sealer`."""

    def __init__(self, updates_per_step: int, say: Say) -> None:
        self.updates_per_step, self.say, self.leaving = updates_per_step, say, False

    def on_train_begin(self, *_: Any, **__: Any) -> None:
        """From here on, a request waits for a step to end."""
        REQUEST.can_wait = True

    def on_step_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        """Have a checkpoint saved if any process was asked to stop; all of them then stop together."""
        if state.global_step % self.updates_per_step == 0:
            shared = PartialState().num_processes > 1
            self.leaving = any(gather_object([REQUEST.made])) if shared else REQUEST.made
            control.should_save = control.should_save or self.leaving

    def on_save(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        """Leave."""
        if self.leaving:
            PartialState().wait_for_everyone()
            self.say(f"stopped on request after step {state.global_step // self.updates_per_step}")
            raise Stopped

    def on_train_end(self, *_: Any, **__: Any) -> None:
        """What follows can be stopped anywhere."""
        REQUEST.can_wait = False
        if REQUEST.made:
            raise Stopped


class MemoryKeeper(TrainerCallback):
    """Keep the notes with every checkpoint, so that a continued run remembers the same."""

    def __init__(self, memory: Memory) -> None:
        self.memory = memory

    def restore(self, checkpoint: Path) -> None:
        """Load the notes of a checkpoint."""
        if self.memory.keep:
            kept = json.loads((checkpoint / NOTES).read_text(encoding="utf-8"))
            self.memory.prompts, self.memory.steps = kept["prompts"], kept["steps"]

    def on_save(self, args: TrainingArguments, state: TrainerState, *_: Any, **__: Any) -> None:
        """Write the notes into the checkpoint; runs before the checkpoint is sealed."""
        if self.memory.keep and state.is_world_process_zero:
            path = Path(str(args.output_dir)) / f"checkpoint-{state.global_step}" / NOTES
            write_atomically(path, json.dumps({"prompts": self.memory.prompts, "steps": self.memory.steps}))


def saved(folder: Path) -> list[Path]:
    """Return the checkpoints in a folder, whole or not, in the order of their steps."""
    found = [path for path in folder.glob("checkpoint-*") if re.fullmatch(r"checkpoint-\d+", path.name)]
    return sorted(found, key=lambda path: int(path.name.removeprefix("checkpoint-")))


def latest(folder: Path, say: Say) -> Path | None:
    """Return the newest checkpoint that is whole; say aloud which ones are not, and delete them."""
    for checkpoint in reversed(saved(folder)):
        if files.is_whole(checkpoint):
            return checkpoint
        say(f"{checkpoint.name} is not whole and is passed over")
        shutil.rmtree(checkpoint)
    return None


def restore_steps(path: Path, checkpoint: Path | None, say: Say) -> None:
    """Put steps.jsonl back to where a checkpoint, or the start, left it; what came after is written again."""
    kept = (checkpoint / path.name).read_text(encoding="utf-8") if checkpoint else ""
    found = path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
    if not found.startswith(kept):
        say(f"{path.name} is damaged; its rows are taken from the checkpoint")
    if found and not kept:
        say("no whole checkpoint is left, so the training starts again from step 0")
    write_atomically(path, kept)
