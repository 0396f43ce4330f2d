"""What the page of a board holds: its rows, its figures and the words that explain them."""

from collections import Counter
from typing import Any

from urlvr_bench.board import curves, lede, outcomes, overview
from urlvr_bench.board.boards import FACETS, Board
from urlvr_bench.board.columns import FACET_NAMES
from urlvr_bench.board.content import Site
from urlvr_bench.board.entries import Entry
from urlvr_bench.reports.summary import in_words
from urlvr_bench.statistics import ranking
from urlvr_bench.statistics.cells import different
from urlvr_bench.statistics.summaries import REFERENCE
from urlvr_bench.statistics.verdicts import NOISE

FIRST_ROWS = 150
"""Rows of a board that its page holds itself; scripts load the rest."""


def values(site: Site, board: Board) -> dict[str, Any]:
    """Return what the template of a board's page shows of it."""
    return {
        "board": board,
        "rows": site.rows[board.name],
        "answer": answer(board),
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


def answer(board: Board) -> str:
    """Return what became of the rewards without labels, beside noise and labels; equal runs count once."""
    counted = different({entry.id: list(entry.records) for entry in board.contenders})
    words = Counter(entry.verdict.word for entry in board.contenders if entry.verdict and entry.id in counted)
    if not words:
        return ""
    total = words.total()
    said = f"Of {total} reward{'' if total == 1 else 's'} without labels: "
    said += f"{in_words(words.most_common())}."
    known = {entry.id: entry.verdict for entry in board.entries if entry.verdict}
    framed = [(name, known[id]) for name, id in (("labels end", REFERENCE), ("noise ends", NOISE)) if id in known]
    if not framed:
        return said
    ends = " and ".join(f"{name} at {100 * verdict.end:.1f} %" for name, verdict in framed)
    return f"{said} From {100 * framed[0][1].accuracies[0]:.1f} % right answers, {ends}."


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
        result = f"{tied.total()} tied for first: {in_words(tied.most_common())}"
    elif best is not None and best.verdict is not None:
        result = f"{best.id}: {best.verdict.word}"
    kind = "tiny model" if lede.is_tiny(board.first.model) else "real language model"
    return {"title": board.title, "subtitle": f"{kind}, {board.subtitle}; {result}"}


def _panel(entry: Entry) -> dict[str, Any]:
    how = outcomes.manner(entry)
    word = entry.verdict.word if entry.verdict else ""
    return {"chart": curves.small(entry), "style": outcomes.style(entry), "word": f"{word}{f', {how}' if how else ''}"}
