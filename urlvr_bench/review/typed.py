"""The types of the whole project: mypy is shown tasks/ and methods/ where they import from, inside urlvr_bench."""

import os
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

from urlvr_bench.review.form import RULES

ROOT = RULES.parent
PARTS = ("methods", "tasks")
"""Folders at the top whose files are modules of urlvr_bench, next to a module of their name."""


def _lay_out(folder: Path) -> None:
    """Link the package into a folder as a wheel has it, for mypy knows no module that is a package as well."""
    package = folder / "urlvr_bench"
    for path in (package, *(package / part for part in PARTS)):
        path.mkdir()
    for path in (ROOT / package.name).iterdir():
        if path.stem not in (*PARTS, "__pycache__"):
            (package / path.name).symlink_to(path)
    for part in PARTS:
        (package / part / "__init__.py").symlink_to(ROOT / package.name / f"{part}.py")
        for path in (ROOT / part).iterdir():
            (package / part / path.name).symlink_to(path)


@cache
def complaints() -> tuple[str, ...]:
    """Return what mypy finds in a checkout, a line each, with paths from its root; the first time takes a minute."""
    with tempfile.TemporaryDirectory() as folder:
        _lay_out(Path(folder))
        command = [sys.executable, "-m", "mypy", "--config-file", str(RULES), "--cache-dir", str(ROOT / ".mypy_cache")]
        paths = {**os.environ, "MYPYPATH": folder}
        ran = subprocess.run([*command, "--no-error-summary"], cwd=folder, env=paths, capture_output=True, text=True)  # noqa: S603
    found = (ran.stdout + ran.stderr).strip().splitlines() or ["mypy is not content"] * bool(ran.returncode)
    return tuple(_from_the_root(line) for line in found)


def _from_the_root(line: str) -> str:
    for part in PARTS:
        line = line.replace(f"urlvr_bench/{part}/__init__.py:", f"urlvr_bench/{part}.py:")
        if line.startswith(f"urlvr_bench/{part}/"):
            return line.removeprefix("urlvr_bench/")
    return line


if __name__ == "__main__":
    print("\n".join(complaints()) or "types: nothing to complain about")
    sys.exit(bool(complaints()))
