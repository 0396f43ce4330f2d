"""Keep the generated part of README.md true: the tables between the markers come from the records in results/."""

import re
import sys
from pathlib import Path

from urlvr_bench.presentation import generated
from urlvr_bench.presentation.rendering import rendered
from urlvr_bench.records import record
from urlvr_bench.records.schema import Record
from urlvr_bench.reports import tables
from urlvr_bench.statistics.collapse import DEFINITIONS

ROOT = Path(__file__).resolve().parents[2]
BLOCK = re.compile(r"(<!-- BEGIN results -->\n).*?(<!-- END results -->)", re.DOTALL)
TRAIN_COLLAPSE = next(definition for definition in DEFINITIONS if definition.column == "train_accuracy")
PROTOCOLS = {"pocket": ("collapse", "method"), "pocket-probe": ("probe", "model")}
"""For each protocol shown, the kind of table and the column that its rows are about."""


def block(records: list[Record]) -> str:
    """Return the tables of the README: every method under the gentle protocol, the vote on every prior."""
    parts = []
    for protocol, (kind, first) in PROTOCOLS.items():
        chosen = [found for found in records if found.protocol_id == protocol and _own(found)]
        columns = (first, "seeds", "base", "peak (oracle-picked)", "peak step", "final", TRAIN_COLLAPSE.name)
        parts += [rendered(each, "markdown", columns) for each in tables.tables(chosen, kind)]
    return "\n\n".join(parts) + "\n"


def _own(found: Record) -> bool:
    """Return whether a record is of its protocol's own task and, but for the ladder of the probe, model."""
    named = found.protocol
    return found.task.name == named.task and (named.name == "pocket-probe" or found.model.name == named.model)


def main(arguments: list[str]) -> int:
    """Rewrite README.md, or with `--check` only say whether it is stale."""
    path = ROOT / "README.md"
    made = block(record.read_all([ROOT / "results"]))
    text = BLOCK.sub(lambda marks: marks[1] + made + marks[2], path.read_text(encoding="utf-8"))
    return generated.keep({path: text}, arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
