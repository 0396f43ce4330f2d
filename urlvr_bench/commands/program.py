"""The commands by their names. Heavy libraries are imported by those that need them, so that help is instant."""

from typing import Annotated

import typer

from urlvr_bench import __version__
from urlvr_bench.commands import (
    contributing,
    grading,
    judging,
    probing,
    reading,
    running,
    scaling,
    sharing,
    studying,
    summing,
    verifying,
)

app = typer.Typer(
    name="urlvr-bench",
    help="How far can reinforcement learning without labels scale language models? Run, measure, compare.",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
)
pocket = typer.Typer(help="The pocket lab's priors.", no_args_is_help=True)
board = typer.Typer(help="The leaderboard.", no_args_is_help=True)
new = typer.Typer(help="Start something from a template.", no_args_is_help=True)
models = typer.Typer(help="Small real models that need no hub.", no_args_is_help=True)
app.add_typer(pocket, name="pocket")
app.add_typer(models, name="models")
app.add_typer(board, name="board")
app.add_typer(new, name="new")

app.command()(running.run)
app.command()(scaling.status)
app.command()(scaling.plan)
app.command()(judging.eval)
app.command()(judging.rescore)
app.command()(judging.export)
app.command()(grading.grade)
app.command("list")(reading.list_)
app.command()(summing.summary)
app.command()(reading.table)
app.command()(reading.plot)
app.command()(reading.check)
app.command()(verifying.verify)
app.command()(studying.study)
app.command()(probing.probe)
app.command()(sharing.collect)
app.command()(sharing.push)
app.command()(sharing.submit)
pocket.command("build")(running.pocket_build)
models.command("get")(running.models_get)
board.command("build")(sharing.board_build)
new.command("method")(contributing.new_method)


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
