"""Run a program that nobody trusts: no network, an empty folder of its own, bounded memory, time, files and threads.

Works without root. The program is alone in a world of its own (Linux namespaces) and may make few system calls. Tests
run beside it, in a process that it cannot reach and that asks it for values.
"""

import functools
import importlib.util
import os
import signal
import subprocess
import sys
import sysconfig
import tempfile
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal

from urlvr_bench.errors import UsageError
from urlvr_bench.verifiers import crossing

START = """import sys
for name, folder in zip(("urlvr_bench", "urlvr_bench.verifiers"), sys.argv[1:]):
    package = sys.modules[name] = type(sys)(name)
    package.__path__ = [folder]
from urlvr_bench.verifiers import sandbox_child
sandbox_child.main()
"""
"""Starts the child without `import urlvr_bench`, which needs more than the standard library."""
HERE = Path(__file__).parent
PYTHON = str(Path(sys.executable).resolve())
ENVIRONMENT = {"PYTHONHASHSEED": "0", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
"""All that programs know of ours: one order of sets for all, and no thread per core when numpy is imported."""
LIBRARIES = ("numpy", "scipy", "pandas", "sympy", "mpmath", "dateutil", "pytz", "tzdata", "six")
"""What programs may import besides the standard library, where it is installed; other packages may hold test sets."""
PACE = 4.0
"""How much longer than its processor time a program may take on the clock."""
PATIENCE = 20.0
"""Seconds that we wait longer than the process which guards the time limit."""
MOST_OUTPUT = 1 << 20
"""Bytes that are read of what a program writes."""
VARIABLE = "URLVR_SANDBOX"
WEAKNESS = (
    "it may read what this user or, under root, nobody may read, the environment of this user's processes included"
)

Isolation = Literal["whole", "weak"]
"""`weak` is without namespaces: system calls are still few, but the disk and /proc are those of the machine."""


@dataclass(frozen=True)
class Limits:
    """What a program may use."""

    seconds: float = 5.0
    """Processor time, so that a verdict does not depend on what else is running; on the clock, `PACE` times as much."""
    memory_mb: int = 1024
    """Address space; no memory can be had that it does not count, but for files."""
    file_mb: int = 16
    """Size of a file and, in whole isolation, of all files together; they lie in memory."""
    files: int = 64
    """Files open at a time."""
    threads: int = 1
    """Threads at a time; there is no second process."""


@dataclass(frozen=True)
class Outcome:
    """How a program ended."""

    code: int | None
    """Exit code, None if it was killed at the time limit; above 128 if a signal ended it."""
    output: str
    errors: str


@functools.cache
def isolation() -> Isolation:
    """Return the isolation that works here, found by trying; UsageError if it is weak and nobody asked for that."""
    if sys.platform != "linux":
        raise UsageError(f"programs cannot be confined on {sys.platform}; run this on Linux")
    asked = os.environ.get(VARIABLE, "")
    if asked not in ("", "weak"):
        raise UsageError(
            f"{VARIABLE} is {asked!r}; leave it out, or set it to 'weak' to run programs without namespaces"
        )
    for within in ("whole", "weak") if asked == "weak" else ("whole",):
        outcome = run([PYTHON, "-I", "-S", "-c", "print('inside')"], {}, within=within)
        if outcome.output == "inside\n":
            if within == "weak":
                warnings.warn(f"programs run without namespaces, as {VARIABLE} asks: each {WEAKNESS}", stacklevel=2)
            return within
    raise UsageError(
        f"programs that a model wrote cannot be confined here ({outcome.errors.strip()[-100:]}): let this user make "
        f"namespaces (Linux 5.12; in Docker --security-opt seccomp=unconfined --security-opt apparmor=unconfined), or "
        f"set {VARIABLE}=weak to run a program although {WEAKNESS}"
    )


def run(
    argv: Sequence[str],
    files: Mapping[str, str],
    limits: Limits = Limits(),
    reads: Sequence[str] = (),
    within: Isolation | None = None,
) -> Outcome:
    """Run `argv` (an absolute path first) in a folder that holds `files` and is gone afterwards; never raises.

    Of the disk it sees the system's libraries, Python's, and the folders that `reads` names.
    """
    return _confined({"argv": list(argv), "files": dict(files)}, b"", limits, reads, within)


def passes(program: str, tests: str, asked: Mapping[str, str], limits: Limits = Limits()) -> bool:
    """Return whether a Python program passes tests; `asked` maps names in the tests to names of the program."""
    task = crossing.frame({"tests": tests, "asked": dict(asked)}, crossing.no_object)
    outcome = _confined({"program": program}, task, limits)
    if outcome.code == crossing.BROKEN:
        raise UsageError(f"the sandbox broke: {outcome.errors.strip()[-200:]}")
    return outcome.code == 0


def _confined(
    what: Mapping[str, object],
    more: bytes,
    limits: Limits,
    reads: Sequence[str] = (),
    within: Isolation | None = None,
) -> Outcome:
    """Start the child in a session of its own with a specification, and with `more` for it to read later."""
    within = within or isolation()
    with _box(within) as box, tempfile.TemporaryFile() as said, tempfile.TemporaryFile() as wrong:
        world = {"namespaces": within == "whole", "box": box, "limits": vars(limits), **_readable(tuple(reads))}
        world |= {"clock_seconds": limits.seconds * PACE}
        given = crossing.frame({**world, **what}, crossing.no_object) + more
        process = subprocess.Popen(  # noqa: S603 (this is the sandbox)
            [PYTHON, "-s", "-S", "-P", "-c", START, str(HERE.parent), str(HERE)],
            stdin=subprocess.PIPE, stdout=said, stderr=wrong, env=ENVIRONMENT, cwd="/", start_new_session=True,
        )  # fmt: skip
        try:
            process.communicate(given, limits.seconds * PACE + PATIENCE)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        code = crossing.TIMED_OUT if process.returncode < 0 else process.returncode
        return Outcome(None if code == crossing.TIMED_OUT else code, _text(said), _text(wrong))


@contextmanager
def _box(within: Isolation) -> Iterator[str]:
    """Give a folder on the disk where there are no namespaces, which have one in memory."""
    if within == "whole":
        yield ""
        return
    with tempfile.TemporaryDirectory(prefix="box-", ignore_cleanup_errors=True) as box:
        yield box


@functools.cache
def _readable(reads: tuple[str, ...]) -> dict[str, list[str]]:
    """Return what a program sees of the disk: folders, those hidden in them, libraries again, and where these lie."""
    base = {"base": sys.base_prefix, "platbase": sys.base_prefix}
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    hidden = {sysconfig.get_path(kind, vars=given) for kind in ("purelib", "platlib") for given in (base, None)}
    hidden |= {"/usr/lib/python3/dist-packages"}
    hidden |= {f"/usr/local/lib/{version}/{kind}-packages" for kind in ("site", "dist")}
    packages, sites = [], []
    for name in LIBRARIES:
        found = importlib.util.find_spec(name)
        if found and found.origin:
            place = Path(found.origin).parent if found.submodule_search_locations else Path(found.origin)
            packages += [str(path) for path in (place, place.with_name(f"{name}.libs")) if path.exists()]
            sites.append(str(place.parent))
    return {
        "reads": [*(f"{sys.base_prefix}/{part}" for part in ("bin", "lib", "lib64")), *reads],
        "hidden": sorted(hidden),
        "packages": packages,
        "path": list(dict.fromkeys(sites)),
    }


def _text(stream: BinaryIO) -> str:
    stream.seek(0)
    return stream.read(MOST_OUTPUT).decode(errors="replace")


def each(check: Callable[[str], bool], texts: Sequence[str]) -> list[bool]:
    """Return the check's verdict on every text, one program per core at a time and equal texts once."""
    different = list(dict.fromkeys(texts))
    with ThreadPoolExecutor(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None) as pool:
        verdicts = dict(zip(different, pool.map(check, different), strict=True))
    return [verdicts[text] for text in texts]
