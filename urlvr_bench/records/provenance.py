"""Where a run's numbers come from: code, packages and machine, without host names, paths or tokens."""

import platform
import subprocess
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

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
    found = {}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def git() -> tuple[str | None, bool | None]:
    """Return the commit of the checkout this package runs from and whether it was changed; None outside of one."""
    root = Path(__file__).resolve().parents[2]
    if not (root / ".git").exists():
        return None, None
    try:
        commit = _git(root, "rev-parse", "HEAD").strip()
        changed = _git(root, "status", "--porcelain", "--untracked-files=no", "--", "urlvr_bench", "methods", "tasks")
    except (OSError, subprocess.CalledProcessError):
        return None, None
    return commit, bool(changed.strip())


def _git(root: Path, *args: str) -> str:
    command = ["git", "-C", str(root), *args]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout  # noqa: S603


def machine() -> dict[str, str]:
    """Return the Python version and the kind of operating system and processor."""
    return {"python": platform.python_version(), "platform": f"{platform.system()} {platform.machine()}"}
