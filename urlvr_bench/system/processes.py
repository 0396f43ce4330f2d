"""Stop when asked (a training at its next step boundary, anything else at once), and spread work on forks."""

import multiprocessing
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import Any, TypeVar

EXIT_CODE = 143
"""That of SIGTERM, whichever signal asked: stopped on request, to be continued."""
SIGNALS = (signal.SIGTERM, signal.SIGUSR1, signal.SIGUSR2)
"""What people, services and the schedulers of clusters send some time before they kill."""


class Stopped(SystemExit):
    """The end of a process that was asked to stop; its run folder can be continued."""

    def __init__(self) -> None:
        super().__init__(EXIT_CODE)


class Request:
    """Whether this process has been asked to stop."""

    def __init__(self) -> None:
        self.made = self.can_wait = False

    def listen(self) -> None:
        """Take the signals from now on."""
        for number in SIGNALS:
            signal.signal(number, self._take)

    def _take(self, number: int, frame: FrameType | None) -> None:
        """Note the request where it can wait for a checkpoint; end at once where it need not.

        Asking again does not hasten: a scheduler sends one signal and its job another.
        """
        if not self.can_wait:
            raise Stopped
        self.made = True


REQUEST = Request()
"""One per process, as signals are."""


Item = TypeVar("Item")
Result = TypeVar("Result")
_work: Callable[[Any], Any]


def _inherit(work: Callable[[Any], Any], patience: int) -> None:
    global _work
    _work = work
    os.nice(patience)


def _call(item: Any) -> Any:
    return _work(item)


@contextmanager
def spread(
    work: Callable[[Item], Result], items: Sequence[Item], least: int = 100, patience: int = 0
) -> Iterator[Iterator[Result]]:
    """Start on `work(item)` for every item, and yield the results in order; the work ends with the block.

    With `patience`, a niceness, it gives way to what the block does before it asks for results. The items and
    results are pickled, `work` itself is not. One process does it, on demand, where the items are fewer than `least`,
    for which the start of others would not pay, where there is one core, and where forking is unsafe, as on macOS.
    """
    cores = len(os.sched_getaffinity(0)) if sys.platform == "linux" else 1
    if cores == 1 or len(items) < least:
        yield map(work, items)
        return
    with multiprocessing.get_context("fork").Pool(cores, _inherit, (work, patience)) as pool:
        yield pool.imap(_call, items, chunksize=max(1, min(16, len(items) // (8 * cores))))
