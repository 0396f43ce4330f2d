"""Where a run's numbers come from: code, packages and machine, without host names, paths or tokens."""

import contextlib
import platform
import subprocess
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

PACKAGES = (
    "urlvr-bench",
    "torch",
    "transformers",
    "trl",
    "accelerate",
    "lm-eval",
    "datasets",
    "numpy",
    "math-verify",
    "vllm",
    "peft",
)


def now() -> str:
    """Return the current time in ISO 8601, UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def packages() -> dict[str, str]:
    """Return the installed versions of the packages that decide a result."""
    found: dict[str, str] = {}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


CODE = ("urlvr_bench", "methods", "tasks")


def git(since: str | None = None) -> tuple[str | None, bool | None]:
    """Return the commit of the checkout this package runs from and whether its code was changed; None outside of one.

    Of a run that began at the commit `since`, return that one, and whether the code is another by now.
    """
    root = Path(__file__).resolve().parents[2]
    if not (root / ".git").exists():
        return None, None
    try:
        commit = since or _git(root, "rev-parse", "HEAD").strip()
        changed = _git(root, "diff", "--name-only", commit, "--", *CODE)
    except (OSError, subprocess.CalledProcessError):
        return None, None
    return commit, bool(changed.strip())


def beginning() -> dict[str, Any]:
    """Return when a run begins, and by which code."""
    commit, dirty = git()
    return {"at": now(), "commit": commit, "dirty": dirty}


def _git(root: Path, *args: str) -> str:
    command = ["git", "-C", str(root), *args]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout  # noqa: S603


def processor() -> str:
    """Return the processor and which of torch's kernels it gets: both decide how sums of floats are rounded."""
    import torch  # by those who have loaded it anyway

    found: dict[str, str] = {}
    with contextlib.suppress(OSError):  # another system than Linux
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            name, _, value = line.partition(":")
            found.setdefault(name.strip(), value.strip())
    kind = " ".join(f"{name} {found[name]}" for name in ("cpu family", "model") if name in found)
    parts = (found.get("model name", platform.processor() or platform.machine()), kind)
    return ", ".join([*filter(None, parts), torch.backends.cpu.get_cpu_capability()])


def machine() -> dict[str, str]:
    """Return the Python version and the kind of operating system and processor."""
    return {"python": platform.python_version(), "platform": f"{platform.system()} {platform.machine()}"}
