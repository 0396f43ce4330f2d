"""Show what runs on GPUs take before any is made: under each setting a line per model, and the GPU-hours in all."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from urlvr_bench.commands import planning
from urlvr_bench.commands.options import say, several

if TYPE_CHECKING:
    from urlvr_bench.protocol import Run
    from urlvr_bench.running.plan import Cell

Changes = dict[str, list[Any]]
"""Settings that differ from the protocol's: what each is now, and what it was."""


@dataclass
class Part:
    """Runs that differ in model, method and seed alone, or in the values of one setting besides."""

    where: str
    changes: Changes
    lines: list[str]

    def joins(self, other: "Part") -> bool:
        """Take in a part that differs in the value of one setting and costs the same; return whether it did."""
        if (self.where, self.lines, list(self.changes)) != (other.where, other.lines, list(other.changes)):
            return False
        apart = [key for key, (now, _) in other.changes.items() if now != self.changes[key][0]]
        last = list(self.changes)[-1:]  # what a sweep varies comes last
        if apart != last:
            return False
        (key,) = apart
        self.changes[key] = [f"{self.changes[key][0]}, {other.changes[key][0]}", self.changes[key][1]]
        return True


def show(cells: "Sequence[Cell]") -> None:
    """Print the runs, the hours that each may take, the sets that they read, and the GPU-hours in all."""
    from urlvr_bench.running import gpu_cost
    from urlvr_bench.running.footprint import Gpu

    shared, found = parts(cells)
    if shared:
        say(f"in all runs, changed from the protocol: {planning.said(shared)}")
    for part in found:
        say("\n" + part.where + (f", {planning.said(part.changes)}" if part.changes else ""))
        for line in part.lines:
            say(f"  {line}")
    say("")
    planning.show_sets(cells)
    left = [cell.run for cell in cells if cell.left]
    say(f"{several(len(cells), 'run')}, {sum(cell.state == 'done' for cell in cells)} done")
    for line in gpu_cost.lines(left, Gpu()) if left else ["nothing left to do"]:
        say(line)


def parts(cells: "Sequence[Cell]") -> tuple[Changes, list[Part]]:
    """Return the settings that all runs change, and the runs by those that they change besides."""
    from urlvr_bench.running import plan

    every = [plan.changed(cell.run) for cell in cells]
    shared, own = planning.parted([{key: how for key, how in each.items() if key != "steps"} for each in every])
    groups: dict[str, tuple[str, Changes, dict[str, list[Run]]]] = {}
    for cell, changes in zip(cells, own, strict=True):
        run = cell.run
        where = f"{run.protocol.name} v{run.protocol.version} on {run.task}: {run.protocol.training.steps} steps"
        _, _, models = groups.setdefault(f"{where}, {planning.said(changes)}", (where, changes, {}))
        models.setdefault(run.model, []).append(run)
    found: list[Part] = []
    for where, changes, models in groups.values():
        part = Part(where, changes, [line(model, runs) for model, runs in models.items()])
        if not any(earlier.joins(part) for earlier in found):
            found.append(part)
    return shared, found


def line(model: str, runs: "Sequence[Run]") -> str:
    """Return what the runs of a model are and take, in words."""
    from urlvr_bench.running import gpu_cost
    from urlvr_bench.running.footprint import Gpu

    methods, seeds = dict.fromkeys(run.method_id for run in runs), len({run.seed for run in runs})
    each = gpu_cost.cost(runs[0], Gpu())
    taken = "too large" if each is None else f"{each.hours:.0f} h each on {each.place}"
    return f"{model}: {seeds} seed{'s' * (seeds > 1)} of {', '.join(methods)}: {taken}"
