"""Keep the generated part of docs/scaling.md true: the plan of the paper's protocol on 1, 8 and 64 GPUs."""

import re
import sys
from pathlib import Path

from urlvr_bench import protocol
from urlvr_bench.presentation import generated
from urlvr_bench.running import footprint

PATH = Path(__file__).resolve().parents[2] / "docs" / "scaling.md"
BLOCK = re.compile(r"(<!-- BEGIN plan -->\n).*?(<!-- END plan -->)", re.DOTALL)
GPUS = (1, 8, 64)


def block() -> str:
    """Return the table between the markers."""
    return f"{footprint.markdown(protocol.load('paper'), GPUS, footprint.Gpu())}\n"


def main(arguments: list[str]) -> int:
    """Rewrite docs/scaling.md, or with `--check` only say whether it is stale."""
    text = BLOCK.sub(lambda marks: marks[1] + block() + marks[2], PATH.read_text(encoding="utf-8"))
    return generated.keep({PATH: text}, arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
