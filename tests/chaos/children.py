"""What happens in a forked child: an attempt at a run, with a fault set off at a chosen moment.

The fork server imports this module once, with all that a run needs, so that an attempt starts at once.
"""

import gc
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from huggingface_hub import HfApi, constants
from trl import GRPOTrainer

from tests.chaos.lab import Fault
from urlvr_bench.evaluation.sampling import Sampler
from urlvr_bench.hub.push import push
from urlvr_bench.hub.repo import Hub
from urlvr_bench.records import record
from urlvr_bench.running import worker
from urlvr_bench.system import files
from urlvr_bench.training.bridge import RewardBridge
from urlvr_bench.training.steplog import StepLog, WeightSaver

MOMENTS: dict[str, tuple[Any, str]] = {
    "generation": (GRPOTrainer, "_generate_single_turn"),
    "reward": (RewardBridge, "__call__"),
    "optimizer step": (torch.optim.AdamW, "step"),
    "row of steps.jsonl": (StepLog, "_row"),
    "weights": (WeightSaver, "keep"),
    "checkpoint write": (torch, "save"),
    "sealing": (files, "seal"),
    "evaluation": (Sampler, "_sample"),
    "record write": (record, "write"),
}
"""Moments of a run by the call that makes them."""
WRITES = ("open", "os.rename", "os.remove", "os.rmdir", "os.mkdir", "shutil.rmtree", "shutil.copyfile")
"""Audit events of what changes files."""


def expect(fault: Fault, folder: Path) -> None:
    """Make a fault happen in this process."""
    calls = 0

    def count() -> None:
        nonlocal calls
        calls += 1
        if calls == fault.number:
            os.kill(os.getpid(), fault.signal)

    def hook(event: str, args: tuple[Any, ...]) -> None:
        if event in WRITES and (event != "open" or args[2] & os.O_ACCMODE) and str(args[0]).startswith(str(folder)):
            count()

    if fault.moment == "write":
        sys.addaudithook(hook)
    elif fault.moment:
        owner, name = MOMENTS[fault.moment]
        setattr(owner, name, _after(count, getattr(owner, name)))
    if fault.seconds:  # the default action of SIGPROF is to end the process, wherever it is
        signal.setitimer(signal.ITIMER_PROF, fault.seconds)


def _after(first: Callable[[], None], function: Callable[..., Any]) -> Callable[..., Any]:
    def both(*args: Any, **kwargs: Any) -> Any:
        first()
        return function(*args, **kwargs)

    return both


def attempt(folder: Path, log: Path, fault: Fault) -> None:
    """Carry out the run in `folder` as its worker does, and end as it does."""
    with log.open("ab") as stream:
        os.dup2(stream.fileno(), 1)
        os.dup2(stream.fileno(), 2)
    worker.REQUEST.listen()
    expect(fault, folder)
    os._exit(worker.attempt(folder))


def push_to(url: str, folder: Path, home: Path) -> None:
    """Push a record as a user does, to a Hub at `url`."""
    os.environ["HF_TOKEN"] = "hf_writer"  # noqa: S105 (the fake Hub's)
    constants.HF_HUB_OFFLINE = False
    constants.HF_HUB_CACHE = str(home / "cache")
    push([folder], "org/records", hub=Hub(print, lambda _: None, api=HfApi(url)))
    os._exit(0)


gc.freeze()  # the children leave what was imported alone
