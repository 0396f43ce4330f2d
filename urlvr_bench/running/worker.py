"""Carry out one run in a process of its own: train, evaluate, write the record. Every stage continues after a kill."""

import argparse
import contextlib
import os
import shutil
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from urlvr_bench import models, tasks
from urlvr_bench.errors import UsageError, presentable
from urlvr_bench.evaluation.counting import followed
from urlvr_bench.protocol import Run
from urlvr_bench.records import provenance
from urlvr_bench.records.run_folder import OccupiedError, occupied, once
from urlvr_bench.running import counts, excerpting
from urlvr_bench.running.assembly import assemble
from urlvr_bench.running.made_of import STARTED, made_of, unchanged
from urlvr_bench.system import files, processes
from urlvr_bench.system.files import write_atomically
from urlvr_bench.system.processes import REQUEST, Stopped
from urlvr_bench.training import devices

OCCUPIED = 75
"""The exit code of a worker that found its folder in use: a temporary failure, as sysexits.h has it."""
ERROR = "error.txt"
"""Why the last attempt failed, in one line."""
LONGEST_REASON = 1000
FULL_BELOW = 1 << 20
"""Bytes."""
NO_ROOM = "No space left on device; make room and run the same command again"

Say = Callable[[str], None]


def prepare(run: Run, folder: Path) -> None:
    """Lay out a run's folder; refuse one that holds another run."""
    path = folder / "run.json"
    if path.is_file() and path.read_text() != run.to_json():
        raise UsageError(f"{folder} holds another run than this one: give another --out, or delete the folder")
    write_atomically(path, run.to_json())


def carry_out(folder: Path, say: Say) -> None:
    """Do what is left of the run in `folder`."""
    run = Run.from_json((folder / "run.json").read_text())
    with occupied(folder):
        (folder / ERROR).unlink(missing_ok=True)
        if (folder / "record.json").is_file():
            return
        unchanged(run, folder)
        started = once(folder / STARTED, lambda: provenance.beginning() | {"made_of": made_of(run)}, say)
        model = models.resolve(run.model)
        facts = _trained(run, model, folder, say)
        last = trained_steps(folder)
        evaluated = [_evaluate(run, model, folder, step, last, say) for step in run.protocol.evaluation.steps(last)]
        finished = assemble(run, folder, facts, evaluated, started)
        _clean(folder, last)  # before the record, whose presence says that nothing is left to do
        excerpting.finish(folder, finished)


def trained_steps(folder: Path) -> int:
    """Return the last step of a training that is over: the protocol's, or where it stopped early."""
    from urlvr_bench.records.run_folder import last_step

    row = last_step(folder / "steps.jsonl")
    if row is None:
        raise UsageError(f"{folder} has no steps.jsonl although its training is over: delete the folder")
    return int(row["step"])


def _trained(run: Run, model: str, folder: Path, say: Say) -> dict[str, Any]:
    """Train, unless an earlier attempt did and its steps are still as it left them."""
    done, steps = folder / "train.json", folder / "steps.jsonl"
    facts = once(done, lambda: _train(run, model, folder, say), say)
    if facts["steps_sha256"] != files.sha256(steps):
        say("steps.jsonl is not as the training left it: going on from the last checkpoint")
        done.unlink()
        facts = once(done, lambda: _train(run, model, folder, say), say)
    return facts


def _train(run: Run, model: str, folder: Path, say: Say) -> dict[str, Any]:
    sets = counts.count(counts.published([run]))  # before the training, for a set that cannot be read ends the run
    before = time.perf_counter()
    if devices.asked():
        facts = devices.train(folder)
    else:
        from urlvr_bench.training import train

        facts = train.train(run, model, tasks.load(run.task), folder, say)
    seconds = time.perf_counter() - before
    return facts | {"seconds": seconds, "steps_sha256": files.sha256(folder / "steps.jsonl"), "sets": sets}


def _evaluate(run: Run, start: str, folder: Path, step: int, last: int, say: Say) -> dict[str, Any]:
    """Judge the policy after `step` steps as the protocol asks."""
    from urlvr_bench.evaluation import evaluate
    from urlvr_bench.records import run_folder

    path = start if step == 0 else str(run_folder.weights_folder(folder, step))

    def make() -> dict[str, Any]:
        say(f"evaluating step {step}")
        if step and not files.is_whole(Path(path)):
            raise UsageError(f"{path} is damaged: delete the run folder {folder} and start again")
        before = time.perf_counter()
        found = evaluate.checkpoint(run, path, step, last, folder / "evals" / f"step-{step:06d}")
        for one in found["evals"]:
            samples = (folder / "evals" / f"step-{at:06d}" / f"{one['task']}.jsonl" for at in (0, step))
            one["initial"] = followed(tasks.load(one["task"]), *samples)
        return {**found, "seconds": time.perf_counter() - before}

    return once(folder / "evals" / f"step-{step:06d}.json", make, say)


def _clean(folder: Path, last_step: int) -> None:
    """Delete what a finished run no longer needs: checkpoints, and all weights but the last."""
    from urlvr_bench.records.run_folder import MERGED, weights_folder

    shutil.rmtree(folder / "checkpoints", ignore_errors=True)
    shutil.rmtree(folder / MERGED, ignore_errors=True)
    last = weights_folder(folder, last_step)
    for weights in (folder / "weights").glob("step-*"):
        if weights != last:
            shutil.rmtree(weights)


def main() -> None:
    """Run `python -m urlvr_bench.running.worker FOLDER`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--follow", type=int, metavar="FD", help="a pipe; stop when its other end is closed")
    given = parser.parse_args()
    serve(given.folder, given.follow)


def serve(folder: Path, lifeline: int | None) -> NoReturn:
    """Be the worker of a run until it is over, or `lifeline`, a pipe, is closed by the end of who wants the run.

    A failure leaves one line in error.txt and exits with 1.
    """
    REQUEST.listen()
    if lifeline is not None:
        processes.follow(lifeline, processes.leave)
    os._exit(attempt(folder))  # TRL leaves threads behind that make an ordinary exit wait


def attempt(folder: Path) -> int:
    """Carry out the run in `folder`; return the exit code, and leave the reason of a failure there."""
    try:
        carry_out(folder, _say)
        return 0
    except Stopped:
        _say("stopped on request: run the same command again to go on")
        return processes.EXIT_CODE
    except OccupiedError as error:
        _say(f"urlvr-bench: {error}")
        return OCCUPIED  # and no error.txt: the folder is somebody else's
    except UsageError as error:
        reason = str(error)
    except Exception as error:
        _say(traceback.format_exc())
        reason = f"{type(error).__name__}: {error}"[:LONGEST_REASON] + f" (full report: {folder / 'log.txt'})"
        if is_full(folder):  # torch and safetensors do not say so
            reason = f"{NO_ROOM} ({reason})"
    _say(f"urlvr-bench: {reason}")
    with contextlib.suppress(UsageError):  # the disk may be the trouble; then the log has the reason
        write_atomically(folder / ERROR, " ".join(presentable(reason).split()) + "\n")
    return 1


def is_full(folder: Path) -> bool:
    """Return whether the disk of a folder has no room left to speak of."""
    return shutil.disk_usage(folder).free < FULL_BELOW


def _say(text: str) -> None:
    with contextlib.suppress(OSError):  # the log is on a disk that may be full
        print(presentable(text), flush=True)


if __name__ == "__main__":
    main()
