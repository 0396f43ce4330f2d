"""The command line. Heavy libraries are imported by the commands that need them, so that help is instant."""

import sys
from typing import Annotated

import typer

from urlvr_bench import __version__
from urlvr_bench.commands import grading, judging, probing, reading, running, scaling, sharing, studying
from urlvr_bench.commands.options import console, plain
from urlvr_bench.errors import UsageError

app = typer.Typer(
    name="urlvr-bench",
    help="How far can reinforcement learning without labels scale language models? Run, measure, compare.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
pocket = typer.Typer(help="The pocket lab's priors.", no_args_is_help=True)
board = typer.Typer(help="The leaderboard.", no_args_is_help=True)
new = typer.Typer(help="Start something from a template.", no_args_is_help=True)
app.add_typer(pocket, name="pocket")
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
app.command()(reading.table)
app.command()(reading.plot)
app.command()(reading.check)
app.command()(studying.study)
app.command()(probing.probe)
app.command()(sharing.collect)
app.command()(sharing.push)
app.command()(sharing.submit)
pocket.command("build")(running.pocket_build)
board.command("build")(sharing.board_build)
new.command("method")(sharing.new_method)


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


def main() -> None:
    """Run the command line: bad input is one line and exit code 2."""
    try:
        app()
    except UsageError as error:
        console.print(f"[bold red]error:[/] {plain(str(error))}", highlight=False, soft_wrap=True)
        sys.exit(2)


if __name__ == "__main__":
    main()
