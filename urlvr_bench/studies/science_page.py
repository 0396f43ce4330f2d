"""The page docs/science.md: five questions, each answered from the committed records, with a figure; then the tables.

`python -m urlvr_bench.studies.science_page` writes it, `--check` fails where it is stale.
"""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from urlvr_bench.presentation import generated
from urlvr_bench.presentation.rendering import Table, rendered
from urlvr_bench.records import record
from urlvr_bench.records.schema import Record
from urlvr_bench.reports import stopping_told
from urlvr_bench.reports.ends_readings import PUSHED
from urlvr_bench.reports.readme import VOTE
from urlvr_bench.reports.science_readings import READINGS
from urlvr_bench.science.claims import told
from urlvr_bench.science.kinds import KINDS
from urlvr_bench.studies import definition
from urlvr_bench.studies.readings import reading

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "science.md"
HEAD = """# How far, when, and how to know: what the records say

Written by `make docs` from the records in `results/`; do not edit. Every picture but that of the stopping rules is
of the pocket lab; [docs/desk.md](desk.md) has the real language model. The tables behind the sentences stand below the
five answers; `urlvr-bench table RUNS --kind NAME` makes the same tables of other runs."""


@dataclass(frozen=True)
class Part:
    """Tables of one kind: which records they are made of; READINGS has what they say."""

    kind: str
    about: str
    protocols: tuple[str, ...]
    overrides: Mapping[str, str] = field(default_factory=dict)
    """Protocol settings that the runs must have changed, no others."""

    def records(self, known: Sequence[Record]) -> list[Record]:
        """Return the records that the tables are made of: of the probe the votes, but where noise is asked about."""
        asked = [one for one in known if one.protocol.id in self.protocols and one.overrides == self.overrides]
        return [one for one in asked if self.kind == "calm" or one.protocol.id != PUSHED or one.method.id == VOTE]


@dataclass(frozen=True)
class Question:
    """A question and what bears on it: studies, whose readings answer it, tables, and a figure."""

    text: str
    studies: tuple[str, ...]
    kinds: tuple[str, ...]
    picture: str
    """Below docs/."""
    stopping: bool = False
    """Whether docs/stopping.md has the advice."""


QUESTIONS = (
    Question(
        "Does a label-free reward raise accuracy, and what does a fall mean?",
        ("rise-then-fall",),
        ("calm", "failure"),
        "figures/pocket@2_pocket-6_chain_addition_dual.png",
    ),
    Question(
        "Does training end where the samples of step 0 say that it must?",
        ("alignment", "wrong-problems"),
        ("sharpening",),
        "studies/alignment.png",
    ),
    Question(
        "Does the step of collapse foretell how far a model can be taught?",
        ("kinds",),
        ("indicators", "sensitivity"),
        "studies/kinds.png",
    ),
    Question(
        "Can a fall be seen, and training be stopped, without labels?",
        (),
        ("agreement",),
        "figures/stopping.png",
        stopping=True,
    ),
    Question(
        "Does anything escape the vote of the untrained model?",
        ("verifier-quality",),
        ("control",),
        "studies/verifier-quality.png",
    ),
)
PARTS = (
    Part(
        "calm",
        "Does noise alone move a policy?",
        ("desk-press", "desk@1", "desk@2", "pocket@1", "pocket@2", PUSHED),
    ),
    Part("failure", "How do policies fail?", ("pocket@1", PUSHED)),
    Part("sharpening", "Where does training end?", ("pocket@2", "pocket@1", PUSHED)),
    Part("indicators", "What orders six checkpoints of one pre-training?", ("pocket-mcs", PUSHED, "pocket@1")),
    Part("sensitivity", "Does it matter where the line of collapse is drawn?", (PUSHED,)),
    Part("agreement", "Can a collapse be seen without labels?", (PUSHED, "pocket@1")),
    Part(
        "control",
        "Is a trained policy better than the untrained vote at the same cost?",
        ("pocket@1",),
        {"problems": "32", "samples": "128", "baseline_samples": "512"},
    ),
)
VARIANTS = ("calm", "control")
"""Questions on which the runs with changed settings bear as well."""


def page(known: Sequence[Record]) -> str:
    """Return the page over some records."""
    made = {part.kind: KINDS[part.kind](part.records(known)) for part in PARTS}
    answers = [_answer(question, known, made) for question in QUESTIONS]
    tables = [
        "\n\n".join([f"## Tables: {part.about.lower()}", *(rendered(each, "markdown") for each in made[part.kind])])
        for part in PARTS
    ]
    return "\n\n".join([HEAD, *answers, *tables]) + "\n"


def _answer(question: Question, known: Sequence[Record], made: Mapping[str, Sequence[Table]]) -> str:
    """Return a question with its figure and all sentences that bear on it."""
    lines = [f"## {question.text}", f"![{question.text}]({question.picture})"]
    for study in map(definition.load, question.studies):
        if answered := study.answered(known):
            lines.append(f"**[{study.title}](studies/{study.name}.md).** {reading(study, answered)}")
    if question.stopping:
        lines += [stopping_told.advice(known), "[docs/stopping.md](stopping.md) compares the rules."]
    for part in PARTS:
        if part.kind in question.kinds:
            evidence = known if part.kind in VARIANTS else part.records(known)
            lines.append(f"**{part.about}** {told(READINGS[part.kind](evidence, made[part.kind]))}")
    return "\n\n".join(lines)


def main(arguments: list[str]) -> int:
    """Write the page, or with `--check` return 1 if it is out of date."""
    return generated.keep({PAGE: page(record.read_all([ROOT / "results"]))}, arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
