"""Count the problems of the published sets that runs read: for plans and evaluations before, for records after."""

from collections.abc import Iterable

from urlvr_bench import tasks
from urlvr_bench.errors import UsageError
from urlvr_bench.local_data import local_copies
from urlvr_bench.protocol import Run
from urlvr_bench.records.sets import Counts
from urlvr_bench.task_config import AT


def published(runs: Iterable[Run]) -> dict[str, list[str]]:
    """Return the splits of published sets that runs train and judge on, by task."""
    found: dict[str, dict[str, None]] = {}
    for run in runs:
        read = [(run.task, split) for split in (run.protocol.training.split, "test")]
        judges = filter(None, (run.protocol.evaluation.task, *run.protocol.evaluation.ood))
        for name, split in [*read, *((name, "test") for name in judges)]:
            task = tasks.load(name)
            if task.revisions and split in task.splits:
                found.setdefault(name, {})[split] = None
    return {name: list(splits) for name, splits in found.items()}


def count(names: dict[str, list[str]]) -> dict[str, dict[str, Counts]]:
    """Read splits of sets and count them."""
    return {
        name: {split: tasks.load(name).selection(split).counts for split in splits} for name, splits in names.items()
    }


def at_hand(names: dict[str, list[str]]) -> dict[str, dict[str, Counts]]:
    """Count those sets that a local copy was named for; a plan downloads nothing."""
    copied = {name.partition(AT)[0] for name in names} & set(local_copies())
    return count({name: splits for name, splits in names.items() if name.partition(AT)[0] in copied})


def absent(names: dict[str, list[str]]) -> dict[str, str]:
    """Return why sets are neither here, in a local copy or the hub's cache, nor to be had, for the hub is silent."""
    wanted = {name: splits for name, splits in names.items() if name.partition(AT)[0] not in local_copies()}
    if not wanted:
        return {}
    from urlvr_bench.tasks import remote  # takes long to import

    found = {}
    for name, splits in () if remote.hub_answers() else wanted.items():
        try:
            count({name: splits})
        except UsageError as error:
            found[name] = str(error)
    return found
