"""What people keep on their disks: copies of published sets, and files with prompts of their own."""

import os
import re
from collections.abc import Collection
from pathlib import Path

from urlvr_bench.errors import UsageError

DATA_VARIABLE = "URLVR_DATA"
"""Environment variable that says where the rows of tasks lie: `task=folder,task=folder`, and `name=file.jsonl` for a
file of one's own; the option --data sets it, and --task with a file."""


def local_copies() -> dict[str, Path]:
    """Return the folder, or the file of one's own, that DATA_VARIABLE names for each task."""
    copies = {}
    for pair in filter(None, os.environ.get(DATA_VARIABLE, "").split(",")):
        task, equals, folder = pair.partition("=")
        if not equals or not folder:
            raise UsageError(f"{DATA_VARIABLE}: {pair!r} does not read as task=folder")
        copies[task.strip().partition("@")[0]] = Path(folder.strip()).expanduser()
    return copies


def entry(task: str, path: Path) -> str:
    """Return what DATA_VARIABLE says where the path of a task is; a comma would end it halfway."""
    if "," in str(path):
        raise UsageError(f"{path}: {DATA_VARIABLE} cannot name a path with a comma; rename the file or folder")
    return f"{task}={path}"


def own_files() -> dict[str, Path]:
    """Return the files of one's own by the names of their tasks."""
    return {name: path for name, path in local_copies().items() if path.suffix == ".jsonl"}


def adopt(file: str, taken: Collection[str]) -> str:
    """Return the name under which this process and its children know a file of one's own; `taken` names other tasks."""
    path = Path(file).expanduser().resolve()
    if not path.is_file():
        raise UsageError(f"task {file}: there is no such file")
    name = re.sub(r"[^A-Za-z0-9._-]+", "_", path.stem).lstrip("._-") or "own"
    if name in taken or local_copies().get(name, path) != path:
        raise UsageError(f"task {file}: there is another task {name}; rename the file")
    if name not in own_files():
        os.environ[DATA_VARIABLE] = ",".join(filter(None, [os.environ.get(DATA_VARIABLE), entry(name, path)]))
    return name
