"""The label firewall: a group that a method sees through a guard, which lets nothing pass that was not declared."""

import json
import math
from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeVar, cast

from urlvr_bench.errors import UsageError
from urlvr_bench.needs import SIGNALS, Signal
from urlvr_bench.rollouts import Extra, Group, Method, Query

Answer = TypeVar("Answer")
LONGEST = 100
"""Characters of a value in a message."""
LONGEST_NOTE = 1 << 14
"""Characters of what a method remembers of one group."""


class Guarded:
    """A group that refuses signals which the method does not declare, and remembers which it read."""

    def __init__(self, group: Group, method: Method) -> None:
        self._group, self._method = group, method
        self.read: set[str] = set()

    def __getattr__(self, name: str) -> Any:
        if name in SIGNALS:
            if name not in self._method.needs:
                declared = ", ".join(self._method.needs) or "nothing"
                raise UsageError(
                    f"{type(self._method).__name__} reads {name} but declares {declared}; add it to `needs`"
                )
            self.read.add(name)
        return getattr(self._group, name)

    def __len__(self) -> int:
        return len(self._group)


def guard(group: Group, method: Method) -> Group:
    """Return the group as the method may see it: reading what it did not declare is an error, never a None."""
    return cast(Group, Guarded(group, method))


class Turns(Protocol):
    """What takes a method's turns, for all groups of a batch at a time; UsageError says what a method did wrong."""

    @property
    def needs(self) -> tuple[Signal, ...]: ...
    @property
    def binary(self) -> bool: ...
    @property
    def advantages(self) -> bool: ...
    @property
    def scaled_over_batch(self) -> bool: ...
    def extras(self) -> list[Extra]: ...
    def queries(self, groups: Sequence[Group]) -> list[list[Query]]: ...
    @property
    def token_turns(self) -> tuple[str, ...]: ...
    @property
    def memory(self) -> int: ...
    def ask(self, groups: Sequence[Group]) -> list[list[str]]: ...
    def reward(self, groups: Sequence[Group]) -> list[list[float]]: ...
    def of_tokens(self, turn: str, groups: Sequence[Group]) -> list[list[list[float]]]: ...
    def notes(self, groups: Sequence[Group]) -> list[Any]: ...


class Here:
    """A method that takes its turns in this process; nothing but the guard is between it and the rest."""

    def __init__(self, method: Method, name: str) -> None:
        self.method, self.name = method, name
        self.needs, self.binary = tuple(method.needs), method.binary
        self.advantages, self.scaled_over_batch = method.advantages, method.scaled_over_batch
        self.token_turns, self.memory = method.token_turns(), method.memory()

    def extras(self) -> list[Extra]:
        """Return what the method asks to be sampled."""
        return self.method.extras()

    def queries(self, groups: Sequence[Group]) -> list[list[Query]]:
        """Return what the method asks to be scored, per group."""
        asked = self._each("queries", self.method.queries, groups)
        return [
            [checked_query(self.name, group, one.prefix, one.continuation, one.teacher_decay) for one in of_group]
            for group, of_group in zip(groups, asked, strict=True)
        ]

    def ask(self, groups: Sequence[Group]) -> list[list[str]]:
        """Return what the method asks the policy, per group."""
        return self._each("ask", self.method.ask, groups)

    def reward(self, groups: Sequence[Group]) -> list[list[float]]:
        """Return the rewards of each group."""
        paid = self._each("reward", self.method.reward, groups)
        return [checked(self.name, group, rewards) for group, rewards in zip(groups, paid, strict=True)]

    def of_tokens(self, turn: str, groups: Sequence[Group]) -> list[list[list[float]]]:
        """Return what a turn for single tokens says, per group, rollout and token."""
        said = self._each(turn, getattr(self.method, turn), groups)
        return [checked_tokens(self.name, group, turn, rows) for group, rows in zip(groups, said, strict=True)]

    def notes(self, groups: Sequence[Group]) -> list[Any]:
        """Return what to remember of each group."""
        noted = self._each("note", self.method.note, groups)
        return [checked_note(self.name, group, note) for group, note in zip(groups, noted, strict=True)]

    def _each(self, turn: str, take: Callable[[Group], Answer], groups: Sequence[Group]) -> list[Answer]:
        done = []
        for group in groups:
            try:
                done.append(take(guard(group, self.method)))
            except Exception as error:
                raise complaint(self.name, group, f"{turn} raised {type(error).__name__}: {error}") from error
        return done


def pay(method: Method, name: str, group: Group) -> list[float]:
    """Return the method's rewards; an exception, a wrong number or one not finite is an error, never a zero."""
    return Here(method, name).reward([group])[0]


def checked(name: str, group: Group, rewards: Sequence[Any]) -> list[float]:
    """Return one finite reward per rollout of a group; UsageError where they are anything else."""
    if len(rewards) != len(group):
        raise complaint(name, group, f"{len(rewards)} rewards for {len(group)} rollouts; return one per rollout")
    numbers = [number(reward) for reward in rewards]
    for rollout, found in enumerate(numbers):
        if found is None:
            raise complaint(name, group, f"rollout {rollout}: reward {shown(rewards[rollout])} is not a finite number")
    return [found for found in numbers if found is not None]


def checked_tokens(name: str, group: Group, turn: str, rows: Sequence[Any]) -> list[list[float]]:
    """Return finite numbers for the tokens of each rollout of a group; UsageError where they are anything else."""
    if len(rows) != len(group):
        raise complaint(name, group, f"{turn}: {len(rows)} rows for {len(group)} rollouts; return one per rollout")
    found = [[number(value) for value in row] for row in rows]
    for rollout, row in enumerate(found):
        if None in row:
            what = shown(rows[rollout][row.index(None)])
            raise complaint(name, group, f"rollout {rollout}: {turn} has {what}, which is not a finite number")
    return [[value for value in row if value is not None] for row in found]


def checked_note(name: str, group: Group, note: Any) -> Any:
    """Return a note as JSON gives it back; UsageError where it is no JSON or too long."""
    try:
        text = json.dumps(note, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise complaint(name, group, f"note {shown(note)} is no JSON: {error}") from error
    if len(text) > LONGEST_NOTE:
        raise complaint(name, group, f"its note has {len(text):,} characters of JSON; {LONGEST_NOTE:,} are the most")
    return json.loads(text)


def checked_query(name: str, group: Group, prefix: Any, continuation: Any, decay: Any) -> Query:
    """Return a query of a text or a rollout of its group, under the policy or a teacher; UsageError for all else."""
    if isinstance(continuation, int) and not 0 <= continuation < len(group):
        raise complaint(name, group, f"asks about rollout {continuation} of {len(group)}")
    if decay is not None and not (isinstance(decay, int | float) and 0 <= decay <= 1):
        raise complaint(name, group, f"asks a teacher of decay {shown(decay)}, which lies between 0 and 1")
    return Query(str(prefix), continuation if isinstance(continuation, int) else str(continuation), decay)


def number(reward: Any) -> float | None:
    """Return a number, a scalar of numpy or torch among them, as a float; None for all else and what is not finite."""
    reward = plain(reward)
    try:
        return float(reward) if isinstance(reward, int | float) and math.isfinite(reward) else None
    except OverflowError:  # a whole number beyond all floats
        return None


def plain(value: Any) -> Any:
    """Return a scalar of numpy or torch as Python's own number, all else as it is."""
    return value.item() if hasattr(value, "item") and getattr(value, "ndim", None) == 0 else value


def shown(value: Any) -> str:
    """Return what a value is, on one short line."""
    try:
        text = repr(plain(value))
    except ValueError:  # a whole number of too many digits
        text = f"of {value.bit_length():,} bits"
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."


def complaint(name: str, group: Group, what: str, line: int | None = None) -> UsageError:
    """Return the error of a method that did something wrong with a group, with the line of its file if known."""
    place = f" line {line}" if line else ""
    return UsageError(f"methods/{name}.py{place}, prompt {group.prompt[:80]!r}: {what}")
