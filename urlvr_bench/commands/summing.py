"""The command `summary`: what every method did, in one table that fits a terminal."""

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from urlvr_bench.commands.options import AsJson, Folders, say, several

if TYPE_CHECKING:
    from urlvr_bench.records.record import Record
    from urlvr_bench.reports.summary import Summary

FEW = 6
"""Comparisons whose tables can be read through; of more, a line each is shown first."""
SURE, WIDE = 96, 110
"""Columns from where on seeds and intervals are shown, as where there is no terminal, and the curve is drawn too."""
LEAST = 17
"""Letters of a method's name that stay on one line, however wide the numbers beside it are."""


def summary(
    folders: Folders,
    everything: Annotated[
        bool, typer.Option("--all", help="Every table, of changed settings and probes, too.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Say which methods rose, which fell, when, and what it cost: a table, or of many a line, per comparison."""
    from urlvr_bench.records import record
    from urlvr_bench.reports.summary import NOTES, summaries

    records = record.read_all(folders)
    if as_json:
        plain = [{**vars(each), "lines": [line.as_json() for line in each.lines]} for each in summaries(records)]
        print(json.dumps({"notes": NOTES, "summaries": plain}, ensure_ascii=False))
        return
    whole = [one for one in records if not (one.overrides or one.protocol.training.may_end_early)]
    folded = len(records) - len(whole) if whole and not everything else 0
    shown, console = whole if folded else records, Console(width=None if Console().is_terminal else SURE)
    found = summaries(shown)
    if len(found) > FEW and not everything:
        overview(found, console)
        say(f"left out: the tables, with intervals; --all shows them, or a folder of at most {FEW} comparisons")
    else:
        tables(found, console)
    if folded:
        say(f"left out: {several(folded, 'run')} with changed settings or that end early; --all or a folder shows them")


def show_runs(folders: Sequence[Path], console: Console) -> None:
    """Print the summary of the runs in some folders that are done; nothing of those that no task judged."""
    from urlvr_bench.records import record

    made = [folder / "record.json" for folder in folders if (folder / "record.json").is_file()]
    if found := [one for one in record.read_files(made) if one.evals]:
        show(found, console)


def counted(tokens: float) -> str:
    """Return a number of tokens in at most six letters."""
    return f"{tokens / 1e3:,.0f}k" if tokens < 1e7 else f"{tokens / 1e6:,.0f}M" if tokens < 1e10 else f"{tokens:.0e}"


def overview(found: "Sequence[Summary]", console: Console) -> None:
    """Print what became of rewards without labels, in all and a line per comparison."""
    from urlvr_bench.reports.summary import NOTES, in_words

    total = sum((Counter(each.outcomes) for each in found), Counter[str]())
    of = f"Of {total.total()} rewards without labels in {len(found)} comparisons (equal runs count once)"
    console.print(f"{of}: {in_words(total.most_common())}.", highlight=False)
    console.print()
    table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False)
    for name in ("comparison", "seeds", "what became of them"):
        table.add_column(name)
    for each in sorted(found, key=lambda each: each.changed):
        table.add_row(each.title, each.seeds, in_words(each.outcomes.items()))
    console.print(table, highlight=False)
    console.print()
    for note in NOTES[:2]:
        console.print(note, style="dim", highlight=False)


def show(records: "Sequence[Record]", console: Console) -> None:
    """Print the summary of some records, and what its words mean."""
    from urlvr_bench.reports.summary import summaries

    tables(summaries(records), console)


def tables(found: "Sequence[Summary]", console: Console) -> None:
    """Print a table per comparison, and what its words mean."""
    from urlvr_bench.reports.summary import NOTES, curve

    wide = console.width >= WIDE and console.encoding.lower().startswith("utf")
    sure = console.width >= SURE
    for each in sorted(found, key=lambda each: each.changed):
        table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False, title=each.title, title_justify="left")
        table.caption, table.caption_justify = each.compared, "left"
        table.add_column("method", overflow="fold", min_width=LEAST)
        more = [*(["95 % of end", "seeds"] if sure else []), *(["curve"] if wide else [])]
        for name in ("start > peak (at) > end", *more, "verdict", "collapsed"):
            table.add_column(name, no_wrap=True)
        table.add_column("tokens", no_wrap=True, justify="right")
        part = ""
        for line in each.lines:
            if line.role != part and part:
                table.add_section()
            part = line.role
            style = "dim" if line.role != "contender" else None
            drawn = [*([line.range, str(line.seeds)] if sure else []), *([curve(line.verdict)] if wide else [])]
            cells = (line.course, *drawn, line.outcome, line.collapsed, counted(line.tokens))
            table.add_row(line.method, *cells, style=style)
        console.print(table, highlight=False)
        console.print()
    for note in NOTES if sure else NOTES[:-1]:  # the last tells of intervals
        console.print(note, style="dim", highlight=False)
