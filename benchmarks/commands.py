"""Start-up, and what a second job gains: `python benchmarks/commands.py [--quick] [--json FILE]`.

The sweep is timed by the wall, so the machine must be otherwise idle and have two cores.
"""

import os
import resource
import subprocess
import sys
import tempfile
import time
from typing import Any

from report import Tables, report

CLI = [sys.executable, "-m", "urlvr_bench.cli"]


def called(arguments: list[str]) -> tuple[float, float]:
    """Run the command line; return seconds by the wall and of processor time."""
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run([*CLI, *arguments], check=True, capture_output=True, env=environment)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.perf_counter() - begun, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def starts(rounds: int) -> list[dict[str, Any]]:
    """Return the best of some calls of commands that need no engine."""
    rows = []
    for arguments in (["--help"], ["list", "methods"], ["table", "results"]):
        found = [called(arguments) for _ in range(rounds)]
        wall, cpu = min(found)
        rows.append({"command": f"urlvr-bench {' '.join(arguments)}", "wall s": wall, "CPU s": cpu})
    return rows


def sweep(steps: int) -> list[dict[str, Any]]:
    """Return how long four runs take one by one and two at a time."""
    rows: list[dict[str, Any]] = []
    for jobs in (1, 2):
        with tempfile.TemporaryDirectory() as out:
            fixed = ["run", "--method", "majority_vote", "--seeds", "4", "--set", f"steps={steps}", "--out", out]
            wall, _ = called([*fixed, "--jobs", str(jobs)])
        rows.append({"jobs": jobs, "runs": 4, "wall s": wall, "speed-up": (rows[0]["wall s"] if rows else wall) / wall})
    return rows


def ceiling(matrices: int) -> list[dict[str, Any]]:
    """Return what two cores gain on two processes of bare arithmetic that share nothing: the most a sweep can gain."""
    code = f"import numpy; a = numpy.ones((128, 128), 'f')\nfor _ in range({matrices}): a = a @ a / 128"
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    seconds = []
    for processes in (1, 2):
        begun = time.perf_counter()
        running = [subprocess.Popen([sys.executable, "-c", code], env=environment) for _ in range(processes)]
        if any(process.wait() for process in running):
            raise RuntimeError("the arithmetic failed")
        seconds.append(time.perf_counter() - begun)
    return [{"bare arithmetic in two processes": "speed-up", "value": 2 * seconds[0] / seconds[1]}]


def measure(quick: bool) -> Tables:
    return {
        "start-up": starts(1 if quick else 5),
        "sweep": sweep(10 if quick else 100),
        "ceiling": ceiling(10_000 if quick else 100_000),
    }


if __name__ == "__main__":
    report(__doc__, measure)
