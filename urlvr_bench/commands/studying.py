"""The command `study`: a finding's runs, table and figure."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from urlvr_bench.commands import gpu_plans, planning, scaling
from urlvr_bench.commands.options import Data, console, pairs, say, several, use_local_data
from urlvr_bench.commands.summing import show
from urlvr_bench.errors import UsageError, unknown

if TYPE_CHECKING:
    from urlvr_bench.protocol import Run
    from urlvr_bench.studies.definition import Study


def study(
    name: Annotated[str, typer.Argument(help="A study, or `list`.")],
    scale: Annotated[str, typer.Option(help="pocket, or gpu for the paper's models and settings.")] = "pocket",
    quick: Annotated[bool, typer.Option("--quick", help="One seed of the main runs.")] = False,
    results: Annotated[Path, typer.Option(help="Committed records; runs that are there are not made again.")] = Path(
        "results"
    ),
    model: Annotated[list[str] | None, typer.Option(help="Only the runs of this model; repeat.")] = None,
    data: Data = None,
    out: Annotated[
        Path, typer.Option("--out", "-o", help="Folder of the run folders, the table and the figure.")
    ] = Path("runs/studies"),
    jobs: Annotated[int | None, typer.Option(min=1, help="Runs side by side; default: one per GPU or core.")] = None,
    launcher: scaling.LauncherOption = None,
    config: scaling.Config = None,
    processes: scaling.Processes = None,
    resource: scaling.Resource = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the runs, and stop.")] = False,
) -> None:
    """Answer one question of the paper: make the runs that are missing, then print the table and draw the figure."""
    from urlvr_bench.commands.running import carry_out
    from urlvr_bench.running import machine, plan
    from urlvr_bench.studies import definition

    if name == "list":
        for known in map(definition.load, definition.names()):
            print(f"{known.name:18} {known.question}")
        return
    use_local_data(data)
    chosen = definition.load(name)
    runs = of_models(chosen.form(scale).runs(quick), model or [])
    missing = [run for run in runs if not (results / run.record_path).is_file()]
    say(f"{several(len(runs), 'run')}, {len(runs) - len(missing)} of them in {results}")
    cells = plan.lay_out(missing, out)
    if scale == "gpu" and cells and not (dry_run or launcher in scaling.SCHEDULERS or machine.devices()):
        raise UsageError(
            "the runs of --scale gpu need CUDA GPUs, and there are none here: --dry-run says what they take, "
            "--launcher slurm sends them to a cluster"
        )
    if cells:
        gpu_plans.show(cells) if scale == "gpu" else planning.show(cells, out, jobs or machine.default_jobs())
    elsewhere = None
    for training in {cell.run.protocol.training for cell in cells}:
        elsewhere = scaling.chosen(launcher, config, processes, training, resource)
    jobs = jobs or scaling.default_jobs(elsewhere, cells)
    if dry_run or elsewhere in scaling.SCHEDULERS:
        return scaling.submit(elsewhere, cells, jobs, pairs(resource, "--resource"), out, dry_run)
    carry_out(cells, jobs)
    report(chosen, scale, quick, results, [out / run.path for run in missing], out / name)


def of_models(runs: "list[Run]", names: list[str]) -> "list[Run]":
    """Return the runs of some models, all where none is named."""
    known = dict.fromkeys(run.model for run in runs)
    for name in names:
        if name not in known:
            raise unknown("model of the study", name, list(known))
    return [run for run in runs if not names or run.model in names]


def report(chosen: "Study", scale: str, quick: bool, results: Path, made: list[Path], out: Path) -> None:
    """Print the table and what became of each method; leave the table and the figure under `out`."""
    from urlvr_bench.presentation.drawing import save
    from urlvr_bench.presentation.rendering import rendered
    from urlvr_bench.records import record
    from urlvr_bench.studies.drawing import figure
    from urlvr_bench.studies.pages import stored
    from urlvr_bench.studies.summary import summary

    records = [*stored(chosen, scale, results, quick), *(record.read_all(made) if made else [])]
    table = summary(chosen, records)
    text = rendered(table, "markdown")
    print(text)
    record.write_atomically(out / "table.md", f"{text}\n")
    record.write_atomically(out / "table.csv", table.frame.to_csv(index=False))
    show([one for one in records if one.evals], console)
    for path in (out / "table.md", out / "table.csv", *save(figure(chosen, records), out / "figure")):
        say(str(path))
