"""The process that sandbox.py starts, and the child of it that becomes the program. Standard library only.

The first is trusted: it guards the time limit, and judges where there are tests to judge by. It reads those only when
the program's process exists already, which therefore never held them, and then gives up as much as the program did.
"""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]  # `signal` and `typing` would double the start-up time
import os
import sys

from urlvr_bench.verifiers import confinement, crossing, judging, system_calls

PR_SET_DUMPABLE = 4
READY = "ready"

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def main() -> None:
    """Confine and run what the specification on standard input says; never return."""
    try:
        confinement.end_with_the_parent()
        os._exit(run(crossing.receive(0, crossing.no_name)))
    except BaseException as error:
        os.write(2, f"{type(error).__name__}: {error}".encode(errors="replace"))
        os._exit(crossing.BROKEN)


def run(spec: dict[str, Any]) -> int:
    """Return the exit code of the program or, where it is judged, of the judge."""
    if spec["namespaces"]:
        confinement.enter_namespaces()
    system_calls.call("prctl", PR_SET_DUMPABLE, 0, 0, 0, 0)  # or the same user could read the tests here
    calls, ask = os.pipe()
    hear, values = os.pipe()
    child = os.fork()
    if not child:
        become_the_program(spec, calls, values)
    os.close(calls)
    os.close(values)
    guard(child, spec["clock_seconds"])
    if "program" in spec:
        code = judge(spec, ask, hear)
        _signal.setitimer(_signal.ITIMER_REAL, 0)
        os.kill(child, _signal.SIGKILL)
        os.waitpid(child, 0)
        return code
    _, status, usage = os.wait4(child, 0)
    _signal.setitimer(_signal.ITIMER_REAL, 0)
    code = os.waitstatus_to_exitcode(status)
    late = usage.ru_utime + usage.ru_stime > spec["limits"]["seconds"]
    return crossing.TIMED_OUT if late else code if code >= 0 else 128 - code


def guard(child: int, seconds: float) -> None:
    """End the child and this process when the time is over."""

    def end(number: int, frame: object) -> None:
        os.kill(child, _signal.SIGKILL)
        os.waitpid(child, 0)
        os._exit(crossing.TIMED_OUT)

    _signal.signal(_signal.SIGALRM, end)
    _signal.setitimer(_signal.ITIMER_REAL, seconds)


def judge(spec: dict[str, Any], ask: int, hear: int) -> int:
    """Return the exit code that says whether the program passes the tests; the reason goes to standard error."""
    link = judging.Link(ask, hear)
    try:
        if crossing.receive(hear, crossing.no_name) != READY:
            return crossing.BROKEN
    except EOFError:
        return crossing.BROKEN
    confinement.become_nobody()
    confinement.limit(**spec["limits"])
    system_calls.allow_only("kill")
    task = crossing.receive(0, crossing.no_name)
    reason = judging.failure(link, task["tests"], task["asked"])
    os.write(2, reason.encode(errors="replace"))
    return crossing.FAILED if reason else 0


def become_the_program(spec: dict[str, Any], calls: int, values: int) -> None:
    """Go on as process 1 of a world of its own, with no file open but its pipes, and become the program."""
    try:
        shut_the_doors(spec, calls, values)
        if "argv" in spec:
            system_calls.allow_only("execve eventfd2", threads=spec["limits"]["threads"] > 1)
            os.execve(spec["argv"][0], spec["argv"], {})  # noqa: S606
        system_calls.allow_only()
        crossing.send(values, READY, crossing.no_object)
    except BaseException as error:
        os.write(2, f"{type(error).__name__}: {error}".encode(errors="replace"))
        os._exit(crossing.BROKEN)
    try:
        null = os.open("/dev/null", os.O_RDWR)
        for stream in (1, 2):
            os.dup2(null, stream)
        sys.path += spec["path"]
        judging.serve(calls, values, spec["program"])
    finally:
        os._exit(0)


def shut_the_doors(spec: dict[str, Any], calls: int, values: int) -> None:
    """Take away all that the program must not have, except system calls."""
    os.setsid()  # signals to the group must not reach the process that judges
    for first, end in ((3, calls), (calls + 1, values), (values + 1, 1 << 10)):
        os.closerange(first, end)
    if spec["namespaces"]:
        confinement.leave_the_disk(spec["reads"], spec["hidden"], spec["packages"], spec["limits"]["file_mb"])
    else:
        confinement.move_into(spec["box"])
    confinement.become_nobody()
    system_calls.call("prctl", PR_SET_DUMPABLE, 1, 0, 0, 0)  # or its own /proc/self would be root's
    for name, text in spec.get("files", {}).items():
        with open(name, "w", encoding="utf-8", errors="replace") as stream:  # noqa: PTH123
            stream.write(text)
    os.dup2(os.open("/dev/null", os.O_RDONLY), 0)
    confinement.limit(**spec["limits"])
