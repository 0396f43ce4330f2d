"""Spread work on forks of this process, which end with it and leave Ctrl-C to it."""

import multiprocessing
import os
import pickle
import signal
import struct
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from multiprocessing import connection
from typing import Any, Generic, TypeVar

from urlvr_bench.system import processes

CONTEXT = multiprocessing.get_context("fork")
LARGEST_CHUNK = 16
NOTE = struct.Struct("qqq")
"""First item of a chunk, where its results lie among those of its process, and how many bytes they are."""

Item = TypeVar("Item")
Result = TypeVar("Result")


@contextmanager
def spread(
    work: Callable[[Item], Result], items: Sequence[Item], least: int = 100, patience: int = 0
) -> Iterator[Iterator[Result]]:
    """Start on `work(item)` for every item, and yield the results in order; the work ends with the block.

    With `patience`, a niceness, it gives way to what the block does before it asks for results. Results are pickled,
    `work` and the items are not. One process does it, on demand, where the items are fewer than `least`, for which the
    start of others would not pay, where there is one core, and where forking is unsafe, as on macOS.
    """
    cores = len(os.sched_getaffinity(0)) if sys.platform == "linux" else 1
    if cores == 1 or len(items) < least:
        yield map(work, items)
        return
    crew = Crew(work, items, cores, patience)
    try:
        yield crew.results()
    finally:
        crew.end()


class Hand:
    """One of the processes: its results lie in memory that it shares with us, and a pipe tells which are there."""

    def __init__(self, *task: Any) -> None:
        self.page = os.memfd_create("results")
        self.notes, notes = CONTEXT.Pipe(duplex=False)
        self.process = CONTEXT.Process(target=_labour, args=(os.getpid(), self.page, notes, *task), daemon=True)
        with processes.shielded():
            self.process.start()
        notes.close()

    def result(self) -> tuple[int, bool, Any]:
        """Return the next chunk's first item, whether it went well, and its results or the error; EOFError at last."""
        start, offset, size = NOTE.unpack(self.notes.recv_bytes())
        good, found = pickle.loads(os.pread(self.page, size, offset))  # noqa: S301 (our own child's)
        return start, good, found

    def end(self) -> None:
        """End the process whatever it does."""
        self.process.kill()
        self.process.join()
        self.notes.close()
        os.close(self.page)


class Crew(Generic[Item, Result]):
    """Processes that take chunk after chunk of the items until none is left. No lock or thread can keep them or us."""

    def __init__(self, work: Callable[[Item], Result], items: Sequence[Item], size: int, patience: int) -> None:
        self.chunk = max(1, min(LARGEST_CHUNK, len(items) // (8 * size)))
        self.starts = range(0, len(items), self.chunk)
        self.taken = CONTEXT.Value("q", 0)  # kept: freed here, its memory would count for the next crew, too
        self.hands = [Hand(work, items, self.chunk, self.taken, patience) for _ in range(size)]

    def results(self) -> Iterator[Result]:
        """Yield the results in the order of the items; raise the first error where its item's turn is."""
        working, found = {hand.notes: hand for hand in self.hands}, {}
        for wanted in self.starts:
            while wanted not in found:
                for ready in connection.wait(list(working)):
                    hand = working[ready]  # type: ignore[index]
                    try:
                        start, *found[start] = hand.result()
                    except EOFError:
                        del working[hand.notes]
                        hand.process.join()
                        if hand.process.exitcode:
                            code = hand.process.exitcode
                            raise RuntimeError(f"a process that shared the work ended with {code}") from None
            good, values = found.pop(wanted)
            if not good:
                raise values
            yield from values

    def end(self) -> None:
        """End all processes."""
        for hand in self.hands:
            hand.end()


def _labour(
    parent: int,
    page: int,
    notes: connection.Connection,
    work: Callable[[Any], Any],
    items: Sequence[Any],
    chunk: int,
    taken: Any,
    patience: int,
) -> None:
    processes.end_with_parent(parent)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for number in processes.SIGNALS:
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)
    processes.unshield()
    os.nice(patience)
    offset = 0
    while True:
        with taken.get_lock():
            start = taken.value
            taken.value += chunk
        if start >= len(items):
            return
        try:
            done = pickle.dumps((True, [work(item) for item in items[start : start + chunk]]))
        except Exception as error:
            done = _packed(error)
        with open(page, "wb", closefd=False) as stream:
            stream.write(done)
        notes.send_bytes(NOTE.pack(start, offset, len(done)))
        offset += len(done)


def _packed(error: Exception) -> bytes:
    """Return an error as a result, by its words where it cannot be pickled."""
    try:
        pickle.loads(packed := pickle.dumps((False, error)))  # noqa: S301
        return packed
    except Exception:
        return pickle.dumps((False, RuntimeError(f"{type(error).__name__}: {error}")))
