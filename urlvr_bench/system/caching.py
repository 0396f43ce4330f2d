"""Keep what takes seconds to work out, under a hash of all that it follows from; what has changed is made anew."""

import contextlib
import hashlib
import json
import os
import platform
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from urlvr_bench.errors import UsageError
from urlvr_bench.system.files import write_atomically

MOST = 100
"""Results that are kept; of more, the oldest go."""
PACKAGES = ("numpy", "pandas", "scipy", "tabulate")
"""Libraries on which a number or its form may depend."""
ROOTS = (Path(__file__).parents[1], Path(__file__).parents[2] / "methods", Path(__file__).parents[2] / "tasks")
"""Where our code lies; in a wheel the last two are in the first."""


def folder() -> Path:
    """Return where we keep for the user what can be made again: URLVR_CACHE, or where programs keep such things."""
    if own := os.environ.get("URLVR_CACHE"):
        return Path(own)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "urlvr-bench"


def cached(given: Iterable[str | bytes], make: Callable[[], Any]) -> Any:
    """Return what `make` returned when it was last called with what was `given` by the code of today, else call it.

    The value must be plain JSON. One that is damaged, or that cannot be kept, is made again.
    """
    name = _hash([*code(), *given])
    path = folder() / "made" / f"{name}.json"
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        found = json.loads(path.read_bytes())
        if (found["of"], found["sha256"]) == (name, _hash([_dumps(found["values"])])):
            return found["values"]
    values = make()
    with contextlib.suppress(OSError, UsageError):
        write_atomically(path, _dumps({"of": name, "sha256": _hash([_dumps(values)]), "values": values}))
        _thin_out(path.parent)
    return values


@cache
def code() -> tuple[bytes, ...]:
    """Return what our code and the libraries under it are."""
    ours = sorted(path for root in ROOTS for form in ("*.py", "*.yaml") for path in root.rglob(form))
    return *(path.read_bytes() for path in ours), *map(_version, PACKAGES), platform.python_version().encode()


def _version(package: str) -> bytes:
    with contextlib.suppress(PackageNotFoundError):
        return version(package).encode()
    return b""


def _thin_out(kept: Path) -> None:
    """Delete the oldest files beyond MOST; another process may be at it too."""
    found = sorted(kept.glob("*.json"), key=lambda path: path.stat().st_mtime)
    for old in found[: max(0, len(found) - MOST)]:
        old.unlink(missing_ok=True)


def _hash(parts: Sequence[str | bytes]) -> str:
    """Return a SHA-256 in which no part runs into the next."""
    digest = hashlib.sha256()
    for part in parts:
        text = part.encode() if isinstance(part, str) else part
        digest.update(len(text).to_bytes(8, "big") + text)
    return digest.hexdigest()


def _dumps(values: Any) -> str:
    return json.dumps(values, allow_nan=False, separators=(",", ":"))
