"""A few texts that a policy wrote before, at its best and at its end; they lie beside the record of its run."""

import json
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, ValidationError

from urlvr_bench.errors import UsageError, harmless, presentable
from urlvr_bench.records.measured import Count, Digest, Frozen, Name
from urlvr_bench.records.record import EXCERPTS, contents, short_hash, write_atomically
from urlvr_bench.settings import first_problem

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


class Excerpts(Frozen):
    """The texts of a run. They hold for the very bytes of its record."""

    schema_version: Literal[1] = 1
    record_sha256: Digest
    task: Name
    peak: Count
    """The step with the highest accuracy, picked with the test labels."""
    problems: Annotated[list[Problem], Field(max_length=50)]


def beside(path: Path) -> Path:
    """Return where the texts of a record's file lie."""
    return path.with_name(path.stem + EXCERPTS)


def write(found: Excerpts, path: Path) -> Path:
    """Write the texts of the record in `path`; return where they lie."""
    write_atomically(beside(path), json.dumps(found.model_dump(mode="json"), indent=1) + "\n")
    return beside(path)


def read(path: Path, record: bytes) -> Excerpts | None:
    """Return the texts beside the record in `path`, whose bytes are given; None where there are none.

    A UsageError says what is wrong with them, also that they belong to other bytes.
    """
    place = beside(path)
    if not (place.is_symlink() or place.exists()):
        return None
    try:
        found = Excerpts.model_validate_json(contents(place), strict=True)
    except ValidationError as error:
        raise UsageError(f"{place}: {first_problem(error)}") from error
    if found.record_sha256 != short_hash(record):
        raise UsageError(f"{place}: texts of another run than that of the record beside it")
    return found


def kept(text: str) -> tuple[str, int]:
    """Return the beginning of a text, without secrets and control characters, and how many characters are left out."""
    whole = presentable(text)
    return whole[:LONGEST], max(0, len(whole) - LONGEST)
