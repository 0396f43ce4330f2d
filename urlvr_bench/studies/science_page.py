"""The page docs/science.md: the tables of this package over the committed records, each with its question.

`python -m urlvr_bench.reports.science_docs` writes it, `--check` fails where it is stale.
"""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from urlvr_bench.presentation import generated
from urlvr_bench.presentation.rendering import rendered
from urlvr_bench.records import record
from urlvr_bench.records.schema import Record
from urlvr_bench.reports.science_readings import READINGS
from urlvr_bench.science.claims import told
from urlvr_bench.science.kinds import KINDS

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "science.md"
HEAD = """# What the records say beyond the board

Written by `make docs` from the records in `results/`; do not edit. `urlvr-bench table RUNS --kind NAME` makes the same
tables of other runs."""


@dataclass(frozen=True)
class Part:
    """A section: a question, and which records its tables are made of; READINGS has the answer."""

    kind: str
    question: str
    protocols: tuple[str, ...]
    overrides: Mapping[str, str] = field(default_factory=dict)
    """Protocol settings that the runs must have changed, no others."""
    picture: str | None = None

    def records(self, known: Sequence[Record]) -> list[Record]:
        """Return the records that the section is about."""
        return [one for one in known if one.protocol.id in self.protocols and one.overrides == self.overrides]


PARTS = (
    Part("calm", "Does noise alone move a policy?", ("desk-press", "pocket", "pocket@2")),
    Part(
        "indicators",
        "Does the step of collapse foretell how far a model can be taught?",
        ("pocket-mcs", "pocket-probe", "pocket"),
    ),
    Part("sensitivity", "Does it matter where the line of collapse is drawn?", ("pocket-probe",)),
    Part("agreement", "Can a collapse be seen without labels?", ("pocket-probe", "pocket")),
    Part("failure", "How do policies fail?", ("pocket", "pocket-probe")),
    Part(
        "sharpening",
        "Does training end where the samples of step 0 say that it must?",
        ("pocket", "pocket-probe"),
        picture="figures/pocket_chain_addition_forecast.png",
    ),
    Part(
        "control",
        "Is a trained policy better than the vote of its untrained model at the same cost?",
        ("pocket",),
        {"problems": "32", "samples": "128", "baseline_samples": "512"},
    ),
)


def page(known: Sequence[Record]) -> str:
    """Return the page over some records."""
    sections = [HEAD]
    for part in PARTS:
        chosen = part.records(known)
        made = KINDS[part.kind](chosen)
        evidence = known if part.kind == "control" else chosen  # every variant of the protocol bears on that question
        sections.append(f"## {part.question}\n\n{told(READINGS[part.kind](evidence, made))}")
        sections += [f"![{part.question}]({part.picture})"] if part.picture else []
        sections += [rendered(each, "markdown") for each in made]
    return "\n\n".join(sections) + "\n"


def main(arguments: list[str]) -> int:
    """Write the page, or with `--check` return 1 if it is out of date."""
    return generated.keep({PAGE: page(record.read_all([ROOT / "results"]))}, arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
