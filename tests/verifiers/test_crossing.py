"""Data crosses unchanged, and no bytes make anything but data."""

import os
import struct
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from urlvr_bench.verifiers import crossing

KEYS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.complex_numbers() | st.text() | st.binary(),
    lambda inner: st.lists(inner, max_size=3).map(tuple) | st.frozensets(inner, max_size=3),
    max_leaves=5,
)
VALUES = st.recursive(
    KEYS | st.binary().map(bytearray) | st.text(st.characters(codec=None)),
    lambda inner: st.lists(inner) | st.lists(inner).map(tuple) | st.sets(KEYS) | st.dictionaries(KEYS, inner),
    max_leaves=20,
)


def crossed(data: bytes) -> object:
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb", buffering=0), os.fdopen(writing, "wb", buffering=0):
        os.write(writing, data)
        return crossing.receive(reading, crossing.no_name)


def spelled(value: object) -> object:
    """Return a value with its types, the items of sets in one order."""
    if isinstance(value, (list, tuple)):
        return type(value), [spelled(item) for item in value]
    if isinstance(value, dict):
        return dict, [(spelled(key), spelled(item)) for key, item in value.items()]
    if isinstance(value, (set, frozenset)):
        return type(value), sorted(repr(spelled(item)) for item in value)
    return type(value), repr(value)


@given(VALUES)
def test_data_crosses_unchanged(value: object) -> None:
    assert spelled(crossed(crossing.frame(value, crossing.no_object))) == spelled(value)


@given(st.binary(max_size=200))
def test_no_bytes_make_anything_but_data(data: bytes) -> None:
    with suppress(crossing.NotDataError):
        crossed(struct.pack(">I", len(data)) + data)


@pytest.mark.parametrize("value", [object(), len, NotImplemented, type("T", (), {}), crossing])
def test_objects_do_not_cross(value: object) -> None:
    with pytest.raises(crossing.NotDataError, match="is no data"):
        crossing.frame([value], crossing.no_object)


def test_too_much_does_not_cross() -> None:
    with pytest.raises(crossing.NotDataError, match="the most is"):
        crossing.frame("x" * crossing.MOST_BYTES, crossing.no_object)
    with pytest.raises(crossing.NotDataError, match="an iterator of more than"):
        crossing.frame(iter(int, 1), crossing.no_object)
    with pytest.raises(crossing.NotDataError, match="the most is"):
        crossed(struct.pack(">I", crossing.MOST_BYTES + 1))
    with pytest.raises(EOFError):
        crossing.receive(os.open(os.devnull, os.O_RDONLY), crossing.no_name)
