"""Submit finished runs: check them, show what they change on the board, open the pull request."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from urlvr_bench import protocol
from urlvr_bench.errors import UsageError
from urlvr_bench.hub import push
from urlvr_bench.hub.difference import Repo
from urlvr_bench.hub.repo import Hub, Published
from urlvr_bench.presentation.rendering import DASH, Row, Table, number, rendered
from urlvr_bench.records import record
from urlvr_bench.records.record import Record
from urlvr_bench.review.check import Finding, beside, examine, failed
from urlvr_bench.statistics.cells import Cell, Rows, cells
from urlvr_bench.statistics.intervals import difference
from urlvr_bench.statistics.metrics import scores
from urlvr_bench.statistics.ranking import LISTED
from urlvr_bench.statistics.summaries import BASE, pass_rows, spread

PUBLISHED = "run it under a published protocol, without --set"
LONGEST = 20_000
"""Characters of the table that go into the description of a pull request."""


@dataclass(frozen=True)
class Submission:
    """What came of a submission; one that is rejected has neither a table nor a pull request."""

    findings: list[Finding]
    table: str = ""
    published: Published | None = None

    @property
    def rejected(self) -> bool:
        """Whether the check found errors, not only warnings."""
        return failed(self.findings)


def submit(
    run_dirs: Sequence[Path],
    repo: str | None = None,
    *,
    against: Sequence[Path] = (),
    replace: bool = False,
    dry_run: bool = False,
    hub: Hub | None = None,
) -> Submission:
    """Check the runs, compare them with the board, and open or update the pull request on dataset `repo`.

    The board is what the dataset holds together with the records under `against`. A dry run without `repo` asks no
    Hub at all.
    """
    hub = hub or Hub()
    if not repo and not dry_run:
        raise UsageError("submit to which dataset? Name it (OWNER/NAME), or make it a dry run")
    findings, facts = examine(*run_dirs)
    if failed(findings):
        return Submission(findings)
    held = [*_held(repo, hub, dry_run), *(record.read_all(list(against)) if against else [])]
    findings += [*beside(facts, held), *refusals(run_dirs, held)]
    if failed(findings):
        return Submission(findings)
    new = [one.record for one in push.local(run_dirs).values()]
    table = comparison(new, held)
    if not repo:
        return Submission(findings, table)
    published = push.push_records(
        run_dirs, repo, hub, create_pr=True, description=table[:LONGEST], replace=replace, dry_run=dry_run
    )
    return Submission(findings, table, published)


def refusals(run_dirs: Sequence[Path], held: Sequence[Record]) -> Iterator[Finding]:
    """Yield why the board will not show runs that are sound: what they are, where they come from, too few of them."""
    new = {path: record.read(path) for path in record.find(list(run_dirs))}
    seeds: dict[Path, set[int]] = defaultdict(set)
    for one in [*held, *new.values()]:
        seeds[one.path.parent].add(one.seed)
    for path, one in new.items():
        name, source, alike = one.protocol.id, one.provenance, one.path.parent
        if one.overrides or not protocol.is_published(one.protocol.exact):
            yield Finding(path, f"made under {one.protocol_id}, which is no published protocol", PUBLISHED)
        elif one.protocol.training.may_end_early:
            yield Finding(path, f"{name} is a probe, which compares no methods", PUBLISHED)
        if source.git_commit is None or source.git_dirty:
            what = "outside of a checkout" if source.git_commit is None else "by code that was changed"
            yield Finding(path, f"made {what}, so nobody can make it again", "commit, then make the run again")
        if (count := len(seeds.pop(alike, range(LISTED)))) < LISTED:
            fix = f"add {LISTED - count} with `urlvr-bench run --seeds {LISTED}`"
            yield Finding(path, f"{count} seeds of {one.method.id}; the board lists methods from {LISTED} on", fix)


def _held(repo: str | None, hub: Hub, dry_run: bool) -> list[Record]:
    """Return the records that the dataset holds."""
    if repo is None:
        return []
    target = Repo(repo, "dataset")
    found = hub.patiently(target, lambda: push.download(hub, target, hub.state(target, guess=dry_run)))
    return [one.record for one in found.values()]


NOTES = (
    "Scores of the last step; brackets: 95 % interval over new seeds and problems (two-way variance, Satterthwaite t).",
    "vs: the score less that of a reference row, or of the contender that leads the board so far, paired by problem.",
)


def comparison(new: Sequence[Record], board: Sequence[Record]) -> str:
    """Return Markdown: per cell, the rows that `new` adds to or changes on `board`, and its reference rows."""
    known = {one.path: one for one in board}
    fresh = {one.path: one for one in new if known.get(one.path) != one}
    if not fresh:
        return "Nothing new: the board has all of these runs.\n"
    before, after = cells(known.values()), cells((known | fresh).values())
    found = []
    for cell, rows in after.items():
        changed = {method for method, records in rows.items() if any(one.path in fresh for one in records)}
        if changed and cell.main and cell.judged:
            text = _cell(cell, rows, before.get(cell, {}), changed)
            found.append(Table(f"New on {cell.title}", NOTES, pd.DataFrame(text), dict))
    return "\n\n".join(rendered(each, "markdown") for each in found) + "\n"


def _cell(cell: Cell, rows: Rows, before: Rows, changed: set[str]) -> list[dict[str, str]]:
    """Return the references and the changed methods of a cell as text, the references first."""
    after = pass_rows(cell, rows)
    was = {row["method"]: row for row in pass_rows(cell, before)} if before else {}
    rivals = {row["method"]: row["method"] for row in after if row["role"] != "contender" and row["method"] != BASE}
    if leader := next((name for name, row in was.items() if row["role"] == "contender"), None):
        rivals[f"{leader} (leads so far)"] = leader
    return [
        _columns(row, was.get(row["method"]), row["method"] in changed)
        | {f"vs {label}": _lead(cell, rows, row["method"], rival) for label, rival in rivals.items()}
        for row in after
        if row["role"] != "contender" or row["method"] in changed
    ]


def _columns(row: Row, was: Row | None, changed: bool) -> dict[str, str]:
    """Return who a row is, its seeds and rank before and after, its score and gain."""
    average = f"avg@{row['samples']}"
    role = "" if row["role"] == "contender" else f" ({row['role'].removeprefix('reference: ')} reference)"
    seeds, rank = str(row["seeds"]), _rank(row)
    if changed:
        seeds, rank = f"{was['seeds'] if was else 0} → {seeds}", f"{_rank(was)} → {rank}"
    return {
        "method": f"{row['method']}{role}",
        "seeds": seeds,
        average: number(row, average),
        "gain over step 0": DASH if row["method"] == BASE else number(row, "gain"),
        "rank": rank,
    }


def _rank(row: Mapping[str, object] | None) -> str:
    return DASH if row is None or pd.isna(row["rank"]) else f"{row['rank']:.0f}"


def _lead(cell: Cell, rows: Rows, method: str, rival: str) -> str:
    """Return by how much a method leads a rival, paired by problem."""
    if method not in rows or method == rival:
        return DASH
    average = f"avg@{rows[method][0].protocol.evaluation.samples}"
    found = difference(*(scores(rows[name], average, None, cell.judged) for name in (method, rival)))
    return number(spread("lead", found) | {"basis": found.basis}, "lead")
