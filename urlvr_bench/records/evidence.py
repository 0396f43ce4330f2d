"""What every rollout of a training answered and was paid, kept so small that each step's accuracies can be derived."""

import base64
import binascii
import zlib
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from typing import Annotated, NamedTuple

from pydantic import Field

from urlvr_bench.errors import UsageError
from urlvr_bench.records.measured import Frozen

LARGEST_GROUP = 254
"""Rollouts: each number of a rollout takes one byte."""
Packed = Annotated[str, Field(max_length=5_000_000, pattern=r"^[A-Za-z0-9+/]*={0,2}$")]
"""Bytes, compressed by zlib, in base64."""


class Rollout(NamedTuple):
    """What is kept of one rollout; the rollouts of a group stand in order, so that equal groups look equal."""

    answer: int
    """0 for none, else its class of equal answers, the most frequent of the group first."""
    paid: int
    """The reward where it is 0 or 1; otherwise its rank among the different rewards of the group, from 0."""
    right: int


class Evidence(Frozen):
    """One byte per rollout and column, in the order of steps, groups and rollouts; see `Rollout` for the columns."""

    answer: Packed
    paid: Packed
    right: Packed


def group(
    answers: Sequence[str | None], rewards: Sequence[float], correct: Sequence[bool], binary: bool
) -> list[Rollout]:
    """Return what is kept of a group; one entry of each argument per rollout."""
    votes = Counter(answer for answer in answers if answer is not None)
    classes = {answer: place for place, (answer, _) in enumerate(votes.most_common(), 1)}
    ranks = {reward: place for place, reward in enumerate(sorted(set(rewards)))}
    return sorted(
        Rollout(0 if answer is None else classes[answer], int(reward) if binary else ranks[reward], int(ok))
        for answer, reward, ok in zip(answers, rewards, correct, strict=True)
    )


def pack(rollouts: Sequence[Rollout]) -> list[str]:
    """Return the columns of some rollouts as texts."""
    return [_packed(bytes(column)) for column in zip(*rollouts, strict=True)]


def join(steps: Sequence[Sequence[str] | None], rows: int) -> Evidence | None:
    """Return the evidence of a training, given that of each step, of `rows` rollouts, as `pack` returned it.

    None where a step, of older code or of groups that are too large, kept nothing.
    """
    kept = [texts for texts in steps if texts is not None]
    if len(kept) < len(steps):
        return None
    columns = (b"".join(unpack(text, rows) for text in texts) for texts in zip(*kept, strict=True))
    return Evidence(**dict(zip(Evidence.model_fields, map(_packed, columns), strict=True)))


@lru_cache(maxsize=1)  # a check asks twice for those of one record
def rollouts(evidence: Evidence, steps: int, rows: int) -> list[list[Rollout]]:
    """Return the rollouts of each step; a UsageError says that the evidence is not of so many."""
    columns = [unpack(text, steps * rows) for _, text in evidence]
    flat = [Rollout(*entry) for entry in zip(*columns, strict=True)]
    return [flat[step * rows : (step + 1) * rows] for step in range(steps)]


def _packed(column: bytes) -> str:
    return base64.b64encode(zlib.compress(column, 9)).decode()


def unpack(text: str, size: int) -> bytes:
    """Return the `size` bytes that a text holds; nothing beyond them is unpacked."""
    try:
        inflate = zlib.decompressobj()
        found = inflate.decompress(base64.b64decode(text, validate=True), size + 1)
    except (binascii.Error, zlib.error) as error:
        raise UsageError(f"evidence that cannot be unpacked: {error}") from error
    if len(found) != size or not inflate.eof or inflate.unused_data:
        raise UsageError(f"evidence of other than {size} rollouts")
    return found
