"""Many runs through submitit: a Slurm job array, or lanes of processes on this machine without Slurm.

A job carries its runs out by the ordinary worker. Where it is ended before its time (a time limit, a preemption, a
lost node), Slurm queues it again and every run goes on from its last checkpoint.
"""

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from urlvr_bench.errors import UsageError
from urlvr_bench.running import jobs, runner, worker
from urlvr_bench.running.machine import devices
from urlvr_bench.running.plan import Cell
from urlvr_bench.training import devices as accelerate

STOPPED = (-signal.SIGTERM, -signal.SIGKILL, 128 + signal.SIGTERM)
"""How a worker ends that was told to, after which its job begins no other run."""
DEFAULTS = {"timeout_min": 24 * 60, "name": "urlvr-bench"}
TIME_LIMITS = 100
"""How often Slurm may end a job at its time limit and queue it again."""


@dataclass
class Lane:
    """What one job does: runs, one after another. submitit calls it, again where the job was queued again."""

    folders: tuple[Path, ...]
    device: str | None = None
    """The GPU of this lane where several share a machine."""
    child: "subprocess.Popen[bytes] | None" = field(default=None, repr=False)

    def __call__(self) -> None:
        """Carry out the runs that are not done; those that fail are named at the end."""
        if os.environ.get("SLURM_PROCID", "0") != "0":
            return  # the first node's worker starts the processes of all nodes
        failed = []
        for folder in self.folders:
            if (folder / "record.json").is_file():
                continue
            self.child = runner.spawn(folder, self.device, own_session=False)
            code = self.child.wait()
            if code in STOPPED:
                raise RuntimeError(f"stopped while at {folder}; it goes on from its last checkpoint")
            if code:
                failed.append(f"{folder}: {runner.reason(folder, code)}")
        if failed:
            raise RuntimeError("; ".join(failed))

    def checkpoint(self) -> Any:
        """Return what submitit is to queue again: the same runs, the one under way stopped first.

        Called by a signal handler, perhaps inside `wait`, so the child is waited for without Popen's lock.
        """
        from submitit.helpers import DelayedSubmission

        if self.child and self.child.returncode is None:
            with suppress(ProcessLookupError, ChildProcessError):  # it has ended meanwhile
                os.kill(self.child.pid, signal.SIGTERM)
                os.waitid(os.P_PID, self.child.pid, os.WEXITED | os.WNOWAIT)
        return DelayedSubmission(Lane(self.folders, self.device))


def submit(
    cells: Sequence[Cell],
    launcher: Literal["slurm", "local"],
    side_by_side: int,
    resources: Mapping[str, Any],
    out: Path,
) -> list[str]:
    """Submit the runs that are neither done nor queued, at most `side_by_side` at a time; return the job ids."""
    if int(resources.get("nodes", 1)) > 1 and not accelerate.asked():
        raise UsageError("several nodes for one run: say with --processes how many processes to start on each")
    live = jobs.live([cell.folder for cell in cells])
    left = [cell for cell in cells if cell.left and cell.folder not in live]
    if not left:
        return []
    executor = _executor(launcher, side_by_side, resources, out / ".jobs")
    for cell in left:
        worker.prepare(cell.run, cell.folder)
    folders = [cell.folder.resolve() for cell in left]
    lanes = [Lane((folder,)) for folder in folders]
    if launcher == "local":
        gpus = [] if accelerate.asked() else devices()
        numbers = range(min(side_by_side, len(folders)))
        lanes = [Lane(tuple(folders[i::side_by_side]), gpus[i % len(gpus)] if gpus else None) for i in numbers]
    with executor.batch():
        submitted = [executor.submit(lane) for lane in lanes]
    for job, lane in zip(submitted, lanes, strict=True):
        for folder in lane.folders:
            jobs.note(folder, launcher, str(job.job_id))
    return [str(job.job_id) for job in submitted]


def _executor(launcher: str, side_by_side: int, resources: Mapping[str, Any], logs: Path) -> Any:
    try:
        import submitit
    except ImportError as error:
        raise UsageError(f"--launcher {launcher} needs submitit: pip install 'urlvr-bench[cluster]'") from error
    try:
        executor = submitit.AutoExecutor(folder=logs, cluster=launcher, slurm_max_num_timeout=TIME_LIMITS)
        parallel = {"slurm_array_parallelism": side_by_side} if launcher == "slurm" else {}
        executor.update_parameters(**{**DEFAULTS, **parallel, **resources})
    except (RuntimeError, NameError, TypeError, ValueError) as error:
        raise UsageError(f"--launcher {launcher}: {' '.join(str(error).split())}") from error
    return executor
