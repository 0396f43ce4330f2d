"""What the command `table` prints: one table for people unless more is asked for, or all numbers for programs."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from urlvr_bench.errors import unknown
from urlvr_bench.presentation.wording import Words, latex, markdown
from urlvr_bench.records import record
from urlvr_bench.records.schema import Record
from urlvr_bench.statistics.cells import cells
from urlvr_bench.system.caching import cached

KINDS = ("pass", "reward", "collapse", "probe")
"""What `--all` prints, and what programs read."""
EVERY = (
    *KINDS[:1],
    "ood",
    *KINDS[1:],
    "sensitivity",
    "agreement",
    "failure",
    "sharpening",
    "control",
    "indicators",
    "calm",
)
"""What `--kind` knows: the names of `tables.KINDS` and `science.kinds`, which take pandas to import."""
FIRST = "collapse"
"""What people see first: which methods rise, which fall, and when."""
FORMS = {"markdown": markdown, "latex": latex}
PROGRAMS = ("csv", "json")


@dataclass(frozen=True)
class Printed:
    """Tables in words for people, or the text of a document for programs, and what there is to say about them."""

    tables: tuple[Words, ...]
    text: str
    remarks: tuple[str, ...]


def printed(folders: Sequence[Path], kinds: Sequence[str], everything: bool, form: str) -> Printed:
    """Return what to print of the records in some folders, worked out anew only if one of them has changed.

    `form` is csv, json, or any other for people.
    """
    if form not in (*FORMS, *PROGRAMS, "terminal"):
        raise unknown("table format", form, [*FORMS, *PROGRAMS])
    for kind in kinds:
        if kind not in EVERY:
            raise unknown("kind of table", kind, EVERY)
    files = [(path, record.contents(path)) for path in record.find(list(folders))]
    asked = [*kinds, str(everything), form if form in PROGRAMS else ""]
    texts = (text for _, text in files)
    found = cached([*asked, *texts], lambda: asdict(_made(files, kinds, everything, form)))
    return Printed(tuple(Words(**each) for each in found["tables"]), found["text"], tuple(found["remarks"]))


def _made(files: Sequence[tuple[Path, bytes]], kinds: Sequence[str], everything: bool, form: str) -> Printed:
    from urlvr_bench.presentation.rendering import worded
    from urlvr_bench.reports import tables

    records = record.parse_files(files)
    remarks: list[str] = []
    if not kinds and not everything and form not in PROGRAMS:
        records, remarks = _largest(records)
        kinds = [FIRST if any(one.evals for one in records) else "reward"]
    found = {kind: tables.tables(records, kind) for kind in kinds or _kinds(records)}
    remarks += [tables.wanted(kind) for kind, several in found.items() if not several]
    if form in PROGRAMS:
        some = any(found.values()) or form == "json"
        return Printed((), tables.document(found, form) if some else "", tuple(remarks))
    return Printed(tuple(worded(each) for several in found.values() for each in several), "", tuple(remarks))


def _kinds(records: Sequence[Record]) -> list[str]:
    ladder = len({found.model.name for found in records}) > 1
    return [kind for kind in KINDS if kind != "probe" or ladder]


def _largest(records: Sequence[Record]) -> tuple[list[Record], list[str]]:
    """Return the runs of the comparison of most methods, and what to say of the rest."""
    compared = {cell: rows for cell, rows in cells(records).items() if cell.main}
    rows = max(compared.values(), key=len)
    kinds = [f"--kind {kind}" for kind in _kinds(records) if kind != FIRST]
    line = f"more numbers: {', '.join(kinds)}; all: --all; in words: urlvr-bench summary"
    if len(compared) > 1:
        line = f"the largest of {len(compared)} comparisons; {line}"
    return [one for several in rows.values() for one in several], [line]
