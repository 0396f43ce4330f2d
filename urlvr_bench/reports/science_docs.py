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
from urlvr_bench.science.kinds import KINDS

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "science.md"
HEAD = """# What the records say beyond the board

Written by `make docs` from the records in `results/`; do not edit. `urlvr-bench table RUNS --kind NAME` makes the same
tables of other runs."""


@dataclass(frozen=True)
class Part:
    """A section: a question, how the tables answer it, and which records they are made of."""

    kind: str
    question: str
    reading: str
    protocols: tuple[str, ...]
    overrides: Mapping[str, str] = field(default_factory=dict)
    """Protocol settings that the runs must have changed, no others."""
    picture: str | None = None

    def records(self, known: Sequence[Record]) -> list[Record]:
        """Return the records that the section is about."""
        return [one for one in known if one.protocol.name in self.protocols and one.overrides == self.overrides]


PARTS = (
    Part(
        "indicators",
        "Does the step of collapse foretell how far a model can be taught?",
        "The steps order the priors as their accuracy does, and so does the share of the headroom that supervised "
        "training closes; the gain itself is largest for priors in the middle, which no indicator foretells here. In "
        "the paper, whose models leave headroom at every rung, the step orders the gains. The aggressive probe that "
        "stops at collapse is the cheaper one.",
        ("pocket-mcs", "pocket-probe", "pocket"),
    ),
    Part(
        "sensitivity",
        "Does it matter where the line of collapse is drawn?",
        "Not for the order of the priors as long as one curve is read; reward accuracy, which the paper reads without "
        "smoothing, reaches its line much later than label and train accuracy reach theirs.",
        ("pocket-probe",),
    ),
    Part(
        "agreement",
        "Can a collapse be seen without labels?",
        "Few different answers in a batch agree with the labelled collapse and raise no false alarm. A saturated vote "
        "and a low entropy also come with success, so they do not tell.",
        ("pocket-probe",),
    ),
    Part(
        "failure",
        "How do policies fail?",
        "Gradually: completions hardly change their length, and nothing repeats itself. CoVo and the disparity of "
        "probabilities leave fewer different answers than they found, self-certainty and token entropy more.",
        ("pocket",),
    ),
    Part(
        "sharpening",
        "Does training end where the samples of step 0 say that it must?",
        "On chain addition voting and its kin end at the accuracy of the untrained vote, within its interval, and "
        "rewards of token certainty and CoVo fall far below it. On Countdown none of them reaches it. The supervised "
        "reward ends well short of what its samples allow, but on the strongest prior.",
        ("pocket",),
        picture="figures/pocket_chain_addition_forecast.png",
    ),
    Part(
        "control",
        "Is a trained policy better than the vote of its untrained model at the same cost?",
        "No label-free method is: what training wins for single samples, the untrained vote gives as well.",
        ("pocket",),
        {"problems": "32", "samples": "128", "baseline_samples": "512"},
    ),
)


def page(known: Sequence[Record]) -> str:
    """Return the page over some records."""
    sections = [HEAD]
    for part in PARTS:
        sections.append(f"## {part.question}\n\n{part.reading}")
        sections += [f"![{part.question}]({part.picture})"] if part.picture else []
        sections += [rendered(each, "markdown") for each in KINDS[part.kind](part.records(known))]
    return "\n\n".join(sections) + "\n"


def main(arguments: list[str]) -> int:
    """Write the page, or with `--check` return 1 if it is out of date."""
    return generated.keep({PAGE: page(record.read_all([ROOT / "results"]))}, arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
