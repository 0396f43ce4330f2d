"""An attestation: who made the run of a record again, where, and what came of it; it lies beside the record."""

from typing import Annotated, Literal, get_args

from pydantic import Field

from urlvr_bench.records.beside import Beside
from urlvr_bench.records.measured import Count, Moment, Name, Short
from urlvr_bench.records.record import ATTESTATION

Verdict = Literal["equal", "noise", "band", "contradicted", "open"]
"""equal: bit for bit. noise: the same rollouts, numbers that differ by rounding. band: other rollouts, and what one
more run of its cell may show. contradicted: something else. open: other rollouts, and too few seeds to judge by."""
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)
CONFIRMED: frozenset[Verdict] = frozenset({"equal", "noise", "band"})


class Attestation(Beside):
    """What came of making a run again."""

    ending = ATTESTATION
    strays = "attests other bytes than those of the record beside it"

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
