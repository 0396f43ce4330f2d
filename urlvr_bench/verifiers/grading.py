"""Equality of mathematical formulas, judged by math-verify in a process of its own that a time limit can kill.

What ends a comparison is its processor time or its memory alone: no formula is refused for its looks.
"""

import atexit
import functools
import json
import os
import resource
import signal
import subprocess
import sys
import threading
from dataclasses import astuple
from decimal import Decimal
from pathlib import Path
from typing import Any

from urlvr_bench.system.processes import follow
from urlvr_bench.verifiers.marks import Mark

SECONDS = 2.0
"""Processor time that one comparison may take; what is not done by then counts as different."""
MEMORY = 4 << 30
"""Address space of the child, bytes."""


@functools.lru_cache(maxsize=1 << 16)
def verdict(first: str, second: str) -> bool | None:
    """Return whether two formulas in LaTeX mean the same, None where that took too long; symmetric.

    Threads that ask at the same time are answered by different child processes, side by side.
    """
    one, other = sorted((first, second))
    if (one, other) != (first, second):
        return verdict(one, other)
    marks = _mark(one), _mark(other)
    if marks[0] is None or marks[1] is None:
        return None
    found: bool | None = not marks[0].apart(marks[1]) and _judges.ask(one, other)
    return found


@functools.lru_cache(maxsize=1 << 16)
def _mark(formula: str) -> Mark | None:
    """Return a formula's mark, None where that took too long, as would its comparisons."""
    found = _judges.ask(formula)
    return found and Mark(found[0], *map(Decimal, found[1:]))


def equivalent(first: str, second: str) -> bool:
    """Return whether two formulas mean the same and that could be told in time."""
    return verdict(first, second) is True


class _Judge:
    """A child process that answers one question after another. One that takes too long ends it, not us."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None

    def ask(self, *formulas: str) -> Any:
        """Return the child's verdict on two formulas or mark of one; None when it ran into a limit, or died over it."""
        if self._process is None or self._process.poll() is not None:
            self._process = self._start()
        reply = _exchange(self._process, json.dumps(formulas))
        if reply is None:
            self._process.wait()
            self._process = None
        return json.loads(reply or "null")

    def _start(self) -> subprocess.Popen[str]:
        paths = [str(Path(__file__).parents[2]), *filter(None, [os.environ.get("PYTHONPATH")])]
        process = subprocess.Popen(
            [sys.executable, "-m", "urlvr_bench.verifiers.grading"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
        )
        if _exchange(process, "") != "ready":
            raise RuntimeError("math-verify does not start: is the package math-verify 0.9 installed?")
        return process

    def stop(self) -> None:
        """End the child."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()


class _Judges:
    """As many judges as there are askers at a time; one that has answered serves the next asker."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Start over without judges; a forked copy of this process must not share our pipes."""
        self._lock = threading.Lock()
        self.idle: list[_Judge] = []

    def ask(self, *formulas: str) -> Any:
        """Return the reply of an idle judge, or of a new one."""
        with self._lock:
            judge = self.idle.pop() if self.idle else _Judge()
        try:
            return judge.ask(*formulas)
        finally:
            with self._lock:
                self.idle.append(judge)

    def stop(self) -> None:
        """End all children."""
        for judge in self.idle:
            judge.stop()


def _exchange(process: subprocess.Popen[str], line: str) -> str | None:
    """Send a line to a child and return the line it replies, None if it died instead."""
    if process.stdin is None or process.stdout is None:
        raise RuntimeError("the child has no pipes")
    try:
        process.stdin.write(line + "\n")
        process.stdin.flush()
    except BrokenPipeError:
        return None
    return process.stdout.readline().rstrip("\n") or None


_judges = _Judges()
os.register_at_fork(after_in_child=_judges.forget)
atexit.register(_judges.stop)


def serve() -> None:
    """Answer questions from standard input, one JSON line each, in a fork that the kernel ends at the time limit.

    A fork that ended so is replaced at once: only the first one waits for the imports.
    """
    from urlvr_bench.verifiers import formulas

    replies = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever the libraries print must not pass for a verdict
    follow(0, lambda: os._exit(0))  # in the midst of a comparison, too
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the asker's business
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    questions = os.fdopen(0, "rb", buffering=0)  # a fork must not take more than its question
    questions.readline()
    formulas.equal("x", r"\frac{2x}{2}")
    print("ready", file=replies, flush=True)
    while (child := os.fork()) and os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]):
        print("null", file=replies, flush=True)
    if child == 0:
        follow(0, lambda: os._exit(0))  # threads do not survive a fork
        for line in questions:
            signal.setitimer(signal.ITIMER_PROF, SECONDS)
            asked = json.loads(line)
            reply = formulas.equal(*asked) if len(asked) == 2 else [*map(str, astuple(formulas.mark(*asked)))]
            signal.setitimer(signal.ITIMER_PROF, 0)
            print(json.dumps(reply), file=replies, flush=True)
        os._exit(0)


if __name__ == "__main__":
    serve()
