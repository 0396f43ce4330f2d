"""What the desk lab's model can before training: `python benchmarks/desk_baselines.py` writes its part of results/.

Rows that are there already are kept: delete the file to measure all of them anew.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from urlvr_bench.system.files import write_atomically

MODEL, TASK, NATIVE = "smollm2-135m", "words", "words_native"
KINDS = ("plural", "past", "comparison", "opposite", "capital", "nationality")
OUT = Path(__file__).parents[1] / "results" / "desk-baselines.json"
COMMON = ("--problems", "128", "--max-tokens", "6", "--precision", "bfloat16", "--batch-size", "64", "--json")
WAYS = {
    "words, 32 samples": ("--task", TASK, "--samples", "32", "--k", "1", "--k", "8", "--k", "32"),
    "words, greedy": ("--task", TASK, "--samples", "1", "--temperature", "0"),
    "words_native, 8 samples": ("--task", NATIVE, "--samples", "8", "--k", "1", "--k", "8"),
    "words_native, greedy": ("--task", NATIVE, "--samples", "1", "--temperature", "0"),
    **{
        f"words_{kind}, 8 samples": ("--task", f"words_{kind}", "--samples", "8", "--k", "1", "--k", "8")
        for kind in KINDS
    },
    "arithmetic_words, 8 samples": ("--task", "arithmetic_words", "--samples", "8", "--k", "1", "--k", "8"),
    "countdown_easy, 8 samples": ("--task", "countdown_easy", "--samples", "8", "--k", "1", "--k", "8"),
}
LONGER = {
    "words_native, 8 samples": "24",
    "words_native, greedy": "24",
    "arithmetic_words, 8 samples": "12",
    "countdown_easy, 8 samples": "16",
}
"""Tokens of a completion, where six are too few."""


def judged(asked: str) -> dict[str, Any]:
    """Return the row of one way to ask."""
    longer = ("--max-tokens", LONGER[asked]) if asked in LONGER else ()
    command = [sys.executable, "-m", "urlvr_bench.cli", "eval", MODEL, *COMMON, *WAYS[asked], *longer]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    (row,) = json.loads(done.stdout)
    samples = row["samples"]
    # the mean over all samples is pass@1, whatever their number
    named = {name.replace(f"avg@{samples}", "pass@1"): value for name, value in row.items()}
    return {"asked": asked, **named}


def measure(out: Path) -> None:
    """Add the rows that are missing, each as soon as it is known."""
    rows = {row["asked"]: row for row in json.loads(out.read_text())} if out.is_file() else {}
    for asked in WAYS:
        if asked not in rows:
            rows[asked] = judged(asked)
            known = [rows[each] for each in WAYS if each in rows]
            write_atomically(out, json.dumps(known, indent=1) + "\n")


if __name__ == "__main__":
    measure(OUT)
