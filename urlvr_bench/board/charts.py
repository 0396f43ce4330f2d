"""Line charts as data: where the lines, ticks and marks go, in shares of the plot area, for the SVG template."""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from operator import add

import numpy as np
from numpy.typing import ArrayLike

from urlvr_bench.board.words import number
from urlvr_bench.statistics.intervals import Floats

GRID = 1000
"""The plot area is GRID x GRID units, stretched to whatever width the page has; text and marks are not stretched."""
MAX_POINTS = 240
"""Longer curves are drawn by every n-th step."""

PLACES = tuple(map(str, range(GRID + 1)))
"""The places of a coordinate, written: looked up, they cost a quarter of writing each anew."""

Curve = tuple[Floats, Floats]
"""Steps and values; NaN is a gap."""


@dataclass(frozen=True)
class Axis:
    """A linear scale from `low` to `high` with round ticks."""

    label: str
    low: float
    high: float
    ticks: tuple[float, ...]

    def share(self, value: float) -> float:
        """Return how far along the axis a value lies, 0 to 1."""
        return min(1.0, max(0.0, (value - self.low) / (self.high - self.low)))

    def shares(self, values: Floats) -> Floats:
        """Return how far along the axis values lie, 0 to 1; NaN stays NaN."""
        shares: Floats = np.minimum(1, np.maximum(0, (values - self.low) / (self.high - self.low)))
        return shares

    @lru_cache(maxsize=1000)  # noqa: B019 - axes are small and recur
    def marks(self) -> list[tuple[float, str]]:
        """Return each tick's place, in percent of the axis, and its text."""
        return [(round(100 * self.share(tick), 2), number(tick)) for tick in self.ticks]


@dataclass(frozen=True)
class Line:
    """A curve, as an SVG path, on the left or on the right axis; `style` is a CSS class."""

    name: str
    style: str
    path: str
    right: bool = False
    faint: bool = False
    band: bool = False
    """Whether the path is an area: from the lowest to the highest run."""


@dataclass(frozen=True)
class Dot:
    """A mark of one measurement, in percent of the plot area from the left and from the top, with its reading."""

    x: float
    y: float
    style: str
    text: str


@dataclass(frozen=True)
class Chart:
    """A chart; `summary` says in words what it shows, for readers who cannot see it."""

    title: str
    summary: str
    x: Axis
    left: Axis
    lines: tuple[Line, ...]
    right: Axis | None = None
    dots: tuple[Dot, ...] = ()
    dots_name: str = ""
    rule: tuple[float, str] | None = None
    """A vertical line: its place in percent and its text."""

    groups: tuple[tuple[str, str], ...] = ()
    """What the legend names instead of the lines: (text, style)."""
    labels: tuple[Dot, ...] = ()
    """Names at the right ends of the lines."""

    def legend(self) -> list[tuple[str, str]]:
        """Return text and style of what the legend explains."""
        named = [
            (line.name + (", right axis" if line.right else ""), line.style)
            for line in self.lines
            if not (line.faint or line.band)
        ]
        return list(self.groups or dict.fromkeys(named))


def curve(steps: ArrayLike, values: Sequence[float | None] | Floats) -> Curve:
    """Return a curve; None becomes a gap."""
    return np.asarray(steps, dtype=np.float64), np.asarray(values, dtype=np.float64)


def axis(
    label: str, columns: Sequence[Floats] = (), bounds: tuple[float, float] | None = None, wanted: int = 5
) -> Axis:
    """Return an axis with about `wanted` round ticks that holds all values, or exactly `bounds`."""
    known = np.concatenate([column[np.isfinite(column)] for column in columns]) if columns else np.empty(0)
    low, high = bounds or ((float(known.min()), float(known.max())) if len(known) else (0.0, 1.0))
    return _axis(label, low, high, wanted, exact=bounds is not None)


@lru_cache(maxsize=1000)
def _axis(label: str, low: float, high: float, wanted: int, exact: bool) -> Axis:
    if high - low < 1e-9:
        low, high = low - 0.5 * max(abs(low), 1e-3), high + 0.5 * max(abs(high), 1e-3)
    raw = (high - low) / (wanted - 1)
    power = 10 ** math.floor(math.log10(raw))
    step = power * next(size for size in (1, 2, 2.5, 5, 10) if size * power >= raw * 0.999)
    if not exact:
        low, high = math.floor(low / step + 1e-9) * step, math.ceil(high / step - 1e-9) * step
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return Axis(label, low, high, tuple(round(i * step, 12) for i in range(first, last + 1)))


def stride(steps: int, most: int = MAX_POINTS) -> int:
    """Return how many steps lie between two drawn points of a curve."""
    return max(1, math.ceil(steps / most))


def path(drawn: Curve, x: Axis, y: Axis, most: int = MAX_POINTS) -> str:
    """Return the SVG path of a curve over evenly spaced steps: `M` and points for each stretch without a gap."""
    steps, values = drawn
    if not len(steps):
        return ""
    kept = slice((len(steps) - 1) % stride(len(steps), most), None, stride(len(steps), most))  # the last one is
    across = _across(x, float(steps[0]), float(steps[-1]), len(steps))[kept]
    down = np.rint((1 - y.shares(values[kept])) * GRID)
    known = np.isfinite(down)
    places = np.where(known, down, 0).astype(int).tolist()
    points = list(map(add, across, map(PLACES.__getitem__, places)))
    cuts = [0, *(np.flatnonzero(np.diff(known)) + 1).tolist(), len(points)]
    stretches = list(itertools.pairwise(cuts))[0 if known[0] else 1 :: 2]
    return "".join("M" + " ".join(points[start:end]) for start, end in stretches)


def band(drawn: Sequence[Curve], x: Axis, y: Axis, most: int) -> str:
    """Return the area between the lowest and the highest of several curves over the same steps, nothing for one."""
    if len(drawn) < 2 or not len(drawn[0][0]):
        return ""
    values_S_T = np.stack([values for _, values in drawn])
    known = np.isfinite(values_S_T).all(0)
    steps, values_S_T = drawn[0][0][known], values_S_T[:, known]
    kept = (
        slice((len(steps) - 1) % stride(len(steps), most), None, stride(len(steps), most)) if len(steps) else slice(0)
    )
    across = np.rint(x.shares(steps[kept]) * GRID).astype(int)
    edges = [np.rint((1 - y.shares(pick(values_S_T[:, kept], axis=0))) * GRID).astype(int) for pick in (np.min, np.max)]
    there = [f"{i} {j}" for i, j in zip(across, edges[1], strict=True)]
    back = [f"{i} {j}" for i, j in zip(across[::-1], edges[0][::-1], strict=True)]
    return f"M{' '.join([*there, *back])}Z" if there else ""


@lru_cache(maxsize=1000)
def _across(x: Axis, first: float, last: float, count: int) -> list[str]:
    """Return the written places of evenly spaced steps along an axis, each with the space before the other one."""
    return [f"{place:.0f} " for place in np.rint(x.shares(np.linspace(first, last, count)) * GRID)]


def labels(ends: Sequence[tuple[str, str, float]], gap: float) -> tuple[Dot, ...]:
    """Return labels for (text, style, percent from the top), moved down, then up, until `gap` percent lie between."""
    placed: list[float] = []
    for _, _, y in (ordered := sorted(ends, key=lambda end: end[2])):
        placed.append(max(y, placed[-1] + gap) if placed else y)
    limit = 100.0
    for i in reversed(range(len(placed))):
        placed[i] = min(placed[i], limit)
        limit = placed[i] - gap
    return tuple(Dot(100, round(y, 2), style, text) for (text, style, _), y in zip(ordered, placed, strict=True))


def mean(drawn: Sequence[Curve]) -> Curve:
    """Return the mean of several curves over the same steps; where one of them has a gap the mean has one, too."""
    return drawn[0] if len(drawn) == 1 else (drawn[0][0], np.mean([values for _, values in drawn], axis=0))


def ends(drawn: Curve) -> tuple[float | None, float | None]:
    """Return the first and the last known value of a curve."""
    known = drawn[1][np.isfinite(drawn[1])].tolist()
    return (known[0], known[-1]) if known else (None, None)
