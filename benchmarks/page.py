"""Write what the benchmarks measured as a page: `python benchmarks/page.py`, the last step of `make bench`."""

import ast
import importlib.metadata
import json
import os
from pathlib import Path

from report import table

HERE = Path(__file__).parent
PAGE = HERE.parent / "docs" / "speed.md"
ORDER = ("training", "desk", "signals", "evaluator", "grading", "commands", "site")
HEAD = """# The speed table

Written by `make bench`; do not edit. Every ratio compares contenders that took turns in one run on one machine, here
with {cores} cores and {packages}. Each section names the script behind it.
"""


def section(name: str) -> str:
    """Return the tables of one benchmark under what its script says of itself."""
    first, _, text = (ast.get_docstring(ast.parse((HERE / f"{name}.py").read_text())) or "").partition("\n\n")
    title, _, command = first.rstrip(".").partition(": ")
    tables = json.loads((HERE / f"{name}.json").read_text())
    parts = [f"## {title}", command, *([text] if text else []), *(table(*part, "pipe") for part in tables.items())]
    return "\n\n".join(parts)


def main() -> None:
    packages = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in ("torch", "transformers", "trl"))
    head = HEAD.format(cores=len(os.sched_getaffinity(0)), packages=packages)
    PAGE.write_text("\n\n".join([head.strip(), *(section(name) for name in ORDER)]) + "\n")


if __name__ == "__main__":
    main()
