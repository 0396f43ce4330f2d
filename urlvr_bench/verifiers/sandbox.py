"""Run a program that nobody trusts: no network, an empty folder of its own, bounded memory, time, files, processes.

Works without root. Where the kernel permits user namespaces (most do), the program is alone in a world of its own;
elsewhere sockets are refused by a system call filter, and a warning says what remains open.
"""

import functools
import json
import os
import secrets
import signal
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from urlvr_bench.errors import UsageError

CHILD = Path(__file__).with_name("sandbox_child.py")
PATIENCE = 2.0
"""Seconds that we wait longer than the process which guards the namespaces."""
MOST_OUTPUT = 1 << 20
"""Bytes that are read of what a program writes."""


@dataclass(frozen=True)
class Limits:
    """What a program may use."""

    seconds: float = 5.0
    """Time on the clock; processor time is limited to as much."""
    memory_mb: int = 1024
    """Address space."""
    file_mb: int = 16
    """Size of a file and, with namespaces, of all files together."""
    files: int = 64
    """Files open at a time."""
    processes: int = 1
    """Processes and threads at a time; more than one is not limited for root."""


@dataclass(frozen=True)
class Outcome:
    """How a program ended."""

    code: int | None
    """Exit code, None if it was killed at the time limit; above 128 if a signal ended it."""
    output: str
    errors: str


@dataclass(frozen=True)
class Isolation:
    """What keeps programs in on this machine."""

    drop_root: bool
    """The program runs as `nobody`, because we are root."""
    namespaces: bool
    """The program has its own network (none), processes, and a disk that is read-only but for its folder."""

    @property
    def gaps(self) -> str:
        """What remains open, in words; empty if nothing is."""
        if not self.namespaces:
            owner = "" if self.drop_root else " and change what this user may change"
            return f"namespaces cannot be used here, so a program may read the disk{owner}; sockets are still refused"
        return "" if self.drop_root or os.geteuid() else "programs run as root, for nobody else may read this Python"


@functools.cache
def isolation() -> Isolation:
    """Return the strongest isolation that works here, found by trying."""
    if sys.platform != "linux":
        raise UsageError(f"programs cannot be confined on {sys.platform}; run this method on Linux")
    drops = (True, False) if os.geteuid() == 0 else (False,)
    for choice in (Isolation(drop, namespaces) for namespaces in (True, False) for drop in drops):
        outcome = run([sys.executable, "-I", "-S", "-c", "print('inside')"], {}, within=choice)
        if outcome.output == "inside\n":
            if choice.gaps:
                warnings.warn(f"the sandbox is not perfect: {choice.gaps}", stacklevel=2)
            return choice
    raise UsageError(f"programs cannot be confined on this machine: {outcome.errors.strip()[-200:]}")


def run(
    argv: Sequence[str],
    files: Mapping[str, str],
    stdin: str = "",
    limits: Limits = Limits(),
    within: Isolation | None = None,
) -> Outcome:
    """Run `argv` (an absolute path first) in a folder that holds `files` and is gone afterwards; never raises."""
    within = within or isolation()
    with tempfile.TemporaryDirectory(prefix="box-", ignore_cleanup_errors=True) as box:
        for name, text in files.items():
            Path(box, name).write_text(text, encoding="utf-8", errors="replace")
        if within.drop_root:
            for path in (Path(box), *Path(box).iterdir()):
                os.chown(path, 65534, 65534)
        spec = {
            **vars(within),
            **vars(limits),
            "cpu_seconds": int(limits.seconds) + 1,
            "argv": list(argv),
            "box": box,
        }
        command = [sys.executable, "-I", "-S", "-c", CHILD.read_text(encoding="utf-8"), json.dumps(spec)]
        with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as said, tempfile.TemporaryFile() as wrong:
            given.write(stdin.encode())
            given.seek(0)
            patience = limits.seconds + (PATIENCE if within.namespaces else 0)
            code = _wait(command, patience, given, said, wrong)
            return Outcome(code, _text(said), _text(wrong))


def _wait(command: list[str], seconds: float, given: BinaryIO, said: BinaryIO, wrong: BinaryIO) -> int | None:
    """Start the child in a session of its own; return its exit code, or None after killing the whole session."""
    process = subprocess.Popen(  # noqa: S603 (this is the sandbox)
        command, stdin=given, stdout=said, stderr=wrong, env={}, cwd="/", start_new_session=True
    )
    try:
        code = process.wait(seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return None
    return None if code == 124 else code & 255


def _text(stream: BinaryIO) -> str:
    stream.seek(0)
    return stream.read(MOST_OUTPUT).decode(errors="replace")


KEYED = """import sys
def main():
    key = sys.stdin.read()
    sys.path.insert(0, "")
    import judging
    sys.__stdout__.write("\\n" + key)
main()
"""
NAMES = """import solution
globals().update({name: value for name, value in vars(solution).items() if not name.startswith("__")})
"""
"""A star import would leave out names that start with an underscore, and tests call some."""


def passes(program: str, tests: str, limits: Limits) -> bool:
    """Return whether all tests pass after a Python program has run: a key is written only then."""
    key = secrets.token_hex(16)
    files = {"solution.py": program, "judging.py": NAMES + tests, "main.py": KEYED}
    outcome = run([sys.executable, "-I", "main.py"], files, key, limits)
    return outcome.code == 0 and outcome.output.endswith(key)


def each(check: Callable[[str], bool], texts: Sequence[str]) -> list[bool]:
    """Return the check's verdict on every text, one program per core at a time and equal texts once."""
    different = list(dict.fromkeys(texts))
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        verdicts = dict(zip(different, pool.map(check, different), strict=True))
    return [verdicts[text] for text in texts]
