"""Documents that are made of records, tasks and methods: write them, or say which are stale."""

import argparse
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from urlvr_bench.system.files import write_atomically


def stale(path: Path, text: str) -> bool:
    """Return whether a document is absent or says anything else."""
    return not path.is_file() or path.read_text(encoding="utf-8") != text


def filled_in(path: Path, name: str, made: str) -> str:
    """Return a document with what was made between its marks `<!-- BEGIN name -->` and `<!-- END name -->`."""
    part = re.compile(rf"(<!-- BEGIN {name} -->\n).*?(<!-- END {name} -->)", re.DOTALL)
    return part.sub(lambda marks: marks[1] + made + marks[2], path.read_text(encoding="utf-8"))


def checks(arguments: Sequence[str]) -> bool:
    """Return whether the command line of a document's module asks for a check only."""
    parser = argparse.ArgumentParser(description="Write what is generated.")
    parser.add_argument("--check", action="store_true", help="only say whether it is stale")
    return bool(parser.parse_args(arguments).check)


def keep(documents: Mapping[Path, str], arguments: Sequence[str]) -> int:
    """Write the documents, or with `--check` name those that are stale; return the exit code."""
    if not checks(arguments):
        for path, text in documents.items():
            write_atomically(path, text)
        return 0
    old = [path.name for path, text in documents.items() if stale(path, text)]
    if old:
        print(f"{', '.join(old)} stale: run `make docs`", file=sys.stderr)
    return int(bool(old))
