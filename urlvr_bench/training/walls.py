"""Two walls around code that is not trusted with labels: an audit hook, and below it a filter of system calls.

The hook refuses with a clear line; the filter, where the kernel has one, holds against what gets around Python, such as
memory written through numpy. Nothing that the code can reach decides what the hook permits: its lists are constants.
"""

import platform
import signal
import struct
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

MACHINES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
KEPT = {
    "read": (0, 63),
    "write": (1, 64),
    "close": (3, 57),
    "fstat": (5, 80),
    "lseek": (8, 62),
    "mmap": (9, 222),
    "mprotect": (10, 226),
    "munmap": (11, 215),
    "brk": (12, 214),
    "rt_sigaction": (13, 134),
    "rt_sigprocmask": (14, 135),
    "rt_sigreturn": (15, 139),
    "sched_yield": (24, 124),
    "mremap": (25, 216),
    "madvise": (28, 233),
    "nanosleep": (35, 101),
    "setitimer": (38, 103),
    "getpid": (39, 172),
    "exit": (60, 93),
    "gettimeofday": (96, 169),
    "futex": (202, 98),
    "sched_getaffinity": (204, 123),
    "clock_gettime": (228, 113),
    "clock_nanosleep": (230, 115),
    "exit_group": (231, 94),
    "getrandom": (318, 278),
}
"""The system calls that remain, with their numbers on those machines: none opens, connects, starts or signals."""
PR_SET_PDEATHSIG, PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS = 1, 22, 38


class RefusalError(PermissionError, ValueError):
    """What the audit hook raises; a ValueError too, upon which the standard library does without frames."""


def filter_system_calls() -> bool:
    """Have the kernel end this process with the thread that started it, and refuse all system calls but `KEPT`.

    Returns whether it refuses them; outside of Linux it does neither.
    """
    machine = platform.machine()
    if sys.platform != "linux" or machine not in MACHINES:
        return False
    import ctypes  # here alone, so that no module of ours leads to it

    column = list(MACHINES).index(machine)
    load, equal, answer = 0x20, 0x15, 0x06
    refuse, allow, kill = 0x00050001, 0x7FFF0000, 0x80000000
    code = [(load, 0, 0, 4), (equal, 1, 0, MACHINES[machine]), (answer, 0, 0, kill), (load, 0, 0, 0)]
    for numbers in KEPT.values():
        code += [(equal, 0, 1, numbers[column]), (answer, 0, 0, allow)]
    code.append((answer, 0, 0, refuse))
    program = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *line) for line in code))
    header = ctypes.create_string_buffer(struct.pack("HxxxxxxP", len(code), ctypes.addressof(program)))
    prctl = ctypes.CDLL(None).prctl
    prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    return bool(prctl(PR_SET_SECCOMP, 2, header, 0, 0) == 0)


@contextmanager
def without_ctypes() -> Iterator[None]:
    """Let nobody import ctypes in a block, so that numpy, which can do without, does not lead to it."""
    sys.modules["ctypes"] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        del sys.modules["ctypes"]


def forget_ctypes() -> None:
    """Take ctypes away from whoever imports it from now on."""
    for name in [name for name in sys.modules if name.split(".")[0] in ("ctypes", "_ctypes")]:
        del sys.modules[name]


def audit() -> Callable[[], AbstractContextManager[None]]:
    """Refuse whatever Python audits and plain computing does not need: files, imports, processes, sockets, gc, frames.

    Returns a context in which frames may be read, for the validation of hyper-parameters and the line of an error.
    """
    readable = [False]

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event in {"compile", "exec", "array.__new__", "builtins.id", "time.sleep", "sys._getframemodulename"}:
            return
        if event in {"object.__setattr__", "object.__delattr__", "sys.excepthook", "sys.unraisablehook"}:
            return
        if event == "object.__getattr__" and arguments[1] not in {"tb_frame", "gi_frame", "cr_frame", "ag_frame"}:
            return
        if event in {"object.__getattr__", "sys._getframe"} and readable[0]:
            return
        raise RefusalError(_named(event, arguments))

    @contextmanager
    def frames() -> Iterator[None]:
        readable[0] = True
        try:
            yield
        finally:
            readable[0] = False

    sys.addaudithook(hook)
    return frames


def _named(event: str, arguments: tuple[Any, ...]) -> str:
    """Return what was refused, in words."""
    words = {"open": "open a file", "import": "import a module", "object.__getattr__": "read frames"}
    shown = arguments[1:2] if event == "object.__getattr__" else arguments[:1]
    what = f"{words[event]} ({str(shown[0])[:100]})" if event in words and shown else f"call {event}"
    return f"a method may not {what}: it gets groups, and computes"
