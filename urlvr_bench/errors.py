"""Errors that a user can mend: one line that says what was given, what is known and what to do."""

import difflib
from collections.abc import Iterable


class UsageError(ValueError):
    """Bad input; the command line prints its one line and exits with code 2."""


def unknown(kind: str, given: str, known: Iterable[str]) -> UsageError:
    """Return the error for a name that is not among `known`, suggesting the nearest."""
    known = list(known)
    near = difflib.get_close_matches(given, known, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    return UsageError(f"unknown {kind} {given!r}{hint} Known: {', '.join(known) or 'none'}.")
