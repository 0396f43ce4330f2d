"""Work on many items in several processes, each a fork that shares what is in memory, in the order of the items."""

import multiprocessing
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

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
