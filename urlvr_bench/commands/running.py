"""Commands that train: run, pocket build. What they import is imported when they are called."""

import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from urlvr_bench.commands import scaling
from urlvr_bench.commands.options import AsJson, Data, console, one_thread, pairs, plain, use_local_data
from urlvr_bench.commands.summing import show_runs

if TYPE_CHECKING:
    from urlvr_bench.protocol import Run
    from urlvr_bench.running.plan import Cell

SEVEN = (
    "majority_vote",
    "self_certainty",
    "token_entropy",
    "trajectory_entropy",
    "probability",
    "random_reward",
    "ground_truth",
)
"""The methods that `run` compares where none is named: one of each kind, the random line and the supervised one."""

UNREAD = "its problems are counted when they are read from the hub"

Out = Annotated[Path, typer.Option("--out", help="Folder of the run folders.")]


def run(
    method: Annotated[list[str] | None, typer.Option(help="Reward method, as name or name(key=value); repeat.")] = None,
    protocol: Annotated[str, typer.Option(help="Protocol, by name or as a YAML file.")] = "pocket",
    model: Annotated[list[str] | None, typer.Option(help="Pocket prior, model folder or hub id; repeat.")] = None,
    task: Annotated[
        list[str] | None, typer.Option(help="Task to train and evaluate on, or a JSONL file of prompts; repeat.")
    ] = None,
    eval_task: Annotated[
        str | None, typer.Option(help="Task to judge on along the way, where it is not the one trained on.")
    ] = None,
    seed: Annotated[list[int] | None, typer.Option(help="Seed; repeat.")] = None,
    seeds: Annotated[int, typer.Option(min=1, help="Seeds 0 ... N-1, where no --seed is given.")] = 1,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Override a protocol setting; makes the runs custom ones."),
    ] = None,
    data: Data = None,
    out: Out = Path("runs"),
    jobs: Annotated[int | None, typer.Option(min=1, help="Runs side by side; default: one per GPU or core.")] = None,
    launcher: scaling.LauncherOption = None,
    config: scaling.Config = None,
    processes: scaling.Processes = None,
    resource: scaling.Resource = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the plan and stop.")] = False,
    as_json: AsJson = False,
) -> None:
    """Train and evaluate methods under one protocol; run again to continue or to fill the gaps."""
    from urlvr_bench.running import plan

    use_local_data(data)
    overrides = pairs(set_) | ({"evaluation.task": eval_task} if eval_task else {})
    runs = plan.grid(protocol, method or list(SEVEN), seed or range(seeds), model or [], task or [], overrides)
    cells = plan.lay_out(runs, out)
    elsewhere = scaling.chosen(launcher, config, processes, cells[0].run.protocol.training)
    jobs = jobs or scaling.default_jobs(elsewhere, cells)
    show_plan(cells, out, jobs, as_json)
    if dry_run or elsewhere in scaling.SCHEDULERS:
        return scaling.submit(elsewhere, cells, jobs, pairs(resource, "--resource"), out, dry_run)
    carry_out(cells, jobs, as_json)
    if not as_json:
        show_runs([cell.folder for cell in cells], console)
    console.print(f"records of {runs_of(len(cells))} are under {out}; next: urlvr-bench table {out}", highlight=False)


def carry_out(cells: "list[Cell]", jobs: int, as_json: bool = False) -> None:
    """Make the runs that are left.

    Exit with 130 on Ctrl-C, with 143 on a signal that asks to stop, with 1 where runs failed or are done elsewhere.
    """
    from urlvr_bench.running import plan, runner
    from urlvr_bench.system import processes

    try:
        outcomes = runner.carry_out(cells, jobs, console)
    except (KeyboardInterrupt, processes.Stopped) as error:
        console.print("stopped; run the same command again to go on from the last checkpoints")
        raise typer.Exit(processes.EXIT_CODE if isinstance(error, SystemExit) else processes.INTERRUPTED) from None
    failed = [ended for ended in outcomes if ended.error is not None]
    if as_json:
        finished = [str(cell.folder / "record.json") for cell in cells if plan.state_of(cell.folder) == "done"]
        print(json.dumps({"done": finished, "failed": {str(f.cell.folder): f.error for f in failed}}))
    for ended in failed:
        console.print(f"[bold red]failed:[/] {ended.cell.folder}: {plain(ended.error or '')}", soft_wrap=True)
    elsewhere = sum(cell.state != "done" for cell in cells) - len(outcomes)
    if elsewhere:
        line = f"{runs_of(elsewhere)} left to another command; {follow(cells[0].out)}"
        console.print(line, highlight=False, soft_wrap=True)
    if failed or elsewhere:
        raise typer.Exit(1)


def runs_of(count: int) -> str:
    """Return a number of runs in words."""
    return f"{count} run" if count == 1 else f"{count} runs"


def follow(out: Path) -> str:
    """Return how to see what other commands do under `out`."""
    return f"follow: urlvr-bench status {out} --watch"


def plan_and_carry_out(runs: "list[Run]", out: Path, jobs: int | None, dry_run: bool) -> bool:
    """Show what is left of some runs and make it here; return whether all of them are there then."""
    from urlvr_bench.running import plan

    cells, jobs = plan.lay_out(runs, out), jobs or plan.default_jobs()
    if cells:
        show_plan(cells, out, jobs, as_json=False)
    if not dry_run:
        carry_out(cells, jobs)
    return not dry_run


def show_plan(cells: "list[Cell]", out: Path, jobs: int, as_json: bool) -> None:
    """Print the runs, how many are done, and how long the rest may take."""
    from urlvr_bench.records.sets import lines
    from urlvr_bench.running import counts, plan

    published = counts.published(cell.run for cell in cells)
    counted = counts.at_hand(published)
    minutes = plan.estimated_minutes(cells, out, jobs)
    if as_json:
        rows = [{"folder": str(cell.folder), "state": cell.state} for cell in cells]
        print(json.dumps({"runs": rows, "jobs": jobs, "estimated_minutes": minutes, "sets": counted}))
        return
    first = cells[0].run.protocol
    table = Table(
        title=f"{cells[0].run.protocol_id} v{first.version}: {first.training.steps} steps", title_justify="left"
    )
    for column in ("model", "task", "method", "seed", "state"):
        table.add_column(column)
    for cell in cells:
        table.add_row(cell.run.model, cell.run.task, cell.run.method_id, str(cell.run.seed), cell.state)
    console.print(table)
    for line in [*lines(counted), *(f"{name}: {UNREAD}" for name in published if name not in counted)]:
        console.print(plain(line), highlight=False, soft_wrap=True)
    done, left = sum(cell.state == "done" for cell in cells), sum(cell.left for cell in cells)
    took = "an unknown time" if minutes is None else f"about {max(1, round(minutes))} min"
    rest = f"{took} with {min(jobs, left)} side by side" if left > 1 else took if left else "nothing left to do"
    console.print(f"{runs_of(len(cells))}, {done} done; {rest}", highlight=False)
    for command, count in Counter(cell.command for cell in cells if cell.command).items():
        console.print(f"{runs_of(count)} under way in {command}; {follow(out)}", highlight=False, soft_wrap=True)


def pocket_build(
    out: Annotated[
        Path | None, typer.Option(help="Where to write them; default: where the package keeps them.")
    ] = None,
    only: Annotated[str | None, typer.Option(help="Build this prior alone.")] = None,
) -> None:
    """Pre-train the pocket priors anew, seeded (about eight minutes on one core)."""
    one_thread()
    from urlvr_bench import models
    from urlvr_bench.pocket.build import build

    build(out or models.PRIORS, lambda line: console.print(line, highlight=False), only)
