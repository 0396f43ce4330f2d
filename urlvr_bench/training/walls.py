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

KEPT = {
    "x86_64": (
        0xC000003E,
        (0, 1, 3, 5, 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 28, 35, 38, 39, 60, 96, 202, 204, 228, 230, 231, 318),
    ),
    "aarch64": (
        0xC00000B7,
        (63, 64, 57, 80, 62, 222, 226, 215, 214, 134, 135, 139, 124, 216, 233, 101, 103, 172, 93, 169, 98, 123, 113)
        + (115, 94, 278),
    ),
}
"""Per machine its audit number, and the system calls that remain, in the order of their names: `read`, `write`, `close`,
`fstat`, `lseek`, `mmap`, `mprotect`, `munmap`, `brk`, `rt_sigaction`, `rt_sigprocmask`, `rt_sigreturn`, `sched_yield`,
`mremap`, `madvise`, `nanosleep`, `setitimer`, `getpid`, `exit`, `gettimeofday`, `futex`, `sched_getaffinity`,
`clock_gettime`, `clock_nanosleep`, `exit_group`, `getrandom`. None opens, connects, starts or signals anything."""
PR_SET_PDEATHSIG, PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS = 1, 22, 38


class Refused(PermissionError, ValueError):
    """What the audit hook raises; also a ValueError, as which the standard library forgoes frames that it may not read."""


def filter_system_calls() -> bool:
    """Have the kernel end this process with its parent's thread, and refuse all system calls but those `KEPT`, for good.

    Returns whether it does; it cannot outside of Linux.
    """
    machine = platform.machine()
    if sys.platform != "linux" or machine not in KEPT:
        return False
    import ctypes  # here alone, so that no module of ours leads to it

    architecture, kept = KEPT[machine]
    load, equal, answer = 0x20, 0x15, 0x06
    refuse, allow, kill = 0x00050001, 0x7FFF0000, 0x80000000
    code = [(load, 0, 0, 4), (equal, 1, 0, architecture), (answer, 0, 0, kill), (load, 0, 0, 0)]
    for number in kept:
        code += [(equal, 0, 1, number), (answer, 0, 0, allow)]
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
        raise Refused(_named(event, arguments))

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
    first = str(arguments[0])[:100] if arguments else ""
    words = {
        "open": f"open a file ({first})",
        "import": f"import {first}",
        "sys._getframe": "read frames (sys._getframe)",
        "object.__getattr__": f"read frames ({arguments[-1]})",
    }
    return f"a method may not {words.get(event, f'call {event}')}: it gets groups, and computes"
