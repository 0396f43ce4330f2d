"""The files under data/ and the feed: what scripts of the site load, and what other programs may rely on."""

import csv
import io
from collections.abc import Callable, Iterator
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from urlvr_bench.board.boards import FACETS
from urlvr_bench.board.content import Page, Site
from urlvr_bench.records.record import Record, dumps, text

VERSION = 1
"""Of the form of data/board.json; a change that breaks readers raises it."""
NEWEST = 50
"""Records in the feed."""
FILES = (
    ("board.json", "Every row of every board with its raw values, and the boards; its form is in schema.json."),
    ("board.csv", "The same rows as a table."),
    ("schema.json", "JSON Schema (2020-12) of board.json: every column, what it means and what it may hold."),
    ("records.json", "Where the record of each run lies under data/records/, and the texts beside it where there are."),
    ("rows.json", "What the board's own page loads; its form may change at any time."),
    ("compare/", "Per board: curves with their bands, and the paired difference of every two methods."),
    ("../feed.xml", f"Atom feed of the {NEWEST} newest records."),
)
"""Name and content of what data/ holds, for the page that says so."""
KEYS = ("key", "name", "help", "fields", "numeric", "shown")
WHOLE = {"rank", "rank_low", "rank_high", "seeds", "train_tokens", "peak_mean_step"}


def files(site: Site, run_page: Callable[[Record], str]) -> Iterator[Page]:
    """Yield every data file."""
    tables = [
        {"protocol_hash": board.cell.protocol_hash, **row.raw} for board in site.boards for row in site.rows[board.name]
    ]
    yield "data/rows.json", dumps(_for_scripts(site))
    boards = [
        {**board.facets, "title": board.title, "protocol_hash": board.cell.protocol_hash} for board in site.boards
    ]
    whole = {"$schema": "schema.json", "version": VERSION, "updated": site.facts["updated"], "boards": boards}
    yield "data/board.json", dumps({**whole, "rows": tables}) + "\n"
    yield "data/board.csv", _csv(tables)
    yield "data/schema.json", dumps(schema(site)) + "\n"
    yield from _records(site)
    yield "feed.xml", feed(site, run_page)


def _for_scripts(site: Site) -> dict[str, Any]:
    """Return the rows for scripts, their cells as HTML."""
    macros: Any = site.environment.get_template("macros.html").module
    hints: dict[tuple[str, str], int] = {}
    listed = [
        {
            "board": i,
            "method": row.entry.id,
            "family": row.entry.score["family"],
            "style": row.style,
            "words": row.words,
            "html": [str(macros.cell(row.cells[column.key])) for column in site.columns],
            "hints": [hints.setdefault((cell.style, cell.tip), len(hints)) for cell in row.cells.values()],
            "order": {j: cell.order for j, cell in enumerate(row.cells.values()) if cell.order is not None},
            "raw": [round(value, 6) if isinstance(value, float) else value for value in row.raw.values()],
        }
        for i, board in enumerate(site.boards)
        for row in site.rows[board.name]
    ]
    heads = [
        {key: getattr(column, key) for key in KEYS} | {"html": str(macros.head(column))} for column in site.columns
    ]
    boards = [
        {**board.facets, "name": board.name, "title": board.title, "subtitle": board.subtitle} for board in site.boards
    ]
    return {"columns": heads, "boards": boards, "hints": list(hints), "rows": listed}


def _csv(tables: list[dict[str, Any]]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(tables[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(tables)
    return text.getvalue()


def schema(site: Site) -> dict[str, Any]:
    """Return the JSON Schema of board.json."""
    found: dict[str, Any] = {"protocol_hash": {"type": "string", "description": "Hash of the protocol's settings"}}
    for column in site.columns:
        for name in column.fields:
            found[name] = {"type": _types(name, column.numeric), "description": f"{column.name}: {column.help}"}
    row = {"type": "object", "properties": found, "required": [*found], "additionalProperties": False}
    words = {"type": "string"}
    board = {"type": "object", "additionalProperties": words, "required": [*FACETS, "title"]}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "urlvr-bench board",
        "type": "object",
        "required": ["version", "updated", "boards", "rows"],
        "properties": {
            "$schema": words,
            "version": {"const": VERSION},
            "updated": {"type": "string", "format": "date", "description": "Day on which the newest run finished"},
            "boards": {"type": "array", "items": board},
            "rows": {"type": "array", "items": row},
        },
        "additionalProperties": False,
    }


def _types(name: str, numeric: bool) -> list[str]:
    if name in WHOLE:
        return ["integer", "null"]
    if name == "uses_labels":
        return ["boolean", "null"]
    count = name.endswith(("_seeds",))
    number = (numeric and name != "device") or name.endswith(("_step", "_low", "_high")) or name.startswith("train_")
    return ["integer", "null"] if count else ["number", "null"] if number else ["string", "null"]


def _records(site: Site) -> Iterator[Page]:
    """Yield the records themselves, the texts beside them, and the list of both."""
    listed = []
    for record in sorted(site.records, key=lambda one: one.path):
        path, texts = record.path.as_posix(), site.samples.get(record.path)
        beside = f"{path.removesuffix('.json')}.samples.json" if texts else None
        yield f"data/records/{path}", text(record)
        if texts:
            yield f"data/records/{beside}", texts.model_dump_json() + "\n"
        listed.append({"run": path.removesuffix(".json"), "record": f"records/{path}", "samples": beside})
    yield "data/records.json", dumps(listed) + "\n"


def feed(site: Site, run_page: Callable[[Record], str]) -> str:
    """Return the Atom feed of the newest records; without an address of the site its links are relative."""
    base = site.links.base
    newest = sorted(site.records, key=lambda one: (one.provenance.finished, one.path), reverse=True)[:NEWEST]
    entries = "".join(_entry(record, site, base + run_page(record)) for record in newest)
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom">\n'
        "<title>urlvr-bench: new records</title>\n<id>tag:urlvr-bench,2026:records</id>\n"
        f'<link rel="self" href={quoteattr(base + "feed.xml")}/>\n<link href={quoteattr(base + "index.html")}/>\n'
        f"<author><name>The urlvr-bench developers</name></author>\n"
        f"<updated>{newest[0].provenance.finished}</updated>\n{entries}</feed>\n"
    )


def _entry(record: Record, site: Site, href: str) -> str:
    where = f"{record.protocol_id}, {record.model.name}, {record.task.name}"
    title = f"{record.method.id}, seed {record.seed} ({where})"
    return (
        f"<entry><title>{escape(title)}</title><id>tag:urlvr-bench,2026:{escape(record.path.as_posix())}</id>"
        f"<link href={quoteattr(href)}/><updated>{record.provenance.finished}</updated>"
        f"<summary>{escape(site.runs[record.path].story)}</summary></entry>\n"
    )
