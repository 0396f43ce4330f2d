"""What there is here to run on: GPUs, cores, and the threads of a run."""

import os
import shutil
import subprocess

from urlvr_bench.models import is_prior


def threads(model: str, jobs: int) -> int:
    """Return the threads of a run on a CPU: OMP_NUM_THREADS, else its share of the cores.

    A pocket prior is slower on two threads than on one; any model is many times slower on threads that wait for cores
    which other programs hold.
    """
    asked = os.environ.get("OMP_NUM_THREADS", "")
    share = int(asked) if asked.isdigit() else len(os.sched_getaffinity(0)) // max(1, jobs)
    return 1 if is_prior(model) else max(1, share)


def devices() -> list[str]:
    """Return the names of the visible GPUs, none on a machine without."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is not None:
        return [name for name in visible.split(",") if name]
    if shutil.which("nvidia-smi") is None:
        return []
    listing = subprocess.run(["nvidia-smi", "-L"], capture_output=True, text=True, check=False)  # noqa: S607
    return [str(i) for i, line in enumerate(listing.stdout.splitlines()) if line.startswith("GPU ")]


def default_jobs() -> int:
    """Return one job per GPU, or per processor core on a machine without."""
    return len(devices()) or len(os.sched_getaffinity(0))
