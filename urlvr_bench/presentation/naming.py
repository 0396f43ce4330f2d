"""What is compared, in words that need no hash: models with their size, tasks, protocols, seeds."""

from collections.abc import Iterable, Sequence

from urlvr_bench.records.schema import Record


def setting(records: Sequence[Record], model: bool = True) -> str:
    """Return what some runs of one cell have in common, in one line."""
    first = records[0]
    changed = " with changed settings" if first.overrides else ""
    who = f"{first.model.name} ({size(first.model.parameters)} parameters) trained" if model else "Trained"
    return (
        f"{who} on {words(first.task.name)}, protocol {first.protocol.id}{changed}: "
        f"{max(record.last_step for record in records)} steps"
    )


def size(parameters: int) -> str:
    """Return a number of parameters as it is spoken: 85,056, 135M, 1.7B."""
    for unit, letter in ((10**9, "B"), (10**6, "M")):
        if parameters >= unit:
            return f"{parameters / unit:.3g}{letter}"
    return f"{parameters:,}"


def words(name: str) -> str:
    """Return the name of a task as words."""
    return name.replace("_", " ")


def seeds(groups: Iterable[Sequence[Record]]) -> str:
    """Return how many seeds some groups of runs have, such as `3 seeds` or `3 to 5 seeds`."""
    counts = sorted({len(group) for group in groups})
    if counts == [1]:
        return "1 seed"
    return f"{counts[0]} seeds" if len(counts) == 1 else f"{counts[0]} to {counts[-1]} seeds"
