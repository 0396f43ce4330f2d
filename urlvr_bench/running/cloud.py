"""Many runs as Hugging Face Jobs: one job per run, whose folder lies in a mounted bucket and outlives the job."""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from urlvr_bench import __version__, protocol
from urlvr_bench.errors import UsageError, unknown
from urlvr_bench.protocol import Run, slug
from urlvr_bench.running import jobs, worker
from urlvr_bench.running.plan import Cell
from urlvr_bench.training import devices

MOUNT = "/runs"
IMAGE = "ghcr.io/astral-sh/uv:python3.12-bookworm"
ATTEMPTS = 3
"""A job that ends without success is started again and goes on from the last checkpoint in the bucket."""


@dataclass(frozen=True)
class Resources:
    """What `--resource` may say of a job."""

    bucket: str = ""
    """OWNER/NAME of the bucket that holds the run folders."""
    flavor: str = "a100-large"
    timeout: str = "12h"
    image: str = IMAGE
    package: str = f"urlvr-bench=={__version__}"
    """What uv installs, as `pip install` takes it."""
    namespace: str = ""
    """Who pays; by default the token's owner."""


def resources(given: Mapping[str, Any]) -> Resources:
    """Return what was asked for; a bucket is a must, for a job's own disk is lost with it."""
    known = asdict(Resources())
    for name in given:
        if name not in known:
            raise unknown("resource of --launcher hf-jobs", name, known)
    chosen = Resources(**{name: str(value) for name, value in given.items()})
    if "/" not in chosen.bucket:
        raise UsageError("--launcher hf-jobs: a job's disk is lost with it; say --resource bucket=OWNER/NAME")
    return chosen


def request(run: Run, chosen: Resources) -> dict[str, Any]:
    """Return the arguments of `huggingface_hub.run_job` for one run. It holds no secret."""
    if not protocol.is_published(run.protocol.exact):
        raise UsageError(f"protocol {run.protocol.id} is a file of this machine; a job knows {protocol.names()}")
    if run.model.startswith((".", "/", "~")):
        raise UsageError("the model is a folder of this machine: push it to the Hub and give its id")
    settings = [part for key, value in sorted(run.overrides.items()) for part in ("--set", f"{key}={value}")]
    cell = ["--protocol", run.protocol.exact, "--model", run.model, "--task", run.task, "--method", run.method_id]
    shared = [] if not devices.asked() else ["--launcher", "accelerate", *_accelerate()]
    given = [*cell, "--seed", str(run.seed), *settings, *shared, "--out", MOUNT]
    package = chosen.package.replace("==", "[vllm]==") if run.protocol.training.vllm != "none" else chosen.package
    values: dict[str, Any] = {
        "image": chosen.image,
        "command": ["uvx", "--from", package, "urlvr-bench", "run", *given],
        "env": {"HF_HUB_DISABLE_TELEMETRY": "1", "PYTHONUNBUFFERED": "1"},
        "flavor": chosen.flavor,
        "timeout": chosen.timeout,
        "attempts": ATTEMPTS,
        "labels": {"suite": "urlvr-bench", "run": slug(run.path.as_posix())},
        "volumes": [{"type": "bucket", "source": chosen.bucket, "mount_path": MOUNT}],
    }
    return values | ({"namespace": chosen.namespace} if chosen.namespace else {})


def _accelerate() -> list[str]:
    """Return the options that ask a job for Accelerate as this command was asked; a file of one's own stays here."""
    _, config, _, processes = json.loads(os.environ[devices.VARIABLE])
    name = config.rpartition("/")[2].removesuffix(".yaml")
    if str(devices.config_file(name)) != config:
        raise UsageError(
            "--config of a Hugging Face job must be one of TRL's, by name; a file of this machine stays here"
        )
    return ["--config", name, "--processes", processes]


def submit(cells: Sequence[Cell], given: Mapping[str, Any]) -> list[str]:
    """Submit the runs that are neither done nor queued; return the ids of their jobs."""
    from huggingface_hub import HfApi, Volume
    from huggingface_hub.errors import HfHubHTTPError

    chosen = resources(given)
    found = jobs.live([cell.folder for cell in cells])
    submitted = []
    for cell in cells:
        if not cell.left or cell.folder in found:
            continue
        values = request(cell.run, chosen)
        volumes = [Volume(**volume) for volume in values.pop("volumes")]
        try:
            job = HfApi().run_job(**values, volumes=volumes)
        except HfHubHTTPError as error:
            raise UsageError(f"Hugging Face Jobs refused {cell.run.path}: {str(error).splitlines()[0]}") from error
        worker.prepare(cell.run, cell.folder)
        jobs.note(cell.folder, "hf-jobs", f"{job.owner.name if job.owner else chosen.namespace}/{job.id}")
        submitted.append(job.id)
    return submitted
