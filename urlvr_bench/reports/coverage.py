"""Count how often intervals hold the truth, over made-up benchmarks: the numbers behind docs/statistics.md.

`python -m urlvr_bench.reports.coverage` adds what is missing to benchmarks/coverage.json and may be stopped at any
time; `--quick` repeats the first draws of every case and fails where they no longer give what the file says.
"""

import argparse
import json
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from urlvr_bench.reports.simulations import Case, cases
from urlvr_bench.system.files import write_atomically

PATH = Path(__file__).parents[2] / "benchmarks" / "coverage.json"
SEED = 20260308
DRAWS = {"rank": 200, "log-rank": 400}
MOST = 1_000
"""Draws of a case whose question is not in DRAWS."""
FIRST = 10
"""Draws that `--quick` repeats."""
Counts = dict[str, list[int]]
"""By kind of interval: how often it held the truth, and how often it was given."""


def simulate(case: Case, first: int, last: int) -> Counts:
    """Return the counts of draws `first` to `last` - 1; each has a generator of its own."""
    counts: Counts = {}
    for i in range(first, last):
        for name, held in case.draw(np.random.default_rng([SEED, *case.key.encode(), i])).items():
            total = counts.setdefault(name, [0, 0])
            total[0] += bool(held)
            total[1] += held is not None
    return counts


def added(one: Mapping[str, Sequence[int]], other: Mapping[str, Sequence[int]]) -> Counts:
    """Return the sum of two counts."""
    return {name: [a + b for a, b in zip(counts, other[name], strict=True)] for name, counts in one.items()}


def study(found: dict[str, Any], path: Path) -> None:
    """Simulate every case to its number of draws, keeping what is there; cases that are no more are dropped."""
    known = {case.key: case for case in cases()}
    kept: dict[str, Any] = {key: found[key] for key in known if key in found}
    for key, case in known.items():
        wanted = DRAWS.get(case.question, MOST)
        if key in kept and kept[key]["draws"] >= wanted:
            continue
        begun = time.perf_counter()
        first = simulate(case, 0, FIRST)
        kept[key] = {"draws": wanted, "first": first, "counts": added(first, simulate(case, FIRST, wanted))}
        write_atomically(path, json.dumps(kept, indent=1, sort_keys=True) + "\n")
        print(f"{key}: {time.perf_counter() - begun:.1f} s", flush=True)
    write_atomically(path, json.dumps(kept, indent=1, sort_keys=True) + "\n")


def changed(found: Mapping[str, Any]) -> list[str]:
    """Return the cases that are absent or whose first draws no longer give the counts that they gave."""
    return [
        case.key for case in cases() if case.key not in found or found[case.key]["first"] != simulate(case, 0, FIRST)
    ]


def main(arguments: Sequence[str]) -> int:
    """Simulate what is missing, all with `--afresh`; or with `--quick` return 1 where the file is stale."""
    parser = argparse.ArgumentParser(description="Count how often intervals hold the truth.")
    parser.add_argument("--quick", action="store_true", help="only repeat the first draws of each case")
    parser.add_argument("--afresh", action="store_true", help="forget what is there")
    asked = parser.parse_args(arguments)
    found = json.loads(PATH.read_text()) if PATH.is_file() and not asked.afresh else {}
    if not asked.quick:
        study(found, PATH)
        return 0
    stale = changed(found)
    if stale:
        print(f"{len(stale)} cases no longer give what {PATH.name} says, first {stale[0]}; run `make coverage-study`")
    return int(bool(stale))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
