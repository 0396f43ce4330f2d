"""Equality of mathematical formulas, judged by math-verify in a process of its own that a time limit can kill."""

import atexit
import functools
import json
import os
import re
import signal
import subprocess
import sys
import threading
from pathlib import Path

SECONDS = 2.0
"""Time limit of one comparison; what is not done by then counts as different."""
HOSTILE = re.compile(r"!|\^[^^]*\^[^^]*\^|\^\{?[^{}]*\^|[0-9]{30}|\\[a-z]*binom")
"""Factorials, towers of powers and the like: never worth two seconds of symbolic algebra."""


@functools.lru_cache(maxsize=1 << 16)
def equivalent(gold: str, answer: str) -> bool:
    """Return whether two LaTeX answers mean the same; not symmetric, the gold answer comes first."""
    if HOSTILE.search(answer) or "\0" in answer:
        return False
    return _judge.ask(gold, answer)


class _Judge:
    """A child process that compares one pair after another. A comparison that takes too long ends it, not us."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[str] | None = None
        self._owner = 0

    def ask(self, gold: str, answer: str) -> bool:
        """Return the child's verdict; False when it died over the question."""
        with self._lock:
            if self._process is None or self._owner != os.getpid():  # a forked copy must not share our pipes
                self._start()
            assert self._process and self._process.stdin and self._process.stdout  # noqa: S101 (for the type checker)
            self._process.stdin.write(json.dumps([gold, answer]) + "\n")
            self._process.stdin.flush()
            verdict = self._process.stdout.readline()
            if not verdict:
                self._process.wait()
                self._process = None
            return verdict == "true\n"

    def _start(self) -> None:
        root = str(Path(__file__).parents[1])
        paths = [root, *filter(None, [os.environ.get("PYTHONPATH")])]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "urlvr_bench.grading"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
        )
        self._owner = os.getpid()
        if self._process.stdout is None or self._process.stdout.readline() != "ready\n":
            raise RuntimeError("math-verify does not start; is the package math-verify 0.9 installed?")

    def stop(self) -> None:
        """End the child."""
        if self._process is not None and self._owner == os.getpid():
            self._process.kill()
            self._process.wait()


_judge = _Judge()
atexit.register(_judge.stop)


def serve() -> None:
    """Answer pairs from standard input, one JSON line each. The kernel ends the process at the time limit."""
    from math_verify import LatexExtractionConfig, parse, verify

    replies = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever the libraries print must not pass for a verdict
    config = [LatexExtractionConfig(boxed_match_priority=0, try_extract_without_anchor=False)]
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    print("ready", file=replies, flush=True)
    for line in sys.stdin:
        signal.setitimer(signal.ITIMER_REAL, SECONDS)
        gold, answer = (
            parse(rf"\boxed{{{text}}}", extraction_config=config, parsing_timeout=None) for text in json.loads(line)
        )
        verdict = bool(gold) and bool(answer) and verify(gold, answer, timeout_seconds=None)
        signal.setitimer(signal.ITIMER_REAL, 0)
        print(json.dumps(bool(verdict)), file=replies, flush=True)


if __name__ == "__main__":
    serve()
