"""The command `summary`: what every method did, in one table that fits a terminal."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from urlvr_bench.commands.options import AsJson, Folders

if TYPE_CHECKING:
    from urlvr_bench.records.record import Record

NARROW, WIDE = 80, 96
"""Columns: what every terminal has, and from where on the curve is drawn too."""


def summary(folders: Folders, as_json: AsJson = False) -> None:
    """Say which methods rose, which fell, when, and what it cost: one table per comparison."""
    from urlvr_bench.records import record
    from urlvr_bench.reports.summary import NOTES, summaries

    records = record.read_all(folders)
    if as_json:
        tables = [{**vars(each), "lines": [line.as_json() for line in each.lines]} for each in summaries(records)]
        print(json.dumps({"notes": NOTES, "summaries": tables}, ensure_ascii=False))
        return
    show(records, Console(width=None if Console().is_terminal else NARROW))


def show_runs(folders: Sequence[Path], console: Console) -> None:
    """Print the summary of the runs in some folders that are done; nothing of those that no task judged."""
    from urlvr_bench.records import record

    made = [folder / "record.json" for folder in folders if (folder / "record.json").is_file()]
    if found := [one for one in record.read_files(made) if one.evals]:
        show(found, console)


def show(records: "Sequence[Record]", console: Console) -> None:
    """Print the summary of some records, and what its words mean."""
    from urlvr_bench.reports.summary import NOTES, curve, summaries

    wide = console.width >= WIDE and console.encoding.lower().startswith("utf")
    for each in summaries(records):
        table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False, title=each.title, title_justify="left")
        table.caption, table.caption_justify = each.compared, "left"
        table.add_column("method", overflow="fold", min_width=21)
        for name in ("start > peak (at) > end", *(["curve"] if wide else []), "verdict", "collapsed"):
            table.add_column(name, no_wrap=True)
        table.add_column("tokens", no_wrap=True, justify="right")
        part = ""
        for line in each.lines:
            if line.role != part and part:
                table.add_section()
            part = line.role
            style = "dim" if line.role != "contender" else None
            drawn = [curve(line.verdict)] if wide else []
            cost = f"{line.tokens / 1000:,.0f}k"
            table.add_row(line.method, line.course, *drawn, line.outcome, line.collapsed, cost, style=style)
        console.print(table, highlight=False)
        console.print()
    for note in NOTES:
        console.print(note, style="dim", highlight=False)
