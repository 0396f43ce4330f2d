"""Commands that read what is there: list, table, plot, check. None of them needs torch."""

import json
import logging
import os
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from urlvr_bench.commands.options import AsJson, Folders, names_of, one_thread, say


def list_(
    kind: Annotated[
        str, typer.Argument(help="methods, tasks, protocols, models, settings of protocols, or stop-rules")
    ],
    as_json: AsJson = False,
) -> None:
    """List what there is to choose from."""
    from urlvr_bench import listing

    rows = listing.rows(kind)
    if as_json:
        print(json.dumps(rows))
        return
    wide = None if sys.stdout.isatty() or "COLUMNS" in os.environ else 200  # a file or a pipe has no width of its own
    shown = Console(width=wide)
    shown.print(listing.table(kind, rows, shown.width))


def table(
    folders: Folders,
    kind: Annotated[
        list[str] | None,
        typer.Option(
            help="pass, ood, reward, collapse, probe; sensitivity, agreement, failure, sharpening, control, "
            "indicators; repeat. Default: one table, of when methods rose and collapsed."
        ),
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="All of collapse, pass, reward and, with several models, probe.")
    ] = False,
    format_: Annotated[
        str | None,
        typer.Option(
            "--format", help="markdown, latex, or all for programs: csv, json. Default: for a terminal, else markdown."
        ),
    ] = None,
) -> None:
    """Print when methods rose and collapsed; with --kind or --all also pass@k, reward accuracy and more."""
    from urlvr_bench.presentation import wording
    from urlvr_bench.reports.printed import FORMS, printed

    form = format_ or ("terminal" if sys.stdout.isatty() else "markdown")
    found = printed(folders, kind or [], everything, form)
    if found.text:
        print(found.text, end="")
    elif found.tables and form == "terminal":
        wording.show(found.tables, Console())
    elif found.tables:
        print(FORMS[form](found.tables))
    for line in found.remarks:
        say(line)


def plot(
    folders: Folders,
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder of the pictures.")] = Path("figures"),
) -> None:
    """Draw what is paid beside what is true (the fallen first), the overview, ladders and forecasts: PNG and SVG."""
    from urlvr_bench.records import record
    from urlvr_bench.reports import figures

    for path in figures.plot(record.read_all(folders), out):
        print(path)


def check(
    what: Annotated[
        list[str], typer.Argument(help="Folders of records; or `methods [NAME|PATH ...]`; or `tasks [NAME ...]`.")
    ],
    train: Annotated[bool, typer.Option(help="methods: also train each for two minutes and draw its curve.")] = True,
    task: Annotated[
        str | None,
        typer.Option(help="methods: task to train on; default: one that fits.", autocompletion=names_of("tasks")),
    ] = None,
    out: Annotated[Path, typer.Option("--out", "-o", help="methods: folder of those trainings.")] = Path("runs/check"),
    as_json: AsJson = False,
) -> None:
    """Re-read records and list every failure with its fix; or hold methods or tasks to their contract."""
    if what[0] == "methods":
        from urlvr_bench.commands.contributing import check_methods

        check_methods(what[1:], train, task, out)
        return
    if what[0] == "tasks":
        check_tasks(what[1:])
        return
    from urlvr_bench.review.check import beside, examine, failed
    from urlvr_bench.review.suspicion import tested

    findings, facts = examine(*map(Path, what))
    findings += beside(facts)
    if as_json:
        print(json.dumps([vars(finding) for finding in findings], default=str))
    for finding in () if as_json else findings:
        say(str(finding))
    if failed(findings):
        raise typer.Exit(1)
    say("; ".join(filter(None, [f"{', '.join(what)}: no failures", tested(facts)])))


def check_tasks(names: list[str]) -> None:
    """Print what is wrong with tasks: splits that meet, golds that do not score, sources that are not pinned."""
    from urlvr_bench.review import task_check

    one_thread()
    logging.disable(logging.WARNING)  # lm-eval remarks on every task that it loads
    failures = task_check.check_tasks(names, say)
    for failure in failures:
        say(failure)
    if failures:
        raise typer.Exit(1)
    say("tasks: no failures")
