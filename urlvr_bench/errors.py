"""Errors that a user can mend: one line that says what was given, what is known and what to do."""

import difflib
import os
import re
from collections.abc import Iterable, Sequence

MOST_HINTS = 3


class UsageError(ValueError):
    """Bad input; the command line prints its one line and exits with code 2."""


def unknown(kind: str, given: str, known: Iterable[str], other: Iterable[str] = ()) -> UsageError:
    """Return the error for a name that is not among `known`, suggesting the nearest, also of `other` names for them."""
    known = list(known)
    near = " or ".join(map(repr, nearest(given, [*known, *other])))
    hint = f"; did you mean {near}?" if near else "."
    return UsageError(f"unknown {kind} {given!r}{hint} Known: {', '.join(known) or 'none'}.")


def nearest(given: str, known: Sequence[str]) -> list[str]:
    """Return what a name may have been meant for: by how names begin, by a word in them, else by spelling."""
    start = given.lower()
    begin = [name for name in known if name.lower().startswith(start)] if start else []
    words = [name for name in known if start in re.split(r"[^a-z0-9]+", name.lower())]
    close = difflib.get_close_matches(given, known, n=MOST_HINTS)
    swapped = [name for name in close if sorted(name) == sorted(given)]  # letters that changed places: the usual slip
    return (begin or words)[:MOST_HINTS] or (swapped or close)[:1]


SECRET_NAME = re.compile(r"(^|_)(TOKEN|SECRET|PASSWORD|PASSWD|KEY|CREDENTIALS?)(_|$)", re.IGNORECASE)
SHORTEST_SECRET = 8
HUB_TOKEN = re.compile(r"\bhf_(?:[A-Za-z0-9]{30,}|(?:jwt|oauth)_[\w.-]{20,})")
"""What access tokens of the Hugging Face Hub look like."""


def presentable(text: str) -> str:
    """Return text that may be shown and stored: secrets starred, control characters replaced, lines kept."""
    return harmless(redacted(text))


def redacted(text: str) -> str:
    """Return text without the values of variables that are named like secrets, and without tokens of the Hub."""
    values = {value for name, value in os.environ.items() if SECRET_NAME.search(name) and len(value) >= SHORTEST_SECRET}
    for value in sorted(values, key=len, reverse=True):
        text = text.replace(value, "***")
    return HUB_TOKEN.sub("***", text)


def harmless(text: str) -> str:
    """Return text in which what cannot be printed (escapes, null bytes, lone surrogates) is replaced."""
    return "".join(
        letter if letter.isprintable() or letter in "\n\t" else "\N{REPLACEMENT CHARACTER}" for letter in text
    )
