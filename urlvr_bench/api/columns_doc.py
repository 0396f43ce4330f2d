"""Keep the list of columns in docs/python.md true."""

import sys
from pathlib import Path

from urlvr_bench.api.results import KEYS, PROBLEMS, RUNS, STEPS
from urlvr_bench.presentation import generated

PATH = Path(__file__).resolve().parents[2] / "docs" / "python.md"
FRAMES = {
    "every frame": KEYS,
    "`.runs`, one row per run": RUNS,
    "`.steps`, one row per training step": STEPS,
    "`.problems`, one row per judged problem of each evaluation": PROBLEMS,
}


def block() -> str:
    """Return the tables between the markers."""
    parts = []
    for frame, columns in FRAMES.items():
        rows = [f"| `{name}` | {meaning} |" for name, meaning in columns.items()]
        parts.append("\n".join([f"| {frame} | |", "|---|---|", *rows]))
    return "\n\n".join(parts) + "\n"


def main(arguments: list[str]) -> int:
    """Rewrite docs/python.md, or with `--check` only say whether it is stale."""
    return generated.keep({PATH: generated.filled_in(PATH, "columns", block())}, arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
