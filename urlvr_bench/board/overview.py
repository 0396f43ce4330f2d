"""The picture that a board opens with: how accurate each method ends, against when its runs collapsed.

Methods of which fewer than half of the runs collapsed have no median step: they stand in a lane of their own, on the
right, however long the runs were.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from urlvr_bench.board import charts, outcomes
from urlvr_bench.board.boards import Board
from urlvr_bench.board.charts import Axis
from urlvr_bench.board.entries import Entry
from urlvr_bench.board.outcomes import manner
from urlvr_bench.board.words import percent
from urlvr_bench.statistics.collapse import HEADLINE
from urlvr_bench.statistics.summaries import BASE, REFERENCE
from urlvr_bench.statistics.verdicts import NOISE

STEPS, LANE = 80.0, 92.0
"""Where the axis of steps ends, and where the lane of those that lasted lies, in percent of the width."""
NEAR = (9.0, 10.0)
"""Points so close, in percent of width and height, share a label."""
NAMED = 5
"""More points than these are counted instead of named."""
LINE_GAP = 7.5
"""Percent of the height between two labels."""
FIRST, MOST_LOST = 8, 5
"""Panels of curves that a board shows at once, and how many of them are of methods that lost accuracy."""


@dataclass(frozen=True)
class Point:
    """A method: where it stands, in percent from the left and from the top, with the ends of its interval."""

    name: str
    x: float
    y: float
    low: float
    high: float
    style: str
    text: str
    """All that is known of it, in a sentence."""
    accuracy: float


@dataclass(frozen=True)
class Label:
    """Names beside one or several points; `end` if they are written to the left of `x`."""

    x: float
    y: float
    lines: tuple[str, ...]
    end: bool
    up: bool
    """Whether the lines are stacked upward from `y`."""


@dataclass(frozen=True)
class Overview:
    """The picture and what it says in words."""

    title: str
    summary: str
    x: Axis
    y: Axis
    points: tuple[Point, ...]
    labels: tuple[Label, ...]
    levels: tuple[tuple[float, str], ...]
    """Horizontal lines of what is compared with: place from the top, text."""
    lane: str
    """What standing in the lane means."""

    def marks(self) -> list[tuple[float, str]]:
        """Return place, in percent of the whole width, and text of the ticks of the steps."""
        return [(round(place * STEPS / 100, 2), text) for place, text in self.x.marks()]


def overview(board: Board) -> Overview:
    """Return the picture of a board."""
    trained = [entry for entry in board.entries if entry.records]
    x = charts.axis("step of collapse", bounds=(0, board.steps))
    y = charts.axis("accuracy at the end, %", bounds=(0, 100))
    points = [_point(board, entry, x) for entry in trained]
    named = [point for point, entry in zip(points, trained, strict=True) if _named(entry)]
    fallen = [entry for entry in board.contenders if _median(entry) is not None]
    many, few = len(board.contenders), len(fallen)
    return Overview(
        title="End accuracy against step of collapse",
        summary=f"Of {many} label-free rewards {few} collapsed in at least half of their runs within {board.steps} "
        f"steps; the best ends at {percent(_best(board))} %.",
        x=x,
        y=y,
        points=tuple(points),
        labels=tuple(_labels(named)),
        levels=tuple(_levels(board)),
        lane=f"not by {board.steps}",
    )


def _named(entry: Entry) -> bool:
    return not entry.reference or entry.records[0].method.name == NOISE


def _median(entry: Entry) -> float | None:
    """Return the median step of collapse, None where fewer than half of the runs collapsed."""
    name = HEADLINE.column
    median: float | None = entry.collapse.get(f"{name}_median")
    if median is None and len(entry.records) == 1 and (steps := entry.collapse.get(f"{name}_steps")):
        return float(steps)
    return median


def _point(board: Board, entry: Entry, x: Axis) -> Point:
    end, median = entry.score[board.metric], _median(entry)
    low, high = (entry.score[f"{board.metric}_{side}"] for side in ("low", "high"))
    ends = (end, end) if low is None or high is None else (low, high)
    collapse = entry.collapse.get(HEADLINE.column, "not defined")
    verdict = entry.verdict.word if entry.verdict else ""
    return Point(
        name=entry.id,
        x=LANE if median is None else round(x.share(median) * STEPS, 2),
        y=round(100 * (1 - end), 2),
        low=round(100 * (1 - ends[0]), 2),
        high=round(100 * (1 - ends[1]), 2),
        style="reference" if entry.reference else outcomes.style(entry),
        text=f"{entry.id}: {verdict}; ends at {percent(end)} %; collapse: {collapse}",
        accuracy=end,
    )


def _best(board: Board) -> float:
    ends: list[float] = [entry.score[board.metric] for entry in board.contenders or board.entries[:1]]
    return max(ends)


def _levels(board: Board) -> list[tuple[float, str]]:
    known = {entry.id: entry.score[board.metric] for entry in board.references}
    found = [("start", known[BASE]), ("supervised", known.get(REFERENCE))]
    return [(round(100 * (1 - value), 2), f"{name} {percent(value)}") for name, value in found if value is not None]


def _labels(points: Sequence[Point]) -> list[Label]:
    """Return labels that do not overlap: crowds share one, and those in the lane stand to its left."""
    groups: list[list[Point]] = []
    for point in sorted(points, key=lambda point: (-point.x, point.y)):
        near = next((group for group in groups if any(_near(other, point) for other in group)), None)
        if near is None:
            groups.append([point])
        else:
            near.append(point)
    alone = [(group, group[0].x == LANE) for group in groups]
    lane = [group for group, lasted in alone if lasted]
    placed = charts.labels([(" ", "", _middle(group)) for group in lane], gap=LINE_GAP)
    found = [
        Label(LANE, spot.y, (_crowd(group),), end=True, up=False)
        for group, spot in zip(sorted(lane, key=_middle), placed, strict=True)
    ]
    for group in (group for group, lasted in alone if not lasted):
        middle, up = sum(point.x for point in group) / len(group), _middle(group) > 50
        lines = [_one(point) for point in sorted(group, key=lambda point: point.y)]
        written = lines if len(group) <= NAMED else [_crowd(group)]
        y = min(point.y for point in group) if up else max(point.y for point in group)
        found.append(Label(round(middle, 2), y, tuple(written), end=middle > STEPS / 2, up=up))
    return found


def _near(first: Point, second: Point) -> bool:
    across, down = NEAR if LANE not in (first.x, second.x) else (0.0, NEAR[1] / 2)
    return abs(first.x - second.x) <= across and abs(first.y - second.y) <= down


def _middle(group: Sequence[Point]) -> float:
    return sum(point.y for point in group) / len(group)


def _one(point: Point) -> str:
    return f"{point.name} {percent(point.accuracy)}"


def _crowd(group: Sequence[Point]) -> str:
    """Return one line for a group: its members' names, or how many they are and where they end."""
    if len(group) == 1:
        return _one(group[0])
    low, high = (percent(pick(point.accuracy for point in group)) for pick in (min, max))
    return f"{len(group)} methods at {low if low == high else f'{low} to {high}'}"


def panels(board: Board) -> tuple[list[Entry], list[Entry]]:
    """Return the methods whose curves a board draws first, those that lost accuracy before all, and the others."""
    trained = [entry for entry in board.entries if entry.records and entry.records[0].labelled]
    lost = [entry for entry in trained if not entry.reference and manner(entry)][:MOST_LOST]
    frame = [entry for entry in trained if entry.reference and entry.records[0].method.name in (NOISE, REFERENCE)]
    held = [entry for entry in trained if not entry.reference and entry not in lost]
    first = [*lost, *held[: max(1, FIRST - len(lost) - len(frame))], *frame]
    return first, [entry for entry in trained if entry not in first]
