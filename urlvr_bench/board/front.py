"""What the page of a board holds: its rows, its figures and the words that explain them."""

from collections import Counter
from typing import Any

from urlvr_bench.board import curves, lede, outcomes, overview
from urlvr_bench.board.boards import FACETS, Board
from urlvr_bench.board.columns import FACET_NAMES
from urlvr_bench.board.content import Site
from urlvr_bench.board.entries import Entry
from urlvr_bench.statistics import ranking

FIRST_ROWS = 150
"""Rows of a board that its page holds itself; scripts load the rest."""


def values(site: Site, board: Board) -> dict[str, Any]:
    """Return what the template of a board's page shows of it."""
    return {
        "board": board,
        "rows": site.rows[board.name],
        "about": lede.about(board.first.model),
        "overview": overview.overview(board),
        "panels": [[_panel(entry) for entry in part] for part in overview.panels(board)],
        "meanings": [(word, outcomes.STYLES[word], text) for word, text in outcomes.MEANINGS.items()],
        "columns": site.columns,
        "shown": [column for column in site.columns if column.shown],
        "limit": FIRST_ROWS,
        "listed": ranking.LISTED,
        "ranked": ranking.RANKED,
    }


def facets(site: Site) -> list[dict[str, Any]]:
    """Return what the boards may be chosen by, where there is a choice."""
    found = {key: sorted({board.facets[key] for board in site.boards}) for key in FACETS}
    found["family"] = sorted({str(row.entry.score["family"]) for rows in site.rows.values() for row in rows} - {""})
    listed = [{"key": key, "label": FACET_NAMES.get(key, key), "choices": choices} for key, choices in found.items()]
    return [facet for facet in listed if len(facet["choices"]) > 1]


def listed(board: Board) -> dict[str, Any]:
    """Return what the list of all boards says of one, with its result in a few words."""
    best = next(iter(board.contenders), None)
    tied = Counter(entry.verdict.word for entry in board.contenders if entry.tied and entry.verdict)
    result = "references alone"
    if tied.total() > 1:
        result = f"{tied.total()} tied for first: {'; '.join(f'{count} {word}' for word, count in tied.most_common())}"
    elif best is not None and best.verdict is not None:
        result = f"{best.id}: {best.verdict.word}"
    kind = "tiny model" if lede.is_tiny(board.first.model) else "real language model"
    return {"title": board.title, "subtitle": f"{kind}, {board.subtitle}; {result}"}


def _panel(entry: Entry) -> dict[str, Any]:
    how = outcomes.manner(entry)
    word = entry.verdict.word if entry.verdict else ""
    return {"chart": curves.small(entry), "style": outcomes.style(entry), "word": f"{word}{f', {how}' if how else ''}"}
