"""Commands for more than one machine's work: where runs are carried out, how far they are, what they will take."""

import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args

import typer
from rich.live import Live
from rich.table import Table

from urlvr_bench.commands.options import AsJson, console, names_of, pairs, plain, say, several
from urlvr_bench.errors import UsageError, unknown
from urlvr_bench.system import plain_yaml

if TYPE_CHECKING:
    from urlvr_bench.running.jobs import Status
    from urlvr_bench.running.plan import Cell
    from urlvr_bench.settings import Training

Launcher = Literal["accelerate", "local", "slurm", "hf-jobs"]
SCHEDULERS = ("local", "slurm", "hf-jobs")
"""Launchers that take runs and return at once; `status` follows them."""
PANEL = "Beyond child processes of this machine (docs/scaling.md)"
LauncherOption = Annotated[
    str | None, typer.Option("--launcher", help="accelerate, local, slurm or hf-jobs.", rich_help_panel=PANEL)
]
Config = Annotated[
    str | None, typer.Option(help="Accelerate's: multi_gpu, fsdp2, zero2, zero3 or a file.", rich_help_panel=PANEL)
]
Processes = Annotated[
    int | None, typer.Option(min=1, help="Of one run, on one machine; default: one per GPU.", rich_help_panel=PANEL)
]
Resource = Annotated[
    list[str] | None,
    typer.Option(metavar="KEY=VALUE", help="Of each job, such as slurm_partition=gpu; repeat.", rich_help_panel=PANEL),
]
COLORS = {"running": "cyan", "queued": "yellow", "failed": "red", "stopped": "red", "done": "green"}
WATCH_SECONDS = 2.0


def chosen(
    launcher: str | None,
    config: str | None,
    processes: int | None,
    training: "Training",
    resource: Sequence[str] | None = None,
) -> Launcher | None:
    """Return the launcher by its name and let the workers train through Accelerate, where so wished.

    Refuses a resource where no scheduler would hear of it.
    """
    if resource and launcher not in SCHEDULERS:
        given = f"--resource {resource[0]} is"
        raise UsageError(f"{given} of a job, and no launcher makes one here: add --launcher {' or '.join(SCHEDULERS)}")
    if launcher is not None and launcher not in get_args(Launcher):
        raise unknown("launcher", launcher, get_args(Launcher))
    if launcher == "accelerate" or config or processes:
        if launcher is None:
            raise UsageError("--config and --processes are for --launcher accelerate, local, slurm or hf-jobs")
        from urlvr_bench import settings
        from urlvr_bench.running import machine
        from urlvr_bench.training import devices

        settings.split_batch(training, devices.use(config, processes, len(machine.devices())))
    return launcher  # type: ignore[return-value]


def default_jobs(launcher: Launcher | None, cells: "Sequence[Cell]") -> int:
    """Return how many runs go side by side where nobody said: as many as there are for a scheduler that queues."""
    from urlvr_bench.running import machine

    if launcher == "accelerate":
        return 1
    return len(cells) if launcher in ("slurm", "hf-jobs") else machine.default_jobs()


def submit(
    launcher: Launcher | None,
    cells: "Sequence[Cell]",
    jobs: int,
    given: Mapping[str, str],
    out: Path,
    dry_run: bool = False,
    document: dict[str, Any] | None = None,
) -> None:
    """Hand the runs that are left to a scheduler and return; a dry run prints what Hugging Face Jobs would be sent.

    With the `document` of the plan, that and what was submitted, or would be, is printed as one.
    """
    resources = {name: plain_yaml.given(f"--resource {name}={value}", value) for name, value in given.items()}
    if launcher == "hf-jobs":
        from urlvr_bench.running import cloud

        if dry_run:
            chosen = cloud.resources(resources)
            requests = [cloud.request(cell.run, chosen) for cell in cells]
            for each in requests if document is None else [document | {"requests": requests}]:
                print(json.dumps(each))
            return
        ids = cloud.submit(cells, resources)
    elif dry_run:
        if document is not None:
            print(json.dumps(document))
        return
    else:
        from urlvr_bench.running import cluster

        ids = cluster.submit(cells, "slurm" if launcher == "slurm" else "local", jobs, resources, out)
    if document is not None:
        print(json.dumps(document | {"submitted": ids}))
    if not ids:
        say(f"nothing left to submit; see: urlvr-bench status {out}")
        return
    shown = ids[0] if len(ids) == 1 else f"{ids[0]} ... {ids[-1]}"
    say(f"submitted {several(len(ids), 'job')} ({shown}); follow: urlvr-bench status {out} --watch")


def status(
    folder: Annotated[Path, typer.Argument(help="Folder that `run --out` wrote to.")] = Path("runs"),
    watch: Annotated[bool, typer.Option("--watch", help="Look again until nothing is queued or running.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show how far runs are, wherever they are carried out: queued, running with step and time left, done, failed."""
    from urlvr_bench.running import jobs

    found = jobs.status(folder)
    if as_json:
        print(json.dumps(jobs.as_dicts(found)))
        return
    if not watch:
        console.print(status_table(found))
        return
    with Live(status_table(found), console=console, auto_refresh=False) as shown:
        while any(each.state in ("queued", "running") for each in found):
            time.sleep(WATCH_SECONDS)
            found = jobs.status(folder)
            shown.update(status_table(found), refresh=True)


def status_table(found: "Sequence[Status]") -> Table:
    """Return the statuses as a table, what is under way first."""
    from urlvr_bench.running.pace import lasting

    counts = {state: sum(each.state == state for each in found) for state in COLORS}
    title = ", ".join(f"{count} {state}" for state, count in counts.items() if count)
    table = Table(title=f"{several(len(found), 'run')}: {title}", title_justify="left")
    for column in ("run", "state", "step", "left", "job", "reason"):
        table.add_column(column, overflow="fold", justify="right" if column in ("step", "left") else "left")
    for each in sorted(found, key=lambda each: (list(COLORS).index(each.state), each.folder)):
        left = "" if each.seconds_left is None else lasting(each.seconds_left)
        color = COLORS[each.state]
        step = f"{each.step}/{each.steps}"
        state = f"[{color}]{each.state}[/]"
        table.add_row(plain(each.folder), state, step, left, each.job or "", plain(each.reason or ""))
    return table


def plan(
    gpus: Annotated[list[int] | None, typer.Option(min=1, help="Number of GPUs; repeat.")] = None,
    gpu_memory: Annotated[float, typer.Option(min=1, help="GB of one GPU.")] = 80,
    protocol: Annotated[
        str, typer.Option(help="Protocol, by name or as a YAML file.", autocompletion=names_of("protocols"))
    ] = "paper",
    set_: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Override a protocol setting.")
    ] = None,
    tflops: Annotated[float, typer.Option(min=1, help="bfloat16 TFLOP/s of one GPU; an H100's by default.")] = 989,
    bandwidth: Annotated[float, typer.Option(min=1, help="Memory bandwidth of one GPU, GB/s.")] = 3350,
    as_json: AsJson = False,
) -> None:
    """Estimate memory per GPU and time per step of a protocol, by the formulas of docs/scaling.md."""
    import dataclasses

    from urlvr_bench.protocol import load
    from urlvr_bench.running import footprint

    settings = load(protocol, pairs(set_))
    gpu = footprint.Gpu(memory=gpu_memory * 1e9, flops=tflops * 1e12, bandwidth=bandwidth * 1e9)
    numbers = gpus or [1, 8, 64]
    if as_json:
        found = [each for number in numbers for each in footprint.table(settings, number, gpu)]
        print(json.dumps([dataclasses.asdict(each) for each in found]))
        return
    print(footprint.markdown(settings, numbers, gpu))
