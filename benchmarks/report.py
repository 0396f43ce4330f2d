"""What the benchmarks share: `--quick`, `--json FILE`, and tables as text."""

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tabulate import tabulate

Tables = dict[str, Any]
"""By name: rows with the same columns, or named values, or one value."""


def report(doc: str | None, measure: Callable[[bool], Tables]) -> None:
    """Measure, in short if asked to, print the tables, and keep them if asked to; `doc` is the script's docstring."""
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a short form that shows whether it runs, not how fast")
    parser.add_argument("--json", type=Path, help="write the figures to this file too")
    options = parser.parse_args()
    tables = measure(options.quick)
    print("\n\n".join(table(name, values, "simple") for name, values in tables.items()))
    if options.json:
        options.json.write_text(json.dumps(tables, indent=1) + "\n")


def table(name: str, values: Any, form: str) -> str:
    """Return a table in one of tabulate's formats, or a sentence for one value."""
    if isinstance(values, list):
        return tabulate(values, headers="keys", tablefmt=form, floatfmt=".2f", disable_numparse=_written(values))
    if isinstance(values, dict):
        return tabulate(values.items(), headers=(name, "value"), tablefmt=form, floatfmt=".2f")
    return f"{name.capitalize()}: {values:.1e}."


def _written(rows: list[dict[str, Any]]) -> bool:
    """Whether all values are texts, whose digits are as many as they should be."""
    return all(isinstance(value, str) for row in rows for value in row.values())
