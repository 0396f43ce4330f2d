"""Workers that are forked from a process which has already imported the engines: seconds saved on every run.

For runs on a CPU only: a worker on a GPU is started afresh, with the one device that it may see.
"""

import multiprocessing
import os
import subprocess
from pathlib import Path

from urlvr_bench.running.fork_server import COMMAND
from urlvr_bench.system import processes

THREADS = "OMP_NUM_THREADS"
CONTEXT = multiprocessing.get_context("forkserver")
PRELOADED = ["urlvr_bench.running.fork_server", "urlvr_bench.training.train", "urlvr_bench.evaluation.evaluate"]


class Forked:
    """A worker, with the part of `subprocess.Popen` that its keeper uses."""

    def __init__(self, folder: Path, threads: int = 1) -> None:
        CONTEXT.set_forkserver_preload(PRELOADED)
        self._process = CONTEXT.Process(target=_work, args=(str(folder), threads))
        os.environ[COMMAND] = str(os.getpid())
        with processes.shielded():  # the server: what ends the command's group would part it from its workers
            self._process.start()
        del os.environ[COMMAND]

    @property
    def returncode(self) -> int | None:
        """The exit code, negative for a signal; None while the worker runs."""
        return self._process.exitcode

    def poll(self) -> int | None:
        return self.returncode

    def terminate(self) -> None:
        self._process.terminate()

    def kill(self) -> None:
        self._process.kill()

    def wait(self, timeout: float | None = None) -> int:
        """Return the exit code; raise subprocess.TimeoutExpired where the worker outlives `timeout` seconds."""
        self._process.join(timeout)
        if self.returncode is None:
            raise subprocess.TimeoutExpired("urlvr_bench.running.worker", timeout or 0.0)
        return self.returncode


def _work(folder: str, threads: int) -> None:
    """Be the worker of a run: in a session of its own, writing to log.txt of the run's folder."""
    import torch

    from urlvr_bench.running import worker

    torch.set_num_threads(threads)

    multiprocessing.set_start_method("fork", force=True)  # semaphores of forkserver would outlive the worker's os._exit
    os.setsid()
    processes.unshield()
    with Path(folder, "log.txt").open("ab") as log, Path(os.devnull).open() as nothing:
        os.dup2(nothing.fileno(), 0)
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
    parent = multiprocessing.parent_process()
    worker.serve(Path(folder), int(parent.sentinel) if parent else None)  # the command: its child is the server
