"""Values that cross between a program and its judge: data of exact built-in types, in frames. Standard library only.

What arrives is built anew from bytes, so it has no method, class or comparison of the sender's.
"""

from __future__ import annotations

import os
import struct
from itertools import islice

TYPE_CHECKING = False  # typing, and collections.abc too, take longer to import than all the rest
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Keep = Callable[[object], int]
    """Gives an object that is no data a number, by which it can be named."""
    Known = Callable[[int], object]
    """Returns the object of a number."""

FAILED, BROKEN, TIMED_OUT = 1, 70, 124
"""What the exit codes of the judge say: a test fails, no program could be started, the time is over."""
MOST_BYTES = 1 << 22
"""Length of a frame."""
MOST_ITEMS = 100_000
"""Items that are taken from an iterator."""
COUNT = struct.Struct(">I")
NUMBER = struct.Struct(">d")
TYPES = (bool, bytes, complex, dict, float, frozenset, int, list, object, set, str, tuple, type(None))
"""Types that are values themselves: tests hand them over as arguments."""
CONTAINERS: dict[bytes, Any] = {b"l": list, b"t": tuple, b"e": set, b"z": frozenset, b"d": dict}


class NotDataError(Exception):
    """A value is no data, or bytes spell none."""


def no_object(value: object) -> int:
    """Refuse to name an object: only data may cross."""
    raise NotDataError(f"{type(value).__name__} is no data")


def no_name(number: int) -> object:
    """Refuse to look an object up."""
    raise LookupError("no objects are known")


def frame(value: object, keep: Keep) -> bytes:
    """Return a value as one frame; NotDataError if it is too large."""
    data = _encoded(value, keep)
    if len(data) > MOST_BYTES:
        raise NotDataError(f"a value of {len(data)} bytes, the most is {MOST_BYTES}")
    return COUNT.pack(len(data)) + data


def send(stream: int, value: object, keep: Keep) -> None:
    """Write a value as one frame."""
    rest = memoryview(frame(value, keep))
    while rest:
        rest = rest[os.write(stream, rest) :]


def receive(stream: int, known: Known) -> Any:
    """Read a value of one frame; EOFError at the end of the stream, NotDataError if the frame spells no value."""
    (length,) = COUNT.unpack(_read(stream, COUNT.size))
    if length > MOST_BYTES:
        raise NotDataError(f"a frame of {length} bytes, the most is {MOST_BYTES}")
    try:
        value, end = _decoded(_read(stream, length), 0, known)
    except (IndexError, LookupError, OverflowError, RecursionError, TypeError, ValueError, struct.error) as error:
        raise NotDataError(f"a frame that spells no value: {error}") from error
    if end != length:
        raise NotDataError("a frame that goes on after its value")
    return value


def _read(stream: int, length: int) -> bytes:
    """Read exactly so many bytes, and none beyond them."""
    data = bytearray()
    while len(data) < length:
        piece = os.read(stream, length - len(data))
        if not piece:
            raise EOFError("the stream ended")
        data += piece
    return bytes(data)


def _text(tag: bytes, data: bytes) -> bytes:
    return tag + COUNT.pack(len(data)) + data


def _encoded(value: Any, keep: Keep) -> bytes:
    """Return a value as bytes: subclasses as what they are a kind of, any other object as its number."""
    if value is None or value is True or value is False:
        return {None: b"N", True: b"T", False: b"F"}[value]
    if isinstance(value, int):
        number = int.__index__(value)
        return _text(b"i", number.to_bytes(number.bit_length() // 8 + 1, "big", signed=True))
    if isinstance(value, float):
        return b"f" + NUMBER.pack(value)
    if isinstance(value, complex):
        return b"c" + NUMBER.pack(value.real) + NUMBER.pack(value.imag)
    if isinstance(value, str):
        return _text(b"s", str.encode(value, "utf-8", "surrogatepass"))
    if isinstance(value, (bytes, bytearray)):
        return _text(b"b" if isinstance(value, bytes) else b"a", bytes(value))
    for tag, kind in CONTAINERS.items():
        if isinstance(value, kind):
            items = [*value] if kind is not dict else [part for pair in dict.items(value) for part in pair]
            return _items(tag, items, keep)
    if hasattr(type(value), "__next__"):
        items = list(islice(value, MOST_ITEMS + 1))
        if len(items) > MOST_ITEMS:
            raise NotDataError(f"an iterator of more than {MOST_ITEMS} items")
        return _items(b"I", items, keep)
    if type(value).__module__ == "numpy" and getattr(value, "shape", None) == ():
        return _encoded(value.item(), keep)
    if isinstance(value, type) and value in TYPES:
        return b"y" + COUNT.pack(TYPES.index(value))
    return b"o" + COUNT.pack(keep(value))


def _items(tag: bytes, items: list[Any], keep: Keep) -> bytes:
    return tag + COUNT.pack(len(items)) + b"".join(_encoded(item, keep) for item in items)


def _decoded(data: bytes, at: int, known: Known) -> tuple[object, int]:
    """Return the value whose bytes begin at `at`, and where they end."""
    tag, at = data[at : at + 1], at + 1
    if tag in (b"N", b"T", b"F"):
        return {b"N": None, b"T": True, b"F": False}[tag], at
    if tag in (b"f", b"c"):
        parts = [NUMBER.unpack_from(data, at + 8 * part)[0] for part in range(1 + (tag == b"c"))]
        return complex(*parts) if tag == b"c" else parts[0], at + 8 * len(parts)
    (count,), at = COUNT.unpack_from(data, at), at + COUNT.size
    if tag in (b"o", b"y"):
        return known(count) if tag == b"o" else TYPES[count], at
    if tag in (b"i", b"s", b"b", b"a"):
        piece, at = data[at : at + count], at + count
        if at > len(data):
            raise ValueError("it is cut off")
        return _plain(tag, piece), at
    items: list[object] = []
    for _ in range(count):
        item, at = _decoded(data, at, known)
        items.append(item)
    if tag == b"I":
        return iter(items), at
    if tag == b"d":
        return dict(zip(items[::2], items[1::2], strict=True)), at
    return CONTAINERS[tag](items), at


def _plain(tag: bytes, piece: bytes) -> object:
    if tag == b"i":
        return int.from_bytes(piece, "big", signed=True)
    if tag == b"s":
        return piece.decode("utf-8", "surrogatepass")
    return piece if tag == b"b" else bytearray(piece)
