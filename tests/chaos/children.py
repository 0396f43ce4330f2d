"""What happens in a forked child: an attempt at a run, with a fault set off at a chosen moment.

The fork server imports this module once, with all that a run needs, so that an attempt starts at once.
"""

import contextlib
import gc
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from trl import GRPOTrainer

from urlvr_bench import checkpoints, record, sealing, worker
from urlvr_bench.bridge import RewardBridge
from urlvr_bench.sampling import Sampler
from urlvr_bench.steplog import StepLog

MOMENTS: dict[str, tuple[Any, str, int]] = {
    "generation": (GRPOTrainer, "_generate_single_turn", 3),
    "reward": (RewardBridge, "__call__", 3),
    "optimizer step": (torch.optim.AdamW, "step", 3),
    "steps.jsonl": (StepLog, "_row", 3),
    "checkpoint write": (torch, "save", 2),
    "first sealing": (sealing, "seal", 1),
    "later sealing": (sealing, "seal", 4),
    "restored steps": (checkpoints, "restore_steps", 1),
    "evaluation": (Sampler, "_sample", 2),
    "record write": (record, "write", 1),
}
"""Moments of a run: the call (of what, by name, which one) in place of which a fault is set off."""
WRITES = ("open", "os.rename", "os.remove", "os.rmdir", "os.mkdir", "shutil.rmtree", "shutil.copyfile")
"""Audit events of what changes files."""


@dataclass(frozen=True)
class Fault:
    """A signal to the child itself, in place of a call, at the n-th change of a file, or after some processor time."""

    moment: str | None = None
    write: int | None = None
    cpu_seconds: float | None = None
    signal: int = signal.SIGKILL

    def strike(self) -> None:
        """Set it off."""
        os.kill(os.getpid(), self.signal)

    def set(self, folder: Path) -> None:
        """Make it happen in this process."""
        if self.moment:
            owner, name, call = MOMENTS[self.moment]
            setattr(owner, name, _before_call(getattr(owner, name), call, self.strike))
        if self.write:
            _before_write(folder, self.write, self.strike)
        if self.cpu_seconds:  # the default action of SIGPROF is to end the process, wherever it is
            signal.setitimer(signal.ITIMER_PROF, self.cpu_seconds)


def _before_call(function: Callable[..., Any], call: int, strike: Callable[[], None]) -> Callable[..., Any]:
    calls = 0

    def counted(*args: Any, **kwargs: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == call:
            strike()
        return function(*args, **kwargs)

    return counted


def _before_write(folder: Path, number: int, strike: Callable[[], None]) -> None:
    seen = 0

    def hook(event: str, args: tuple[Any, ...]) -> None:
        nonlocal seen
        if event in WRITES and str(args[0]).startswith(str(folder)) and (event != "open" or args[2] & os.O_ACCMODE):
            seen += 1
            if seen == number:
                strike()

    sys.addaudithook(hook)


def attempt(folder: Path, fault: Fault) -> None:
    """Carry out the run in `folder` as its worker does, and end as it does."""
    with (folder / "log.txt").open("ab") as log:
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
    worker.REQUEST.listen()
    fault.set(folder)
    os._exit(worker.attempt(folder))


def count_writes(folder: Path, found: Any) -> None:
    """Carry out the run and put into `found` how many changes of files it makes."""
    counted = [0]
    sys.addaudithook(
        lambda event, args: counted.__setitem__(
            0,
            counted[0]
            + (
                event in WRITES
                and str(args[0]).startswith(str(folder))
                and (event != "open" or bool(args[2] & os.O_ACCMODE))
            ),
        )
    )
    with contextlib.redirect_stdout(None):
        worker.attempt(folder)
    found.value = counted[0]
    os._exit(0)


gc.freeze()  # the children leave what was imported alone
