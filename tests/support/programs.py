"""Programs of the system that some tests need: a test names them by `needs`, and no other test gets to see them."""

import atexit
import functools
import os
import shutil
import tempfile
from pathlib import Path

import slurmnode

OPTIONAL = {
    "coq": (("coqc", "coqtop"), "apt-get install coq"),
    "lean": (("lean", "lake", "elan"), "install Lean 4 with elan, and put `lean` on the PATH"),
    "chromium": (("chromium", "chromium-browser"), "apt-get install chromium, or set CHROMIUM"),
    "git": (("git",), "apt-get install git"),
    "slurm": ((*slurmnode.PROGRAMS, "squeue", "srun", "scancel"), "apt-get install slurm-wlm munge, and be root"),
}
"""The programs of each package, the first of which stands for all, and how to get them."""
NAMES = {program for programs, _ in OPTIONAL.values() for program in programs}
PATH = os.environ.get("PATH", "")


def missing(package: str) -> str:
    """Return why a package's tests are skipped here, nothing where they are not."""
    programs, fix = OPTIONAL[package]
    there = {
        "chromium": bool(os.environ.get("CHROMIUM") or any(map(_which, programs))),
        "slurm": not slurmnode.missing(PATH),
    }.get(package, bool(_which(programs[0])))
    return "" if there else f"no {package} on the PATH: {fix}"


def _which(program: str) -> str | None:
    return shutil.which(program, path=PATH)


@functools.cache
def without_optional() -> str:
    """Return the PATH without the optional programs: a folder that holds any is replaced by one of links."""
    stead = tempfile.TemporaryDirectory(prefix="programs-")
    atexit.register(stead.cleanup)
    folders = []
    for folder in filter(os.path.isdir, PATH.split(os.pathsep)):
        there = {path.name for path in Path(folder).iterdir()}
        if NAMES.isdisjoint(there):
            folders.append(folder)
            continue
        links = Path(stead.name, str(len(folders)))
        links.mkdir()
        for name in there - NAMES:
            (links / name).symlink_to(Path(folder, name))
        folders.append(str(links))
    return os.pathsep.join(folders)
