"""Find tasks: every YAML of the top-level tasks/ folder is one, and its modules import as urlvr_bench.tasks.<name>.

A JSONL file with prompts of one's own is one as well, once it is `adopt`ed.
"""

from pathlib import Path

from urlvr_bench import local_data
from urlvr_bench.errors import UsageError, unknown
from urlvr_bench.local_data import own_files
from urlvr_bench.task import Doc, Task
from urlvr_bench.task_config import AT, around, known_styles, read, styled

__all__ = ["FOLDER", "Doc", "Task", "adopt", "exists", "load", "names", "native", "prompt_styles", "with_checker"]

_in_wheel = Path(__file__).with_suffix("")
FOLDER = _in_wheel if _in_wheel.is_dir() else Path(__file__).parents[1] / "tasks"
__path__ = [str(FOLDER)]  # a module that has a __path__ is a package

MATHEMATICS = "gsm8k"
"""The task that prompts of one's own are like where nothing else is said."""
METADATA = ("version", "source", "license", "description")


def adopt(given: str) -> str:
    """Return the name of a task; a path `FILE.jsonl`, or `FILE.jsonl@like`, becomes one here and in child processes."""
    file, at, like = given.partition(AT)
    known = file.endswith(".jsonl") or file in names() or file in own_files()
    if file and not known and Path(file).exists():
        raise UsageError(
            f"{file} is no task; prompts of your own are a file that ends in .jsonl, one JSON object a line"
        )
    return f"{local_data.adopt(file, names())}{at}{like}" if file.endswith(".jsonl") else given


def names() -> list[str]:
    """Return the names of all tasks, which are the file names."""
    return sorted(path.stem for path in FOLDER.glob("[!_]*.yaml"))


def exists(name: str) -> bool:
    """Return whether `load` knows a name, prompt style and all."""
    base, at, style = name.partition(AT)
    return base in own_files() or (base in names() and (not at or style in prompt_styles(base)[1:]))


def prompt_styles(name: str) -> list[str]:
    """Return the prompt styles of a task, the file's own first; none where there is but one way to ask."""
    own = read(FOLDER / f"{name}.yaml").get("metadata", {}).get("prompt_style")
    return sorted(known_styles(), key=lambda style: style != own) if own else []


def native(name: str) -> str | None:
    """Return the name of a task in its native prompt style, None where it has none other than its own."""
    base, _, style = name.partition(AT)
    if base not in names():
        return None
    return f"{base}{AT}native" if style != "native" and "native" in prompt_styles(base)[1:] else None


def load(name: str) -> Task:
    """Return the task `name`, or `name@style` in another prompt style; reads its YAML only."""
    name, at, style = name.partition(AT)
    if name not in names() and name in own_files():
        return _own(name, style)
    if name not in names():
        raise unknown("task", name, names())
    config = read(FOLDER / f"{name}.yaml")
    missing = [key for key in METADATA if not config.get("metadata", {}).get(key)]
    if missing or config.get("task") != name:
        what = f"metadata lacks {', '.join(missing)}" if missing else f"task is {config.get('task')!r}, not {name!r}"
        raise UsageError(f"tasks/{name}.yaml: {what}")
    return Task(f"{name}{AT}{style}", styled(name, config, style)) if at else Task(name, config)


def _own(name: str, like: str) -> Task:
    """Return the task of a file of one's own: asked as mathematics is, in a prompt style of it, or as another task."""
    if like in known_styles() or not like:
        model = load(f"{MATHEMATICS}{AT}{like}" if like and like != load(MATHEMATICS).style else MATHEMATICS)
    else:
        model = load(like)
    full = f"{name}{AT}{like}" if like else name
    return Task(full, around(full, own_files()[name], model.config))


def with_checker() -> list[str]:
    """Return the names of the tasks that can verify a completion without a label."""
    return [name for name in names() if load(name).has_checker]
