"""Read what a training left behind in its run folder; needs no torch."""

import json
from pathlib import Path
from typing import Any

LAST_BYTES = 8192
"""More than one line of steps.jsonl is long."""


def weights_folder(run_folder: Path, step: int) -> Path:
    """Return where the weights after `step` steps lie."""
    return run_folder / "weights" / f"step-{step:06d}"


def read_steps(path: Path) -> list[dict[str, Any]]:
    """Return the rows of steps.jsonl; a last line that was cut short is left out."""
    if not path.is_file():
        return []
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    return [json.loads(line) for line in lines if line.endswith("\n")]


def last_step(path: Path) -> dict[str, Any] | None:
    """Return the last whole row of steps.jsonl, reading only the end of the file."""
    try:
        with path.open("rb") as stream:
            stream.seek(max(0, path.stat().st_size - LAST_BYTES))
            tail = stream.read()
    except FileNotFoundError:
        return None
    whole = tail[: tail.rfind(b"\n")].rsplit(b"\n", 1)[-1] if b"\n" in tail else b""
    row: dict[str, Any] | None = json.loads(whole) if whole else None
    return row
