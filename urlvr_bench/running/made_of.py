"""What a run is made of besides its settings: the texts of its methods and the contents of its tasks."""

from pathlib import Path

from urlvr_bench import methods, tasks
from urlvr_bench.errors import UsageError
from urlvr_bench.local_data import own_files
from urlvr_bench.protocol import Run
from urlvr_bench.records.run_folder import kept
from urlvr_bench.system import files

STARTED = "started.json"
"""When a run began, by which code, and what it was made of then."""


def made_of(run: Run) -> dict[str, dict[str, str]]:
    """Return the hashes of its methods' files, and its tasks' versions, or the hashes of files of one's own."""
    judged = (run.protocol.evaluation.task, *run.protocol.evaluation.ood)
    return {
        "method": {name: methods.source_hash(name) for name in _methods(run)},
        "task": {name: _content(name) for name in filter(None, (run.task, *judged))},
    }


def unchanged(run: Run, folder: Path) -> None:
    """Raise UsageError where the run in `folder` was begun with another text of a method, or other problems."""
    before = (kept(folder / STARTED) or {}).get("made_of")
    if before is None:  # not begun, or by older code
        return
    for kind, now in made_of(run).items():
        for name, was in before[kind].items():
            counts_as = methods.version(name, was) if kind == "method" else was
            if name in now and counts_as != now[name]:
                raise UsageError(
                    f"the {kind} {name} has changed since the run in {folder} began: give another --out, or delete "
                    "the folder to begin it again"
                )


def _methods(run: Run) -> list[str]:
    """Return the name of a run's method and, of a sum, those of its terms."""
    terms = methods.parse(str(run.params["terms"])) if run.method == methods.HYBRID else []
    return [run.method, *(name for _, name, _ in terms)]


def _content(task: str) -> str:
    file = own_files().get(task.partition("@")[0])
    return files.sha256(file) if file else tasks.load(task).version
