"""Commands that read what is there: list, table, plot, check. None of them needs torch."""

import json
import logging
import os
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from urlvr_bench.commands.options import AsJson, Folders, console, one_thread, plain


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
            "indicators; repeat. Default: pass, reward, collapse and, with several models, probe."
        ),
    ] = None,
    format_: Annotated[str, typer.Option("--format", help="markdown, csv, json or latex.")] = "markdown",
) -> None:
    """Print pass@k, reward-accuracy and collapse-step tables of finished runs."""
    from urlvr_bench.records import record
    from urlvr_bench.reports import tables

    records = record.read_all(folders)
    ladder = len({found.model.name for found in records}) > 1
    kinds = kind or ["pass", "reward", "collapse", *(["probe"] if ladder else [])]
    found = {name: tables.tables(records, name) for name in kinds}
    if any(found.values()) or format_ == "json":
        print(tables.document(found, format_))
    for name in found:
        if not found[name]:
            console.print(plain(tables.wanted(name)), highlight=False, soft_wrap=True)


def plot(
    folders: Folders,
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder of the pictures.")] = Path("figures"),
) -> None:
    """Draw each method's dual curve (proxy against ground truth) and the overview, as PNG and SVG."""
    from urlvr_bench.records import record
    from urlvr_bench.reports import figures

    for path in figures.plot(record.read_all(folders), out):
        print(path)


def check(
    what: Annotated[
        list[str], typer.Argument(help="Folders of records; or `methods [NAME|PATH ...]`; or `tasks [NAME ...]`.")
    ],
    train: Annotated[bool, typer.Option(help="methods: also train each for two minutes and draw its curve.")] = True,
    out: Annotated[Path, typer.Option("--out", "-o", help="methods: folder of those trainings.")] = Path("runs/check"),
    as_json: AsJson = False,
) -> None:
    """Re-read records and list every failure with its fix; or hold methods or tasks to their contract."""
    if what[0] == "methods":
        check_methods(what[1:], train, out)
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
        console.print(plain(str(finding)), highlight=False, soft_wrap=True)
    if failed(findings):
        raise typer.Exit(1)
    console.print("; ".join(filter(None, [f"{', '.join(what)}: no failures", tested(facts)])), highlight=False)


def check_tasks(names: list[str]) -> None:
    """Print what is wrong with tasks: splits that meet, golds that do not score, sources that are not pinned."""
    from urlvr_bench.review import task_check

    one_thread()
    logging.disable(logging.WARNING)  # lm-eval remarks on every task that it loads
    failures = task_check.check_tasks(names, lambda line: console.print(plain(line), highlight=False, soft_wrap=True))
    for failure in failures:
        console.print(plain(failure), highlight=False, soft_wrap=True)
    if failures:
        raise typer.Exit(1)
    console.print("tasks: no failures", highlight=False)


def check_methods(targets: list[str], train: bool, out: Path) -> None:
    """Print the examination of each method (default: all, untrained) as Markdown to paste into a pull request."""
    from urlvr_bench import methods
    from urlvr_bench.review import method_check

    sound = True
    for target in targets or methods.names():
        found = method_check.examine(target)
        training = method_training(found.name, out) if train and targets and found.sound else ""
        print(method_check.markdown(found, training))
        sound = sound and found.sound
    if not sound:
        raise typer.Exit(1)


def method_training(name: str, out: Path) -> str:
    """Train a method and the random line for two minutes on a pocket prior, draw the curves, return the tables."""
    from urlvr_bench import methods
    from urlvr_bench.records import record
    from urlvr_bench.reports import figures, tables
    from urlvr_bench.running import plan, runner

    if name not in methods.names():
        return "Not trained: the file does not lie in methods/, so a run could not name it."
    cells = plan.lay_out(plan.grid("pocket", [name, "random_reward"], [0], overrides={"steps": "120"}), out)
    outcomes = runner.carry_out(cells, plan.default_jobs(), console)
    failures = [f"{ended.cell.folder}: {ended.error}" for ended in outcomes if ended.error]
    if failures:
        return "Training failed: " + "; ".join(failures)
    records = record.read_all([cell.folder for cell in cells])
    pictures = figures.plot(records, out / name)
    shown = "\n".join(f"- `{path}`" for path in pictures if path.suffix == ".png")
    return "\n\n".join([tables.table(records, "pass"), tables.table(records, "collapse"), shown])
