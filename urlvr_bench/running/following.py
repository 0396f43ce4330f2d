"""Follow a run by what it leaves in its folder; every line is read once."""

import contextlib
import json
from pathlib import Path
from typing import Any

from urlvr_bench.protocol import Run
from urlvr_bench.running.pace import Reading
from urlvr_bench.statistics.collapse import HEADLINE, first_below

COLUMNS = ("step", "seconds", "tokens", "length", "proxy_reward", "train_accuracy")
"""What is kept of a row; some are large."""


class Follower:
    """What is known of one run so far."""

    def __init__(self, run: Run, folder: Path) -> None:
        self.run, self.folder = run, folder
        self.rows: list[dict[str, Any]] = []
        self.judged: dict[Path, float] = {}
        self._place = 0

    def look(self) -> Reading:
        """Read what is new, and return all that is known."""
        self._look_at_steps(self.folder / "steps.jsonl")
        for path in self.folder.glob("evals/step-*.json"):
            if path not in self.judged:
                with contextlib.suppress(OSError, ValueError, KeyError):
                    self.judged[path] = float(json.loads(path.read_bytes())["values"]["seconds"])
        trained = (self.folder / "train.json").is_file() and bool(self.rows)
        return Reading(self.run, self.rows, list(self.judged.values()), trained)

    def _look_at_steps(self, path: Path) -> None:
        """Read the whole lines that are new; all of them where the run went back to a checkpoint meanwhile."""
        try:
            with path.open("rb") as stream:
                stream.seek(self._place)
                new = stream.read()
        except FileNotFoundError:
            return
        new = new[: new.rfind(b"\n") + 1]
        try:
            rows = [{name: row.get(name) for name in COLUMNS} for row in map(json.loads, new.splitlines())]
            follows = path.stat().st_size >= self._place and all(
                row["step"] == step for step, row in enumerate(rows, len(self.rows) + 1)
            )
        except (ValueError, AttributeError):
            follows = False
        if follows:
            self.rows, self._place = [*self.rows, *rows], self._place + len(new)
        elif self._place:
            self.rows, self._place = [], 0
            self._look_at_steps(path)


def collapsed(reading: Reading) -> int | None:
    """Return the step at which a run collapsed; None where it has not, and where it began below the line."""
    series = [row["train_accuracy"] for row in reading.rows]
    if None in series:
        return None
    step = first_below(series, HEADLINE.threshold, HEADLINE.window)
    return None if step == HEADLINE.window else step
