"""The command `study`: a finding's runs, table and figure."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from urlvr_bench.commands.options import Data, say, use_local_data

if TYPE_CHECKING:
    from urlvr_bench.studies.definition import Study


def study(
    name: Annotated[str, typer.Argument(help="A study, or `list`.")],
    scale: Annotated[str, typer.Option(help="pocket, or gpu for the paper's models and settings.")] = "pocket",
    quick: Annotated[bool, typer.Option("--quick", help="One seed of the main runs.")] = False,
    results: Annotated[Path, typer.Option(help="Committed records; runs that are there are not made again.")] = Path(
        "results"
    ),
    data: Data = None,
    out: Annotated[
        Path, typer.Option("--out", "-o", help="Folder of the run folders, the table and the figure.")
    ] = Path("runs/studies"),
    jobs: Annotated[int | None, typer.Option(min=1, help="Runs side by side; default: one per GPU or core.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the runs and stop.")] = False,
) -> None:
    """Answer one question of the paper: make the runs that are missing, then print the table and draw the figure."""
    from urlvr_bench.commands.running import plan_and_carry_out
    from urlvr_bench.studies import definition

    if name == "list":
        for known in map(definition.load, definition.names()):
            print(f"{known.name:18} {known.question}")
        return
    use_local_data(data)
    chosen = definition.load(name)
    runs = chosen.form(scale).runs(quick)
    missing = [run for run in runs if not (results / run.record_path).is_file()]
    say(f"{len(runs)} runs, {len(runs) - len(missing)} of them in {results}")
    if not plan_and_carry_out(missing, out, jobs, dry_run):
        return
    report(chosen, scale, quick, results, [out / run.path for run in missing], out / name)


def report(chosen: "Study", scale: str, quick: bool, results: Path, made: list[Path], out: Path) -> None:
    """Print the table; leave it and the figure under `out`."""
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
    for path in (out / "table.md", out / "table.csv", *save(figure(chosen, records), out / "figure")):
        say(str(path))
