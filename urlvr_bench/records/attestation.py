"""An attestation: who made the run of a record again, where, and what came of it; it lies beside the record."""

import json
from pathlib import Path
from typing import Annotated, Literal, get_args

from pydantic import Field, ValidationError

from urlvr_bench.errors import UsageError
from urlvr_bench.records.measured import Count, Digest, Frozen, Moment, Name, Short
from urlvr_bench.records.record import ATTESTATION, contents, short_hash, write_atomically
from urlvr_bench.settings import first_problem

Verdict = Literal["equal", "noise", "band", "contradicted", "open"]
"""equal: bit for bit. noise: the same rollouts, numbers that differ by rounding. band: other rollouts, and what one
more run of its cell may show. contradicted: something else. open: other rollouts, and too few seeds to judge by."""
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)
CONFIRMED: frozenset[Verdict] = frozenset({"equal", "noise", "band"})


class Attestation(Frozen):
    """What came of making a run again. It holds for the very bytes of its record."""

    schema_version: Literal[1] = 1
    record_sha256: Digest
    verdict: Verdict
    steps: Count
    """Training steps that were compared."""
    evaluations: Count
    """Evaluations that were compared."""
    first_difference: Count | None
    """The first step with any other number; None where there is none."""
    first_other_rollouts: Count | None
    """The first step at which a rollout differs."""
    causes: list[Short] = Field(max_length=50)
    """What is known to differ between the two runs."""
    by: Annotated[str, Field(min_length=1, max_length=100, pattern=r"^\P{C}*$")]
    where: Short
    """Processor or device, platform."""
    git_commit: Annotated[str, Field(pattern=r"^[0-9a-f]{40}$")] | None
    packages: dict[Name, Short] = Field(max_length=500)
    at: Moment

    @property
    def confirmed(self) -> bool:
        """Whether the second run bears the record out."""
        return self.verdict in CONFIRMED


def beside(path: Path) -> Path:
    """Return where the attestation of a record's file lies."""
    return path.with_name(path.stem + ATTESTATION)


def write(attestation: Attestation, path: Path) -> Path:
    """Write the attestation of the record in `path`; return where it lies."""
    write_atomically(beside(path), json.dumps(attestation.model_dump(mode="json"), indent=1) + "\n")
    return beside(path)


def read(path: Path, record: bytes) -> Attestation | None:
    """Return the attestation beside the record in `path`, whose bytes are given; None where there is none.

    A UsageError says what is wrong with it, also that it attests other bytes.
    """
    place = beside(path)
    if not (place.is_symlink() or place.exists()):
        return None
    try:
        found = Attestation.model_validate_json(contents(place), strict=True)
    except ValidationError as error:
        raise UsageError(f"{place}: {first_problem(error)}") from error
    if found.record_sha256 != short_hash(record):
        raise UsageError(f"{place}: attests other bytes than those of the record beside it")
    return found
