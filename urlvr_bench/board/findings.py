"""What the records say beyond the boards: the studies, the ladders of models and the science page, as pages."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from markupsafe import Markup

from urlvr_bench.board.words import count
from urlvr_bench.errors import UsageError
from urlvr_bench.records.excerpts import Excerpts
from urlvr_bench.records.schema import Record
from urlvr_bench.studies.definition import load, names
from urlvr_bench.system.spreading import spread

if TYPE_CHECKING:
    from matplotlib.figure import Figure

RUNGS = 3
"""Models from which on a method's runs under one protocol are called a ladder."""
RESOLUTION = 144


@dataclass(frozen=True)
class Finding:
    """A page: what it asks, how many runs it rests on, its text, and its picture where it has one."""

    name: str
    title: str
    question: str
    runs: int
    markdown: Callable[[], str]
    figure: "Callable[[], Figure] | None" = None

    @property
    def path(self) -> str:
        """Its place in the site."""
        return f"findings/{self.name}.html"

    @property
    def text(self) -> Markup:
        """Its text as HTML; what the records of a site do not suffice for is said instead."""
        try:
            return html(self.markdown())
        except (UsageError, ValueError, LookupError) as error:  # readings are written for whole sets of records
            return html(f"The records of this site do not suffice for this page: {error}")

    @property
    def said(self) -> str:
        """On how many runs it rests, in words."""
        return f"{count(self.runs)} runs"


def findings(
    records: Sequence[Record], texts: Mapping[Path, Excerpts] | None = None, folders: Sequence[Path] = ()
) -> list[Finding]:
    """Return the findings that some records allow: the real model, ladders, studies with runs, the science page.

    `texts` are those beside the records, by the records' places; `folders` may hold what the untrained model can.
    """
    return [*_desk(records, texts or {}, folders), *_ladders(records), *_studies(records), *_science(records)]


def draw(records: Sequence[Record], site: Path) -> None:
    """Draw the pictures of all findings into the site, several at a time."""
    drawn = [one for one in findings(records) if one.figure is not None]
    if drawn:
        (site / "findings").mkdir()
        import seaborn  # noqa: F401 - takes seconds, which every process would spend on its own

        with spread(lambda i: _save(drawn[i], site), range(len(drawn)), least=2) as done:
            list(done)


def _save(one: Finding, site: Path) -> None:
    from urlvr_bench.presentation.drawing import style

    assert one.figure is not None  # noqa: S101
    with style():
        one.figure().savefig(site / "findings" / f"{one.name}.png", dpi=RESOLUTION, metadata={"Software": None})


def html(markdown: str) -> Markup:
    """Return Markdown as HTML: scrolling tables, all else escaped, no pictures but our own, no links to files."""
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    text = "\n".join(line for line in markdown.splitlines() if not line.startswith(("# ", "![")))
    made = parser.render(text)
    made = made.replace(' style="text-align:right"', ' class="num"').replace(' style="text-align:left"', "")
    made = re.sub(r'<a href="(?!https?:)[^"]*">(.*?)</a>', r"\1", made, flags=re.DOTALL)  # the site has no such files
    box = '<div class="scroll" tabindex="0" role="group" aria-label="Table"><table>'
    return Markup(made.replace("<table>", box).replace("</table>", "</table></div>"))  # noqa: S704 - escaped above


def _studies(records: Sequence[Record]) -> list[Finding]:
    from urlvr_bench.studies import drawing, pages

    known, found = {record.path: record for record in records}, []
    for study in map(load, names()):
        own = [known[run.record_path] for run in study.form("pocket").runs() if run.record_path in known]
        if own:
            made = partial(pages.page, study, own), partial(drawing.figure, study, own)
            found.append(Finding(study.name, study.title, study.question, len(own), *made))
    return found


def _desk(records: Sequence[Record], texts: Mapping[Path, Excerpts], folders: Sequence[Path]) -> list[Finding]:
    from urlvr_bench.reports import desk_docs, readme

    own = [record for record in records if record.protocol_id == readme.DESK]
    if len({(one.protocol_hash, one.model.name, one.task.name) for one in own}) != 1:
        return []
    written = {one.method.id: texts[one.path] for one in own if one.seed == 0 and one.path in texts}
    question = f"Does what tiny models show hold for {own[0].model.name}, a real language model?"

    def text() -> str:
        return desk_docs.page(records, written, folders)

    return [Finding("desk", "The desk lab: a real language model", question, len(own), text)]


def _ladders(records: Sequence[Record]) -> list[Finding]:
    from urlvr_bench.reports import tables
    from urlvr_bench.reports.ladder import ladder
    from urlvr_bench.statistics.cells import Cell, Rows, cells

    climbs: dict[tuple[str, ...], dict[Cell, Rows]] = {}
    plain = [one for one in records if not one.overrides and one.protocol.training.stop_at is None]
    for cell, rows in cells(plain).items():
        if cell.main and cell.judged and next(iter(rows.values()))[0].labelled:
            for method, runs in rows.items():
                key = (cell.protocol, cell.protocol_hash, cell.task, method)
                climbs.setdefault(key, {})[cell] = {method: runs}
    found = []
    for (protocol, _, task, method), rungs in sorted(climbs.items()):
        if len(rungs) >= RUNGS and not next(iter(rungs.values()))[method][0].method.uses_labels:
            own = [run for rows in rungs.values() for runs in rows.values() for run in runs]
            text = partial(_ladder_text, own, tables.table)
            title = f"From weak to strong models: {method} under {protocol}"
            question = f"How long does a stronger start withstand {method} on {task}?"
            found.append(
                Finding(f"ladder-{protocol}-{method}", title, question, len(own), text, partial(ladder, rungs))
            )
    return found


def _ladder_text(runs: Sequence[Record], table: Callable[[Sequence[Record], str], str]) -> str:
    return table(runs, "probe")


def _science(records: Sequence[Record]) -> list[Finding]:
    from urlvr_bench.reports.ends_readings import PUSHED
    from urlvr_bench.studies import science_page

    if not {record.protocol.id for record in records} >= {"pocket@1", PUSHED, "pocket-mcs"}:
        return []
    question = "Can collapse be foretold, seen without labels, and told from noise?"
    text = partial(science_page.page, records)
    return [Finding("science", "What the records say beyond the board", question, len(records), text)]
