"""What a method noted at earlier steps: kept by the trainer, by prompt and by step, and saved with every checkpoint.

A method stays a function of the groups that it is shown; what it remembers is shown to it in them.
"""

from collections.abc import Sequence
from typing import Any

from urlvr_bench.needs import Signal


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
