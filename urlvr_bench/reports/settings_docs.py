"""Keep docs/settings.md true: every setting of a protocol, as the command `list settings` has it."""

import sys
from pathlib import Path

from urlvr_bench import listing
from urlvr_bench.presentation import generated

PATH = Path(__file__).resolve().parents[2] / "docs" / "settings.md"
HEAD = """# Settings of a protocol

<!-- made by `make docs`; edit urlvr_bench/settings.py -->

A protocol sets everything of a comparison but the method. `run`, `probe` and `plan` take `--set KEY=VALUE`, repeatedly,
with a value as YAML writes it: `--set steps=50 --set 'k=[1,4]' --set ood=[math500]`. The key may be said without its
section where only one section has it; `temperature` is in both: `training.temperature`, `evaluation.temperature`.
A run with any `--set` is a custom one: its folder carries a hash, and it has no place on the board. The plan says what
was changed. `urlvr-bench list settings` prints this page, `urlvr-bench list protocols` the protocols.

Where the default is the protocol's, each protocol sets its own value.
"""


def page() -> str:
    """Return the page."""
    found, parts = listing.rows("settings"), [HEAD]
    for section, title in (("training", "Training"), ("evaluation", "Evaluation")):
        parts.append(f"\n## {title}\n\n| key | meaning | unit | default | values |\n|---|---|---|---|---|\n")
        for row in found:
            if row["setting"].startswith(section):
                cells = (f"`{row['setting']}`", row["meaning"], row["unit"], row["default"], row["values"])
                parts.append(f"| {' | '.join(cells)} |\n")
    return "".join(parts)


def main(arguments: list[str]) -> int:
    """Rewrite docs/settings.md, or with `--check` only say whether it is stale."""
    return generated.keep({PATH: page()}, arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
