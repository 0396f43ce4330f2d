"""How many rows of the published sets are asked, and why the rest are not."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field

from urlvr_bench.records.measured import Count, Frozen, Name

Reason = Annotated[str, Field(max_length=100, pattern=r"^[\p{L}\p{N} ,.'#-]+$")]
"""A few plain words, which tables repeat."""
Counts = Mapping[str, Any]
"""The values of a SplitCount."""


class SplitCount(Frozen):
    """How many rows a split was published with, and how many of them are not asked, by reason."""

    rows: Count
    left_out: dict[Reason, Count] = Field(max_length=20)


Sets = dict[Name, dict[Name, SplitCount]]
"""The counts of each split of each set, by the task that reads it."""


def told(split: Counts) -> str:
    """Return counts in words: `674 of 675 problems (1 set aside: an answer too long to compare)`."""
    rows, left_out = split["rows"], split["left_out"]
    why = "; ".join(f"{number:,} set aside: {reason}" for reason, number in left_out.items())
    return f"{rows - sum(left_out.values()):,} of {rows:,} problems" + (f" ({why})" if why else "")


def lines(sets: Mapping[str, Mapping[str, Counts]]) -> list[str]:
    """Return one line a set: `olympiadbench: test 674 of 675 problems (1 set aside: ...)`."""
    return [
        f"{name}: " + ", ".join(f"{split} {told(one)}" for split, one in splits.items())
        for name, splits in sets.items()
    ]
