"""The command line. Heavy libraries are imported by the commands that need them, so that help is instant."""

import json
import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from urlvr_bench import __version__
from urlvr_bench.errors import UsageError

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

app = typer.Typer(
    name="urlvr-bench",
    help="How far can reinforcement learning without labels scale language models? Run, measure, compare.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
console = Console(stderr=True)

Out = Annotated[Path, typer.Option("--out", help="Folder of the run folders.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON on standard output.")]
Data = Annotated[
    list[str] | None,
    typer.Option("--data", metavar="TASK=DIR", help="Read a task's rows from local files (also: URLVR_DATA)."),
]


def main() -> None:
    """Run the command line: bad input is one line and exit code 2."""
    try:
        app()
    except UsageError as error:
        console.print(f"[bold red]error:[/] {_plain(str(error))}", highlight=False, soft_wrap=True)
        sys.exit(2)


def _plain(text: str) -> str:
    return text.replace("[", r"\[")


def _version(wanted: bool) -> None:
    if wanted:
        print(f"urlvr-bench {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass


@app.command()
def run(
    method: Annotated[list[str] | None, typer.Option(help="Reward method, as name or name(key=value); repeat.")] = None,
    protocol: Annotated[str, typer.Option(help="Protocol, by name or as a YAML file.")] = "pocket",
    model: Annotated[list[str] | None, typer.Option(help="Pocket prior, model folder or hub id; repeat.")] = None,
    task: Annotated[list[str] | None, typer.Option(help="Task to train and evaluate on; repeat.")] = None,
    seed: Annotated[list[int] | None, typer.Option(help="Seed; repeat.")] = None,
    seeds: Annotated[int, typer.Option(min=1, help="Seeds 0 ... N-1, where no --seed is given.")] = 1,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Override a protocol setting; makes the runs custom ones."),
    ] = None,
    data: Data = None,
    out: Out = Path("runs"),
    jobs: Annotated[int | None, typer.Option(min=1, help="Runs side by side; default: one per GPU or core.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the plan and stop.")] = False,
    as_json: AsJson = False,
) -> None:
    """Train and evaluate methods under one protocol; run again to continue or to fill the gaps."""
    from urlvr_bench import plan, runner

    use_local_data(data)
    runs = plan.grid(protocol, method or list(SEVEN), seed or range(seeds), model or [], task or [], pairs(set_))
    cells = plan.lay_out(runs, out)
    jobs = jobs or plan.default_jobs()
    show_plan(cells, out, jobs, as_json)
    if dry_run:
        return
    try:
        outcomes = runner.carry_out(cells, jobs, console)
    except KeyboardInterrupt:
        console.print("stopped; run the same command again to go on from the last checkpoints")
        raise typer.Exit(130) from None
    failed = [ended for ended in outcomes if ended.error is not None]
    if as_json:
        finished = [str(cell.folder / "record.json") for cell in cells if plan.state_of(cell.folder) == "done"]
        print(json.dumps({"done": finished, "failed": {str(f.cell.folder): f.error for f in failed}}))
    for ended in failed:
        console.print(f"[bold red]failed:[/] {ended.cell.folder}: {_plain(ended.error or '')}", soft_wrap=True)
    if failed:
        raise typer.Exit(1)
    console.print(f"records of {len(cells)} runs are under {out}; next: urlvr-bench table {out}", highlight=False)


def show_plan(cells: list[Any], out: Path, jobs: int, as_json: bool) -> None:
    """Print the runs, how many are done, and how long the rest may take."""
    from urlvr_bench import plan

    minutes = plan.estimated_minutes(cells, out, jobs)
    if as_json:
        rows = [{"folder": str(cell.folder), "state": cell.state} for cell in cells]
        print(json.dumps({"runs": rows, "jobs": jobs, "estimated_minutes": minutes}))
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
    done = sum(cell.state == "done" for cell in cells)
    took = "an unknown time" if minutes is None else f"about {max(1, round(minutes))} min"
    rest = f"{took} with {jobs} side by side" if done < len(cells) else "nothing left to do"
    console.print(f"{len(cells)} runs, {done} done; {rest}", highlight=False)


def pairs(settings: list[str] | None) -> dict[str, str]:
    """Return `key=value` options as a mapping."""
    found = {}
    for setting in settings or []:
        key, equals, value = setting.partition("=")
        if not equals or not key:
            raise UsageError(f"--set {setting!r} is not of the form key=value")
        found[key] = value
    return found


def use_local_data(settings: list[str] | None) -> None:
    """Let this process and its children read the named tasks' rows from local folders."""
    if not settings:
        return
    for setting in settings:
        name, _, folder = setting.partition("=")
        if not folder or not Path(folder).expanduser().is_dir():
            raise UsageError(f"--data {setting!r} is not of the form TASK=DIR with a folder that exists")
    given = [
        f"{name}={Path(folder).expanduser().resolve()}" for name, _, folder in (s.partition("=") for s in settings)
    ]
    os.environ["URLVR_DATA"] = ",".join([*given, *filter(None, [os.environ.get("URLVR_DATA")])])


@app.command()
def eval(  # noqa: A001 (the command's name)
    model: Annotated[str, typer.Argument(help="Pocket prior, model folder or hub id.")],
    task: Annotated[list[str], typer.Option(help="Task; repeat.")],
    problems: Annotated[int, typer.Option(min=1, help="Test problems.")] = 128,
    samples: Annotated[int, typer.Option(min=1, help="Completions per problem.")] = 16,
    k: Annotated[list[int] | None, typer.Option("--k", min=1, help="k of pass@k and maj@k; repeat.")] = None,
    temperature: Annotated[float, typer.Option(min=0)] = 1.0,
    max_tokens: Annotated[int | None, typer.Option(min=1, help="Default: the task's own limit.")] = None,
    batch_size: Annotated[int, typer.Option(min=1)] = 256,
    seed: Annotated[int, typer.Option(min=0)] = 0,
    data: Data = None,
    out: Annotated[Path, typer.Option("--out", help="Folder for the samples; a second call continues there.")] = Path(
        "runs/eval"
    ),
    as_json: AsJson = False,
) -> None:
    """Judge a model: pass@k, avg@k and maj@k from n samples per problem, through lm-eval."""
    from urlvr_bench import evaluate, models, tables, tasks
    from urlvr_bench.protocol import slug, validated_evaluation

    use_local_data(data)
    one_thread()
    limit = max_tokens or max(tasks.load(name).max_tokens for name in task)
    ks = tuple(k or [1, samples])
    spec = validated_evaluation(
        every=1,
        problems=problems,
        samples=samples,
        max_tokens=limit,
        temperature=temperature,
        k=ks,
        batch_size=batch_size,
    )
    folder = out / slug(models.display_name(model))
    results = evaluate.evaluate(models.resolve(model), task, 0, spec, seed, folder)
    print(tables.evaluation_table([result.counts for result in results], ks, "json" if as_json else "markdown"))


def one_thread() -> None:
    """Use one thread per process on a CPU, where two are slower, and keep libraries' notices off the terminal."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")


@app.command("list")
def list_(
    kind: Annotated[str, typer.Argument(help="methods, tasks, protocols or models")],
    as_json: AsJson = False,
) -> None:
    """List what there is to choose from."""
    from urlvr_bench import listing

    rows = listing.rows(kind)
    if as_json:
        print(json.dumps(rows))
        return
    table = Table(title=f"{len(rows)} {kind}", title_justify="left")
    for column in rows[0]:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(str(value) for value in row.values()))
    Console().print(table)


Folders = Annotated[list[Path], typer.Argument(help="Run folders, results folders or records.")]


@app.command()
def table(
    folders: Folders,
    kind: Annotated[str, typer.Option(help="pass, reward, collapse, or all.")] = "all",
    format_: Annotated[str, typer.Option("--format", help="markdown, csv, json or latex.")] = "markdown",
) -> None:
    """Print pass@k, reward-accuracy and collapse-step tables of finished runs."""
    from urlvr_bench import record, tables

    print(tables.render(record.read_all(folders), kind, format_))


@app.command()
def plot(
    folders: Folders,
    out: Annotated[Path, typer.Option("--out", help="Folder of the pictures.")] = Path("figures"),
) -> None:
    """Draw each method's dual curve (proxy against ground truth) and the overview, as PNG and SVG."""
    from urlvr_bench import figures, record

    for path in figures.plot(record.read_all(folders), out):
        print(path)


pocket = typer.Typer(help="The pocket lab's priors.", no_args_is_help=True)
app.add_typer(pocket, name="pocket")


@pocket.command("build")
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


if __name__ == "__main__":
    main()
