"""Time and size of the site against the number of records: `python benchmarks/site.py [--quick] [--json FILE]`.

Each time is that of a fresh process, up to 1,000 records the median and range of repeats; the whole one starts Python
and ends it, too. The first view is what a browser fetches before a reader can filter, compressed:
the board's page, its styles, scripts and rows; `page` leaves out the rows, which arrive after the first paint.
"""

import gzip
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from report import Tables, report

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "support"))
from records import fabricate

from urlvr_bench import board
from urlvr_bench.records.record import ModelInfo, Record, write
from urlvr_bench.reports.tables import table
from urlvr_bench.review.check import check

METHODS = ("majority_vote", "self_certainty", "token_entropy", "random_reward", "ground_truth")
VARIANTS, SEEDS, REPEATS = 4, 5, 5
BUILD = """
import json, sys, time
from pathlib import Path
from urlvr_bench.commands.options import one_thread
one_thread()
from urlvr_bench import board
from urlvr_bench.records.record import uncollected
folder, begun = Path(sys.argv[1]), time.perf_counter()
with uncollected():
    records = board.gather([folder / "results"])
    between = time.perf_counter()
    board.build(records, folder / "site")
print(json.dumps([between - begun, time.perf_counter() - between]))
"""
"""What `urlvr-bench board build` does."""
FETCHED = (
    "index.html",
    "static/site.css",
    "static/theme.js",
    "static/board.js",
    "static/download.js",
    "static/chart.js",
    "static/help.js",
    "static/address.js",
    "static/figures.js",
    "static/grid.js",
)


def records(count: int) -> Iterator[Record]:
    """Yield records of boards of 20 methods with 5 seeds each, 200 steps and 128 problems as the pocket protocol."""
    settings = {"steps": 200, "problems": 128, "every": 40, "k": (1, 2, 4, 8, 16)}
    first = [
        fabricate(name, seed, collapse_at=150 if name == "token_entropy" else None, **settings)
        for name in METHODS
        for seed in range(SEEDS)
    ]
    for i in range(count):
        model, rest = divmod(i, len(first) * VARIANTS)
        variant, place = divmod(rest, len(first))
        made = first[place]
        info = made.method.model_copy(update={"params": {"v": variant}, "id": f"{made.method.name}(v={variant})"})
        given = ModelInfo(name=f"model-{model}", revision=None, parameters=1, weights_sha256=f"{model:016x}")
        yield made.model_copy(update={"method": info, "model": given})


def measured(count: int) -> dict[str, str]:
    """Write, read and build `count` records; return a row of the table."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for record in records(count):
            write(record, folder / "results" / record.path)
        laps = [_lap(folder) for _ in range(REPEATS if count <= 1000 else 1)]
        begun = time.perf_counter()
        check(folder / "results")  # it finds the methods' settings unknown, and reads and compares everything
        checked = time.perf_counter()
        table(board.gather([folder / "results"]), "pass")
        written = time.perf_counter()
        files = [path for path in (folder / "site").rglob("*") if path.is_file()]
        size = sum(path.stat().st_size for path in files)
        page, rows = (
            sum(_compressed(folder / "site" / part) for part in parts)
            for parts in ((*FETCHED, "static/lib/datatables.js"), ("data/rows.json",))
        )
    whole, read, build, cpu = (sorted(column) for column in zip(*laps, strict=True))
    return {
        "records": f"{count}",
        "read, s": _middle(read),
        "build, s": _middle(build),
        "both, s": _middle(sorted(lap[1] + lap[2] for lap in laps)),
        "whole, s": _middle(whole),
        "CPU s": f"{statistics.median(cpu):.1f}",
        "checked records/s": f"{count / (checked - begun):.0f}",
        "read and table, s": f"{written - checked:.1f}",
        "files": f"{len(files)}",
        "size, MB": f"{size / 1e6:.1f}",
        "page, kB gz": f"{page / 1e3:.0f}",
        "rows, kB gz": f"{rows / 1e3:.0f}",
    }


def _lap(folder: Path) -> tuple[float, float, float, float]:
    """Return the seconds of a process that builds the site, of its reading and its building, and its CPU seconds."""
    begun, before = time.perf_counter(), sum(os.times()[2:4])
    read, build = json.loads(
        subprocess.run([sys.executable, "-c", BUILD, folder], check=True, stdout=subprocess.PIPE).stdout
    )
    return time.perf_counter() - begun, read, build, sum(os.times()[2:4]) - before


def _middle(seconds: Sequence[float]) -> str:
    """Return the median of sorted times, with their range where there are several."""
    around = f" ({seconds[0]:.1f} to {seconds[-1]:.1f})" if len(seconds) > 1 else ""
    return f"{statistics.median(seconds):.1f}{around}"


def _compressed(path: Path) -> int:
    return len(gzip.compress(path.read_bytes(), 6))


def measure(quick: bool) -> Tables:
    return {"site": [measured(count) for count in ((10, 100) if quick else (10, 1000, 10_000))]}


if __name__ == "__main__":
    report(__doc__, measure)
