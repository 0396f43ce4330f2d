"""Hypothesis strategies that damage a record's JSON: what a stranger, a crash or an attacker may send."""

import copy
import json
from typing import Any

from hypothesis import strategies as st

TEXTS = (
    "<script>alert(1)</script>",
    "../../etc/passwd",
    "..",
    "/etc/passwd",
    "C:\\Users\\me",
    "a\nb",
    "\x00",
    "\x1b[31mred",
    "=1+1",
    "| a | b |",
    "\u202egnp.exe",
    "\ud800",
    "",
    " ",
    "x" * 100_000,
    "${HOME}",
    "'; DROP TABLE records; --",
)
HUGE = "(a number of 4000 digits)"
"""Stands for the longest kind of integer that a JSON reader takes."""
NUMBERS = (float("nan"), float("inf"), -float("inf"), -1, -0.5, 0, 0.5, 1, 2, 1e300, 2**53, 2**63, 10**30, HUGE)
OTHERS = (None, True, False, [], {}, [[]], [None], {"a": 1}, ["1"], "1", "0.5", [[1, 2, 3]], [[[3, True]]])
VALUES = st.one_of(st.sampled_from(TEXTS), st.sampled_from(NUMBERS), st.sampled_from(OTHERS), st.text(max_size=20))


def places(values: Any, here: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Return the path of every value in a JSON document, a list's first, middle and last entries only."""
    found = [here] if here else []
    if isinstance(values, dict):
        for key, value in values.items():
            found += places(value, (*here, key))
    elif isinstance(values, list):
        for i in sorted({0, len(values) // 2, len(values) - 1} & set(range(len(values)))):
            found += places(values[i], (*here, i))
    return found


@st.composite
def damaged(draw: st.DrawFn, text: str) -> bytes:
    """Return a record's JSON with up to three values changed, removed, doubled or swapped, or with bytes cut off."""
    values = json.loads(text)
    for _ in range(draw(st.integers(1, 3))):
        place = draw(st.sampled_from(places(values)))
        _damage(draw, values, place)
    raw = written(values, ensure_ascii=draw(st.booleans()))
    if draw(st.integers(0, 9)) == 0:
        raw = raw[: draw(st.integers(0, len(raw)))]
    return raw


def written(values: Any, ensure_ascii: bool = False) -> bytes:
    """Return values as JSON, with NaN, lone surrogates and huge integers if they hold any."""
    text = json.dumps(values, ensure_ascii=ensure_ascii).replace(f'"{HUGE}"', "9" * 4000)
    return text.encode("utf-8", "surrogatepass")


def _damage(draw: st.DrawFn, values: Any, place: tuple[str | int, ...]) -> None:
    *way, last = place
    for key in way:
        values = values[key]
    how = draw(st.sampled_from(["replace", "replace", "replace", "remove", "double", "swap", "rename"]))
    if how == "replace":
        values[last] = copy.deepcopy(draw(VALUES))
    elif how == "remove":
        del values[last]
    elif how == "double" and isinstance(values, list):
        values.insert(int(last), copy.deepcopy(values[int(last)]))
    elif how == "swap":
        other = draw(st.sampled_from(list(values) if isinstance(values, dict) else range(len(values))))
        values[last], values[other] = values[other], values[last]
    elif isinstance(values, dict):
        values[draw(st.sampled_from(TEXTS))] = values.pop(last)
