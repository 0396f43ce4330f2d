"""Time and size of the site against the number of records: `python benchmarks/site.py [RECORDS ...] [--json FILE]`.

Reading is timed apart from building. The first view is what a browser fetches before a reader can filter, compressed:
the board's page, its styles, scripts and rows; `page` leaves out the rows, which arrive after the first paint.
"""

import argparse
import gzip
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tabulate import tabulate

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from records import fabricate

from urlvr_bench import board
from urlvr_bench.check import check
from urlvr_bench.record import ModelInfo, Record, write
from urlvr_bench.tables import table

METHODS = ("majority_vote", "self_certainty", "token_entropy", "random_reward", "ground_truth")
VARIANTS, SEEDS = 4, 5
FETCHED = (
    "index.html",
    "static/site.css",
    "static/theme.js",
    "static/board.js",
    "static/download.js",
    "static/chart.js",
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


def measure(count: int) -> dict[str, str]:
    """Write, read and build `count` records; return a row of the table."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for record in records(count):
            write(record, folder / "results" / record.path)
        begun = _spent()
        read = board.gather([folder / "results"])
        between = _spent()
        built = board.build(read, folder / "site")
        ended = _spent()
        check(folder / "results")  # it finds the methods' settings unknown, and reads and compares everything
        checked = _spent()
        table(read, "pass")
        written = _spent()
        page, rows = (
            sum(_compressed(folder / "site" / part) for part in parts)
            for parts in ((*FETCHED, "static/lib/datatables.js"), ("data/rows.json",))
        )
    return {
        "records": f"{count}",
        "read, s": f"{between[0] - begun[0]:.1f}",
        "build, s": f"{ended[0] - between[0]:.1f}",
        "read, CPU s": f"{between[1] - begun[1]:.1f}",
        "build, CPU s": f"{ended[1] - between[1]:.1f}",
        "checked records/s": f"{count / (checked[0] - ended[0]):.0f}",
        "table, s": f"{written[0] - checked[0]:.1f}",
        "files": f"{built.files}",
        "size, MB": f"{built.size / 1e6:.1f}",
        "page, kB gz": f"{page / 1e3:.0f}",
        "rows, kB gz": f"{rows / 1e3:.0f}",
    }


def _spent() -> tuple[float, float]:
    """Return seconds by the clock and of processor time, other processes of ours included."""
    return time.perf_counter(), sum(os.times()[:4])


def _compressed(path: Path) -> int:
    return len(gzip.compress(path.read_bytes(), 6))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("records", nargs="*", type=int, default=[10, 1000, 10_000])
    parser.add_argument("--json", type=Path, help="write the figures to this file too")
    options = parser.parse_args()
    rows = [measure(count) for count in options.records]
    print(tabulate(rows, headers="keys", disable_numparse=True))
    if options.json:
        options.json.write_text(json.dumps({"site": rows}, indent=1) + "\n")


if __name__ == "__main__":
    main()
