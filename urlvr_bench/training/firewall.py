"""The label firewall: a group that a method sees through a guard, which lets nothing pass that was not declared."""

from typing import Any, cast

from urlvr_bench.errors import UsageError
from urlvr_bench.rollouts import SIGNALS, Group, Method


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
