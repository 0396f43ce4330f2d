"""Show what a command is about to do: its runs, what is changed in their settings, what they read and how long."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
from rich.table import Table

from urlvr_bench.commands.options import console, plain, say, several
from urlvr_bench.errors import UsageError

if TYPE_CHECKING:
    from urlvr_bench.running.plan import Cell

IN_FLOAT32 = "--set training.precision=float32 --set evaluation.precision=float32"
UNREAD = "its problems are counted when they are read from the hub"


def document(cells: "Sequence[Cell]", out: Path, jobs: int) -> dict[str, Any]:
    """Return the plan for programs."""
    from urlvr_bench.running import counts, estimates, plan

    published = counts.published(cell.run for cell in cells)
    sets, missing = counts.at_hand(published), counts.absent(published)
    runs = [{"folder": str(cell.folder), "state": cell.state, "settings": plan.changed(cell.run)} for cell in cells]
    minutes = estimates.estimated_minutes(cells, out, jobs)
    return {"runs": runs, "jobs": jobs, "estimated_minutes": minutes, "sets": sets, "missing": missing}


def without_labels(names: Sequence[str], task_names: Sequence[str]) -> list[str]:
    """Return those of some methods that can train on all of some tasks; say which are left out for want of labels."""
    from urlvr_bench import methods, tasks

    blind = [name for name in map(tasks.adopt, task_names) if not tasks.load(name).labelled]
    needy = [name for name in names if blind and methods.build(name)[1].uses_labels()]
    if needy:
        say(f"not every prompt of {blind[0]} has an answer: left out {', '.join(needy)}")
    return [name for name in names if name not in needy]


def require_data(cells: "Sequence[Cell]") -> None:
    """Refuse to begin runs whose models or sets can neither be found here nor had."""
    from urlvr_bench import models
    from urlvr_bench.running import counts

    for name in dict.fromkeys(cell.run.model for cell in cells if cell.left):
        models.require(models.resolve(name))
    missing = counts.absent(counts.published(cell.run for cell in cells if cell.left))
    if missing:
        raise UsageError(next(iter(missing.values())))


def show(cells: "Sequence[Cell]", out: Path, jobs: int) -> None:
    """Print the runs, how many are done, and how long the rest may take."""
    from urlvr_bench.running import estimates, plan

    shared, own = parted([plan.changed(cell.run) for cell in cells])
    console.print(table(cells, own))
    if shared:
        say(f"changed from the protocol: {said(shared)}")
    if unjudged := unlooked_at(cells):
        say(f"no problem judges what is trained on {unjudged[0]}: --eval-task names a task that does")
    show_sets(cells)
    minutes = estimates.estimated_minutes(cells, out, jobs)
    done, left = sum(cell.state == "done" for cell in cells), sum(cell.left for cell in cells)
    took = "an unknown time" if minutes is None else f"about {max(1, round(minutes))} min"
    none = "the rest is with another command" if any(cell.command for cell in cells) else "nothing left to do"
    rest = f"{took} with {min(jobs, left)} side by side" if left > 1 else took if left else none
    say(f"{several(len(cells), 'run')}, {done} done; {rest}")
    faster = estimates.minutes_in_float32(cells, jobs)
    if faster is not None:
        say(
            f"this processor has no instructions for bfloat16; in float32 a run takes about {max(1, round(faster))} "
            f"min, as one of changed settings: {IN_FLOAT32}"
        )
    memory = estimates.memory_per_run(cells)
    if memory is not None:
        free = psutil.virtual_memory().available
        say(f"each takes about {memory / 1e9:.1f} GB of the {free / 1e9:.0f} GB that are free")
        if min(jobs, left) * memory > free:
            say("that is too little: fewer side by side (--jobs), or a smaller model")
    for command, count in Counter(cell.command for cell in cells if cell.command).items():
        say(f"{several(count, 'run')} under way in {command}; {follow(out)}")


def unlooked_at(cells: "Sequence[Cell]") -> list[str]:
    """Return the tasks on which runs are trained that nothing judges: prompts of one's own, and no other task named."""
    from urlvr_bench import tasks

    runs = [cell.run for cell in cells]
    blind = [run.task for run in runs if not (run.protocol.evaluation.task or run.protocol.evaluation.ood)]
    return [name for name in dict.fromkeys(blind) if tasks.load(name).own]


def show_sets(cells: "Sequence[Cell]") -> None:
    """Print what is known of the published sets that runs read."""
    from urlvr_bench.records.sets import lines
    from urlvr_bench.running import counts

    published = counts.published(cell.run for cell in cells)
    sets, missing = counts.at_hand(published), counts.absent(published)
    unread = [f"{name}: {UNREAD}" for name in published if name not in {**sets, **missing}]
    for line in [*lines(sets), *unread, *missing.values()]:
        say(line)


def parted(changes: Sequence[dict[str, list[Any]]]) -> tuple[dict[str, list[Any]], list[dict[str, list[Any]]]]:
    """Return the changed settings that all runs share, and those of each run besides."""
    first = changes[0] if changes else {}
    shared = {key: value for key, value in first.items() if all(each.get(key) == value for each in changes)}
    return shared, [{key: value for key, value in each.items() if key not in shared} for each in changes]


def table(cells: "Sequence[Cell]", changes: Sequence[dict[str, list[Any]]]) -> Table:
    """Return the runs as a table, with the changed settings in which they differ."""
    protocols = {cell.run.protocol_id: cell.run.protocol for cell in cells}
    steps = sorted({one.training.steps for one in protocols.values()})
    title = next(iter(protocols)) if len(protocols) == 1 else ", ".join(sorted({one.id for one in protocols.values()}))
    title += f": {' or '.join(map(str, steps))} steps"
    found = Table(title=plain(title), title_justify="left")
    differ = any(changes)
    for column in ("model", "task", "method", "seed", *(["settings"] if differ else []), "state"):
        found.add_column(column, overflow="fold")
    for cell, each in zip(cells, changes, strict=True):
        own = [said(each)] if differ else []
        row = (cell.run.model, cell.run.task, cell.run.method_id, str(cell.run.seed), *own)
        found.add_row(*map(plain, row), cell.state)
    return found


def said(changes: dict[str, list[Any]]) -> str:
    """Return changed settings in words, with what the protocol has: `steps=400 (200)`."""
    before = {key: "" if was in (None, now) else f" ({was})" for key, (now, was) in changes.items()}
    return ", ".join(f"{key}={now}{before[key]}" for key, (now, _) in changes.items())


def follow(out: Path) -> str:
    """Return how to see what other commands do under `out`."""
    return f"follow: urlvr-bench status {out} --watch"
