"""Every page and data file of the site as text, by its path in the site."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from urlvr_bench.board import (
    charts,
    comparison,
    curves,
    data_files,
    findings,
    front,
    lede,
    overview,
    problems,
    registry,
    runs,
)
from urlvr_bench.board.boards import Board
from urlvr_bench.board.content import Page, Site
from urlvr_bench.board.findings import Finding
from urlvr_bench.board.gathering import Gathered
from urlvr_bench.board.links import Links
from urlvr_bench.board.registry import Card
from urlvr_bench.board.rows import Row
from urlvr_bench.protocol import Protocol, slug
from urlvr_bench.records.record import Record, dumps
from urlvr_bench.statistics import collapse, ranking
from urlvr_bench.system.spreading import spread

Draft = Callable[[], Page]
"""Renders a page; all are drafted before the processes that render them part."""


def render(records: Sequence[Record], found: Gathered, links: Links) -> Iterator[Page]:
    """Return every file of the site that is made of records.

    A run's page needs none of the boards' summaries, so that other processes render those pages meanwhile.
    """
    site = Site(records, found.damaged, found.attested, found.samples, links)
    site.environment, site.runs, site.facts  # noqa: B018 - worked out before the processes part
    runs = [
        (board, record) for board in site.bare_boards if board.own for rows in board.rows.values() for record in rows
    ]
    with spread(lambda i: _run(site, *runs[i]), range(len(runs)), patience=10) as run_pages:
        drafts = [*_boards(site), *_methods(site), *_compare(site), *_findings(site, found)]
        with spread(lambda i: drafts[i](), range(len(drafts)), least=2) as pages:
            yield from pages
        yield _about(site)
        yield site.page("data/index.html", "data.html", page="data", files=data_files.FILES)
        yield from data_files.files(site, run_page)
        yield from run_pages


def board_page(board: Board) -> str:
    """Return the path of a board's page."""
    return f"board-{board.name}.html"


def run_page(record: Record) -> str:
    """Return the path of a run's page."""
    return Path("runs", record.path).with_suffix(".html").as_posix()


def _boards(site: Site) -> Iterator[Draft]:
    others = [front.listed(board) | {"page": board_page(board)} for board in site.boards]
    shared = {"page": "board", "boards": others, "sentence": lede.sentence(site.records), "facets": front.facets(site)}
    for i, board in enumerate(site.boards):
        for path in [board_page(board)] if i else ["index.html", board_page(board)]:
            yield partial(site.page, path, "board.html", **shared, **front.values(site, board))
        picture = overview.overview(board)
        yield partial(site.page, f"embed/{board.name}.html", "embed.html", page="embed", board=board, overview=picture)


def _methods(site: Site) -> Iterator[Draft]:
    yield partial(site.page, "methods/index.html", "methods.html", page="methods", cards=list(site.cards.values()))
    found: dict[str, list[Row]] = defaultdict(list)
    for board in site.boards:
        for row in site.rows[board.name] if board.own else ():
            if row.entry.records:
                found[row.entry.records[0].method.name].append(row)
    for name, card in site.cards.items():
        yield partial(_method, site, card, found[name])
        for alias in map(slug, card.aliases):
            if alias not in site.cards:
                yield partial(site.page, f"methods/{alias}.html", "alias.html", page="methods", alias=alias, card=card)


def _method(site: Site, card: Card, found: Sequence[Row]) -> Page:
    shown = [column for column in site.columns if (column.shown or column.key == "judged") and column.key != "method"]
    entries = [_entry(site, card, site.everywhere(row)) for row in found]
    path = f"methods/{card.file}"
    facts = {"card": card, "entries": entries, "columns": shown, "headline": collapse.HEADLINE.name}
    return site.page(path, "method.html", page="methods", **facts)


def _entry(site: Site, card: Card, found: list[Row]) -> dict[str, Any]:
    """Return what a method's page shows of the rows of some runs: judged on their own task, then on others."""
    board, entry = found[0].board, found[0].entry
    return {
        "id": entry.id,
        "anchor": board.name,
        "board": board,
        "rows": found,
        "chart": curves.dual([site.runs[record.path] for record in entry.records]),
        "runs": [(run_page(record), site.runs[record.path]) for record in entry.records],
        "bibtex": [_bibtex(card, row) for row in found],
    }


def _bibtex(card: Card, row: Row) -> str:
    avg, board = row.cells["avg"], row.board
    note = f"{board.metric} = {avg.text} {avg.sub}, {len(row.entry.records)} seeds, protocol {board.cell.protocol_hash}"
    return registry.bibtex(card, f"urlvr-bench: {row.entry.id} on {board.title}", note)


def _run(site: Site, board: Board, record: Record) -> Page:
    run = site.runs[record.path]
    return site.page(
        run_page(record),
        "run.html",
        page="board",
        run=run,
        record=record,
        board=board,
        board_page=board_page(board),
        dual=curves.dual([run]),
        panels=curves.panels(record),
        stride=charts.stride(board.steps),
        problems=problems.view(record),
        samples=site.samples.get(record.path),
        provenance=runs.provenance(record),
        attested=site.attested.get(record.path),
        details=runs.details(record),
    )


def _compare(site: Site) -> Iterator[Draft]:
    listed = [{"slug": board.name, "title": board.title, "subtitle": board.subtitle} for board in site.boards]
    yield partial(site.page, "compare.html", "compare.html", page="compare", boards=listed, frames=comparison.frames())
    for board in site.boards:
        yield partial(_comparison, board)


def _comparison(board: Board) -> Page:
    return f"data/compare/{board.name}.json", dumps(comparison.comparison(board))


def _findings(site: Site, found: Gathered) -> Iterator[Draft]:
    known = [*found.records, *found.probes] or [*site.records]
    chosen = findings.findings(known, found.samples, found.folders)
    yield partial(site.page, "findings/index.html", "findings.html", page="findings", findings=chosen)
    for one in chosen:
        yield partial(_finding, site, one)


def _finding(site: Site, one: Finding) -> Page:
    return site.page(one.path, "finding.html", page="findings", finding=one, text=one.text)


def _about(site: Site) -> Page:
    protocols: dict[str, Protocol] = {board.protocol: board.first.protocol for board in site.boards}
    return site.page(
        "about.html",
        "about.html",
        page="about",
        protocols=sorted(protocols.items()),
        headline=collapse.HEADLINE,
        definitions=[one for one in collapse.DEFINITIONS if one is not collapse.HEADLINE],
        fewest=collapse.FEWEST,
        listed=ranking.LISTED,
        ranked=ranking.RANKED,
        record=ranking.RECORD,
        damaged=site.damaged,
        resamples=ranking.RESAMPLES,
        tiny=lede.TINY,
    )
