"""A few texts that a policy wrote before, at its best and at its end; they lie beside the record of its run."""

from typing import Annotated

from pydantic import AfterValidator, Field

from urlvr_bench.errors import harmless, presentable
from urlvr_bench.records.beside import Beside
from urlvr_bench.records.measured import Count, Frozen, Name
from urlvr_bench.records.record import EXCERPTS

LONGEST = 1000
"""Characters of a text that are kept."""
PROBLEMS, SAMPLES = 4, 2
"""Problems, always the first of the test set so that nobody picks them, and samples of each."""
Kept = Annotated[str, Field(max_length=LONGEST), AfterValidator(harmless)]
"""Whoever wrote the file, what cannot be printed is replaced as it is read."""


class Text(Frozen):
    """One sample as it was judged; `cut` characters of it are left out."""

    text: Kept
    answer: Kept | None
    correct: bool
    tokens: Count
    cut: Count = 0


class Said(Frozen):
    """What was written to a problem at one step."""

    step: Count
    samples: Annotated[list[Text], Field(max_length=16)]


class Problem(Frozen):
    """A problem and what the policy wrote to it, step by step."""

    id: Kept
    prompt: Kept
    said: Annotated[list[Said], Field(max_length=16)]


class Excerpts(Beside):
    """The texts of a run."""

    ending = EXCERPTS
    strays = "texts of another run than that of the record beside it"

    task: Name
    peak: Count
    """The step with the highest accuracy, picked with the test labels."""
    problems: Annotated[list[Problem], Field(max_length=50)]


def kept(text: str) -> tuple[str, int]:
    """Return the beginning of a text, without secrets and control characters, and how many characters are left out."""
    whole = presentable(text)
    return whole[:LONGEST], max(0, len(whole) - LONGEST)
