"""Equality of mathematical formulas, judged by math-verify in a process of its own that a time limit can kill."""

import atexit
import functools
import json
import os
import re
import resource
import signal
import subprocess
import sys
import threading
from pathlib import Path

from urlvr_bench.system.processes import follow

SECONDS = 2.0
"""Processor time that one comparison may take; what is not done by then counts as different."""
MEMORY = 4 << 30
"""Address space of the child, bytes."""
HOSTILE = re.compile(r"[0-9]{3,}!|[)}]!|!!|\^\{[^{}]*\^|\^.\^|\^\{?[0-9]{4,}|[0-9]{30}|\0")
"""Large factorials, towers of powers and the like: never worth two seconds of symbolic algebra."""


@functools.lru_cache(maxsize=1 << 16)
def equivalent(gold: str, answer: str) -> bool:
    """Return whether two LaTeX answers mean the same; not symmetric, the gold answer comes first.

    Threads that ask at the same time are answered by different child processes, side by side.
    """
    return HOSTILE.search(answer) is None and _judges.ask(gold, answer)


class _Judge:
    """A child process that compares one pair after another. A comparison that takes too long ends it, not us."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None

    def ask(self, gold: str, answer: str) -> bool:
        """Return the child's verdict; False when it died over the question."""
        if self._process is None or self._process.poll() is not None:
            self._process = self._start()
        verdict = _exchange(self._process, json.dumps([gold, answer]))
        if verdict is None:
            self._process.wait()
            self._process = None
        return verdict == "true"

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

    def ask(self, gold: str, answer: str) -> bool:
        """Return the verdict of an idle judge, or of a new one."""
        with self._lock:
            judge = self.idle.pop() if self.idle else _Judge()
        try:
            return judge.ask(gold, answer)
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
    """Answer pairs from standard input, one JSON line each. The kernel ends the process at the time limit."""
    from math_verify import LatexExtractionConfig, parse, verify

    replies = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever the libraries print must not pass for a verdict
    config = [LatexExtractionConfig(boxed_match_priority=0, try_extract_without_anchor=False)]
    follow(0, lambda: os._exit(0))  # in the midst of a comparison, too
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the asker's business
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    sys.stdin.readline()
    print("ready", file=replies, flush=True)
    for line in sys.stdin:
        signal.setitimer(signal.ITIMER_PROF, SECONDS)
        gold, answer = (
            parse(rf"\boxed{{{text}}}", extraction_config=config, parsing_timeout=None) for text in json.loads(line)
        )
        verdict = bool(gold) and bool(answer) and verify(gold, answer, timeout_seconds=None)
        signal.setitimer(signal.ITIMER_PROF, 0)
        print(json.dumps(bool(verdict)), file=replies, flush=True)


if __name__ == "__main__":
    serve()
