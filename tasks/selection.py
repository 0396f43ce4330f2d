"""Which rows of a split are asked, in which order, and how many are set aside for which reason."""

import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from urlvr_bench.errors import UsageError
from urlvr_bench.tasks.forms import Given, Row, SetAsideError

SEED = 0
"""Of the order of test problems; another one would be another version of every task."""


@dataclass(frozen=True)
class Selection:
    """The problems of a split, and what became of its other rows."""

    docs: list[Row]
    counts: dict[str, Any]
    """The `rows` of the split as it is published, and how many of them are `left_out`, by reason."""


def select(
    where: str,
    given: Sequence[Given],
    read: Callable[[str, Given], Row],
    stratum: str | None = None,
    elsewhere: Callable[[Row], bool] = lambda _: False,
) -> Selection:
    """Return the problems of published rows, no text twice and none that is `elsewhere`, in the order of the rows.

    With the name of a column as `stratum`, they come in the order of `in_turn`; "" stands for a single stratum.
    UsageError where no row can be asked.
    """
    found: dict[str, tuple[Row, str]] = {}
    left_out: Counter[str] = Counter()
    for i, one in enumerate(given):
        try:
            row = read(f"{where} row {i}", one)
            if (earlier := found.get(row["public"])) is not None:
                same = earlier[0]["gold"] == row["gold"]
                raise SetAsideError(f"an earlier row's text{' and' if same else ', another'} answer")
            if elsewhere(row):
                raise SetAsideError("its text in the test split too")
            found[row["public"]] = row, str(one.get(stratum, "") if stratum else "")
        except SetAsideError as reason:
            left_out[str(reason)] += 1
    if not found:
        first = f"row 0 has {next(iter(left_out))}" if left_out else "has no rows"
        raise UsageError(f"{where} {first}; none of its {len(given)} rows can be asked")
    docs = [row for row, _ in found.values()]
    counts = {"rows": len(given), "left_out": dict(left_out)}
    return Selection(docs if stratum is None else in_turn([*found.values()]), counts)


def in_turn(rows: Sequence[tuple[Row, str]]) -> list[Row]:
    """Return problems, given with their strata, so that each beginning holds every stratum's share, to within one.

    Of m problems of a stratum, shuffled by a hash of their ids, the k-th (from 0) stands at (k + 1/2) / m of the whole.
    """
    strata: dict[str, list[Row]] = {}
    for row, stratum in rows:
        strata.setdefault(stratum, []).append(row)
    placed: list[tuple[float, bytes, Row]] = []
    for members in strata.values():
        members.sort(key=_rank)
        placed += [((2 * k + 1) / (2 * len(members)), _rank(row), row) for k, row in enumerate(members)]
    return [row for *_, row in sorted(placed, key=lambda entry: entry[:2])]


def _rank(row: Row) -> bytes:
    return hashlib.sha256(f"{SEED}:{row['id']}".encode()).digest()
