"""How processes end: when asked (a training at its next step boundary), with those that they serve, on Ctrl-C."""

import ctypes
import os
import select
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

EXIT_CODE = 143
"""That of SIGTERM, whichever signal asked: stopped on request, to be continued."""
INTERRUPTED = 130
"""The exit code after Ctrl-C."""
SIGNALS = (signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2)
"""What people, closed terminals, services and the schedulers of clusters send some time before they kill."""
GRACE_SECONDS = 3.0
"""How long a process that was asked to stop may take before it is killed."""
PR_SET_PDEATHSIG = 1


class Stopped(SystemExit):
    """The end of a process that was asked to stop; its run folder can be continued."""

    def __init__(self) -> None:
        super().__init__(EXIT_CODE)


class Request:
    """Whether this process has been asked to stop."""

    def __init__(self) -> None:
        self.made = self.can_wait = False

    def listen(self) -> None:
        """Take the signals from now on; a hangup that `nohup` has this process ignore stays ignored."""
        for number in SIGNALS:
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
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


@contextmanager
def stoppable() -> Iterator[None]:
    """Let a signal that asks to stop raise Stopped in the block, and Ctrl-C KeyboardInterrupt, to end children first.

    Outside the main thread, where Python permits no change of signals, they stay as they are.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in (*SIGNALS, signal.SIGINT)}
    REQUEST.listen()
    if before[signal.SIGINT] is _end_at_once:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        for number, known in before.items():
            signal.signal(number, known)


_assured: list[Callable[[], None]] = []


@contextmanager
def assured(last: Callable[[], None]) -> Iterator[None]:
    """Call `last` when the block ends, be it by Ctrl-C under `end_on_interrupt`."""
    _assured.append(last)
    try:
        yield
    finally:
        _assured.remove(last)
        last()


def end_on_interrupt() -> None:
    """Have Ctrl-C end this process at once, for a KeyboardInterrupt that is raised anywhere can be lost anywhere.

    An interrupt that is ignored, as behind a shell's `&`, stays ignored.
    """
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _end_at_once)


def end_in_peace() -> None:
    """Let interrupts pass by from here on: the interpreter, as it ends, would die of one instead of ending silently."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _end_at_once(number: int, frame: FrameType | None) -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # a second one ends even this
    for last in reversed(_assured):
        last()
    if sys.stderr.isatty():
        os.write(2, b"\x1b[?25h\n")  # progress bars hide the cursor
    os._exit(INTERRUPTED)


def end_with_parent(parent: int | None = None) -> None:
    """Have the kernel kill this process when the thread that started it ends; on Linux alone.

    Where the `parent` is named, also when it had ended before.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if parent not in (None, os.getppid()):
            os._exit(1)


def follow(pipe: int, last: Callable[[], None]) -> None:
    """Call `last` in a thread of its own once the other end of a pipe is closed, as it is however its holder ends.

    For children whose parent is a fork server, or a thread that may end before them. What is written is left unread.
    """

    def watch() -> None:
        poll = select.poll()
        poll.register(pipe, 0)  # a hangup is reported unasked
        if poll.poll()[0][1] & select.POLLHUP:
            last()

    threading.Thread(target=watch, daemon=True).start()


def leave() -> None:
    """End this process as if it had been asked to stop, and by force where that takes long."""
    signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGTERM)
    time.sleep(GRACE_SECONDS)
    os.kill(os.getpid(), signal.SIGKILL)


@contextmanager
def shielded() -> Iterator[None]:
    """Start processes in the block that signals to this process's group pass by, until they say `unshield`."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, (*SIGNALS, signal.SIGINT))
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def unshield() -> None:
    """Take signals again in a process that was started under `shielded`."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, (*SIGNALS, signal.SIGINT))


def is_alive(pid: int) -> bool:
    """Return whether a process of this machine has not ended."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True
