"""Build the site: write pages into a folder beside the old site, then put it in the old one's place."""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from urlvr_bench.board import assets, findings, pages
from urlvr_bench.board.gathering import Gathered
from urlvr_bench.board.links import Links
from urlvr_bench.errors import UsageError
from urlvr_bench.records.record import Record
from urlvr_bench.system import files
from urlvr_bench.system.processes import assured

MARKER = Path("data", "board.json")
"""A folder that has this file is a site that may be replaced."""


@dataclass(frozen=True)
class Built:
    """What was built."""

    out: Path
    methods: int
    runs: int
    files: int
    size: int
    """Bytes."""


def build(records: Sequence[Record], out: Path, found: Gathered | None = None, links: Links | None = None) -> Built:
    """Build the site of some records as folder `out`; on any error a site that is already there stays as it is.

    `found`, of which they are a part, says what was left out and what attests them; `links` where else to look.
    """
    if not records:
        raise UsageError("no records to build a site from; make some with `urlvr-bench run`")
    twice = [path for path, times in Counter(read.path for read in records).items() if times > 1]
    if twice:
        raise UsageError(f"run {twice[0].with_suffix('')} is given twice; keep one of its records")
    with replaced(out) as site:
        assets.copy_static(site)
        found = found or Gathered(list(records))
        findings.draw([*found.records, *found.probes], site)
        for path, text in pages.render(records, found, links or Links()):
            target = site / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8")
        sizes = [path.stat().st_size for path in site.rglob("*") if path.is_file()]
    return Built(out, len({read.method.id for read in records}), len(records), len(sizes), sum(sizes))


@contextmanager
def replaced(out: Path) -> Iterator[Path]:
    """Yield a fresh folder that takes the place of `out` when the block ends well, and is removed when it does not."""
    out = out.resolve()
    if out.exists() and not (out.is_dir() and ((out / MARKER).is_file() or not any(out.iterdir()))):
        raise UsageError(f"{out} is not a site that urlvr-bench built; give a new or an empty folder")
    out.parent.mkdir(parents=True, exist_ok=True)
    fresh, old = (files.temporary_name(out, ending) for ending in ("new", "old"))

    def tidy() -> None:
        if old.exists() and not out.exists():
            old.rename(out)
        for left in (fresh, old):
            files.remove(left)
        for ending in ("new", "old") if out.exists() else ("new",):
            files.sweep(out, ending)

    with files.explained(out), assured(tidy):
        fresh.mkdir()
        yield fresh
        if out.exists():
            out.rename(old)
        fresh.rename(out)
