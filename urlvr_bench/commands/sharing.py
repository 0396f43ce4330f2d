"""Commands that show results to others: board build, push, submit."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from urlvr_bench.commands.options import Folders, one_thread, say, several
from urlvr_bench.errors import UsageError

if TYPE_CHECKING:
    from urlvr_bench.board import Gathered

DryRun = Annotated[bool, typer.Option("--dry-run", help="Print exactly what would go, and send nothing.")]
Replace = Annotated[bool, typer.Option("--replace", help="Replace records of the same runs with other content.")]
Dataset = Annotated[
    str | None, typer.Option("--repo", envvar="URLVR_DATASET", metavar="OWNER/NAME", help="Dataset of the records.")
]


def board_build(
    folders: Folders,
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder of the site; replaced as a whole.")] = Path("site"),
    custom: Annotated[bool, typer.Option("--custom", help="Show runs with changed settings, too.")] = False,
    repository: Annotated[
        str, typer.Option(envvar="URLVR_REPOSITORY", metavar="URL", help="Address of the code, linked from every page.")
    ] = "",
    dataset: Annotated[
        str, typer.Option(envvar="URLVR_DATASET", metavar="OWNER/NAME", help="Dataset of the records, likewise.")
    ] = "",
    address: Annotated[
        str, typer.Option(envvar="URLVR_ADDRESS", metavar="URL", help="Address of the site, for previews and the feed.")
    ] = "",
) -> None:
    """Build the static leaderboard from records; runs whose protocol settings were changed have no place on it."""
    one_thread()
    from urlvr_bench import board
    from urlvr_bench.records.record import uncollected

    links = board.Links(repository, dataset, address)
    with uncollected():
        found = board.gather(folders)
        shown = found.records if custom else [record for record in found.records if not record.overrides]
        if len(shown) < len(found.records):
            left = len(found.records) - len(shown)
            say(f"left out: {several(left, 'run')} with changed settings; --custom shows them")
        for one in found.damaged:
            say(f"left out: {one.name}: {one.reason}")
        if not shown and (found.records or found.probes):
            raise UsageError(_none_to_show(found, folders))
        built = board.build(shown, out, found, links)
    made = f"{several(built.runs, 'run')} of {several(built.methods, 'method')}, {several(built.files, 'file')}"
    say(f"{built.out}: {made}, {built.size / 1e6:.1f} MB")
    if found.damaged:
        raise typer.Exit(1)


def _none_to_show(found: "Gathered", folders: list[Path]) -> str:
    """Return why none of the runs of some folders has a place on the board, and what to do."""
    where = ", ".join(map(str, folders))
    if not found.records:
        return f"{where}: all runs end early (stop_at, stop_rule), which compares no methods: run without"
    return f"{where}: all runs have changed settings, which have no place on the board: --custom shows them"


def collect(
    folders: Folders,
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder of committed records.")] = Path("results"),
    replace: Replace = False,
) -> None:
    """Copy the records of finished runs to their places in the store."""
    from urlvr_bench.records import record
    from urlvr_bench.running import excerpting

    changed = record.collect(folders, out, replace)
    texts = excerpting.collect(folders, out)
    say(f"new under {out}: {several(len(changed), 'record')}, and of sample texts {several(len(texts), 'file')}")


def push(
    folders: Annotated[list[Path] | None, typer.Argument(help="Run folders, results folders or records.")] = None,
    repo: Dataset = None,
    space: Annotated[
        str | None, typer.Option(envvar="URLVR_SPACE", metavar="OWNER/NAME", help="Static Space of the site.")
    ] = None,
    site: Annotated[Path | None, typer.Option(help="Folder that `board build` wrote.")] = None,
    create_pr: Annotated[bool, typer.Option("--create-pr", help="Open or update a pull request instead.")] = False,
    models: Annotated[bool, typer.Option("--push-models", help="Push the last weights of run folders too.")] = False,
    namespace: Annotated[str | None, typer.Option(help="Owner of the pushed models; default: yourself.")] = None,
    replace: Replace = False,
    dry_run: DryRun = False,
) -> None:
    """Push records to a Hub dataset and the site to a static Space; a second push of the same does nothing."""
    from urlvr_bench.hub import push as pushing

    pushing.push(
        folders or [],
        repo,
        space=space,
        site=site,
        create_pr=create_pr,
        models=models,
        namespace=namespace,
        replace=replace,
        dry_run=dry_run,
    )


def submit(
    run_dirs: Annotated[list[Path], typer.Argument(help="Finished run folders.")],
    repo: Dataset = None,
    against: Annotated[
        list[Path] | None, typer.Option(help="Records to compare with, beside what the dataset holds; repeat.")
    ] = None,
    replace: Replace = False,
    dry_run: DryRun = False,
) -> None:
    """Check runs, show what they would change on the board, and open the pull request."""
    from urlvr_bench.hub import submit as submitting

    done = submitting.submit(run_dirs, repo, against=against or [], replace=replace, dry_run=dry_run)
    for finding in done.findings:
        say(str(finding))
    if done.rejected:
        raise typer.Exit(1)
    print(done.table)
