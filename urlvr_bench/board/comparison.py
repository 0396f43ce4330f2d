"""What the compare page needs of a board: curves with bands, and the paired difference of every two methods."""

import itertools
import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from urlvr_bench.board import charts
from urlvr_bench.board.boards import Board
from urlvr_bench.board.charts import Chart
from urlvr_bench.board.curves import BAND_POINTS, trailing
from urlvr_bench.board.entries import Entry
from urlvr_bench.statistics.collapse import HEADLINE
from urlvr_bench.statistics.intervals import Interval, differences
from urlvr_bench.statistics.logrank import logrank
from urlvr_bench.statistics.ranking import holm
from urlvr_bench.statistics.verdicts import LEAST

COMPARED = 60
"""Methods per board, best first, whose differences are worked out: their number grows with the square."""
FRAMES = (
    ("Ground-truth reward", "Share of training rollouts that are correct, for each method.", "truth"),
    ("Proxy reward", "What each method pays, from the lowest to the highest of its mean.", "proxy"),
    ("Reward accuracy", "How often the reward pays what a rollout deserves, for each method.", "reward"),
)
"""Title, summary and key of the charts of the compare page."""
CURVES = {"truth": "train_accuracy", "proxy": "proxy_reward", "reward": "reward_accuracy"}


def comparison(board: Board) -> dict[str, Any]:
    """Return what the compare page needs of a board: curves, and the paired difference of every two methods."""
    entries = [entry for entry in board.entries if entry.records]
    chosen = entries[:COMPARED]
    gaps = differences([board.end(entry) for entry in chosen])
    fallen = [tuple(HEADLINE.step(record) for record in entry.records) for entry in chosen]
    collapses = holm([_collapse_p(*steps, board.steps) for steps in itertools.combinations(fallen, 2)])
    return {
        "title": board.title,
        "metric": board.metric,
        "steps": board.steps,
        "differ": _differ(chosen, gaps),
        "alike": LEAST,
        "left_out": len(entries) - len(chosen),
        "entries": [
            {
                "name": entry.id,
                "ranked": entry.ranked,
                **{key: _paths(entry, column, scaled=key == "proxy") for key, column in CURVES.items()},
            }
            for entry in chosen
        ],
        "pairs": [[*_rounded(gap), _known(p)] for gap, p in zip(gaps, collapses, strict=True)],
    }


@lru_cache(maxsize=10_000)
def _collapse_p(first: tuple[int | None, ...], second: tuple[int | None, ...], last: int) -> float:
    return logrank(first, second, last)


def _rounded(found: Interval) -> list[float | None]:
    return [_known(found.mean), _known(found.low), _known(found.high)]


def _known(value: float) -> float | None:
    """Return a number to five places, None for NaN."""
    return round(value, 5) if math.isfinite(value) else None


def _differ(entries: Sequence[Entry], gaps: Sequence[Interval]) -> list[int]:
    """Return two methods to open with: the best contender, and the best of those that are surely worse or better."""
    ranked = [i for i, entry in enumerate(entries) if not entry.reference] or list(range(len(entries)))
    for i, j in itertools.combinations(ranked, 2):
        gap = gaps[i * len(entries) - i * (i + 1) // 2 + (j - i - 1)]
        if gap.low > 0 or gap.high < 0:
            return [i, j]
    return ranked[:2] if len(ranked) > 1 else list(range(min(2, len(entries))))


def _paths(entry: Entry, column: str, scaled: bool) -> tuple[str, str]:
    """Return the line and the band of a column, on axes from 0 to 1 of what they may be, or span if `scaled`."""
    x, y = charts.axis("", bounds=(0, len(entry.records[0].steps.step))), charts.axis("", bounds=(0, 1))
    runs = trailing(entry.records, column)
    if scaled:
        ends = charts.mean(runs)[1]
        low, high = (float(np.nanmin(ends)), float(np.nanmax(ends))) if np.isfinite(ends).any() else (0.0, 1.0)
        y = charts.axis("", bounds=(low, high if high - low > 1e-9 else low + 1))
    return charts.path(charts.mean(runs), x, y), charts.band(runs, x, y, BAND_POINTS)


def frames() -> list[Chart]:
    """Return the empty charts into which the compare page draws."""
    x, y = charts.axis("step", bounds=(0, 100)), charts.axis("", bounds=(0, 1))
    return [Chart(title, summary, x, y, ()) for title, summary, _ in FRAMES]
