"""What the board says of each quantity: the cell that a reader sees and the raw values that a download holds."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from urlvr_bench.board.boards import Board
from urlvr_bench.board.entries import Entry, Numbers
from urlvr_bench.board.words import DASH, hours, percent, shares, signed, thousands
from urlvr_bench.statistics.collapse import FEWEST, Definition
from urlvr_bench.statistics.ranking import RANKED

Raw = str | int | float | bool | None
Write = Callable[[float | None], str]


@dataclass(frozen=True)
class Tag:
    """A small label beside a value."""

    text: str
    tip: str
    style: str = ""


@dataclass(frozen=True)
class Course:
    """Accuracy at the start, at the peak and at the end, in percent, the end with its interval; `style` as the chip."""

    start: float
    peak: float | None
    end: float
    low: float
    high: float
    style: str


@dataclass(frozen=True)
class Cell:
    """What a reader sees of one value."""

    text: str
    sub: str = ""
    href: str = ""
    more: str = ""
    tip: str = ""
    style: str = ""
    tags: tuple[Tag, ...] = ()
    course: Course | None = None
    order: float | None = None
    """What it is sorted by, where that is not its first raw value."""


Written = tuple[Cell, tuple[Raw, ...]]
Writer = Callable[[Board, Entry], Written]
Spread = tuple[Cell, tuple[float | None, float | None, float | None]]
NOTHING: Spread = (Cell(DASH), (None, None, None))


def spread(row: Numbers, name: str, write: Write = percent) -> Spread:
    """Return the cell and the raw values of a summary's mean with its interval."""
    raw = (row.get(name), row.get(f"{name}_low"), row.get(f"{name}_high"))
    if raw[0] is None:
        return NOTHING
    if parts := row.get(f"{name}_parts"):
        return Cell(write(raw[0]), shares(parts), tip="the seeds part: no interval of their mean would hold"), raw
    if raw[1] is None:
        return Cell(write(raw[0]), tip="1 seed" if row["seeds"] == 1 else "no interval"), raw
    alone = row["basis"] == "problems only"
    tip = "1 seed: the interval says nothing about another run" if alone else f"95 % interval, {row['seeds']} seeds"
    return Cell(write(raw[0]), f"[{write(raw[1])}, {write(raw[2])}]", tip=tip), raw


def rank(board: Board, entry: Entry) -> Written:
    row, place = entry.score, float(board.entries.index(entry))
    if row["rank"] is None:
        tip = "a reference" if entry.reference else "too few seeds to be ranked, or no other method to rank against"
        return Cell(DASH, tip=tip, order=place), (None, None, None)
    low, high = row["rank_low"], row["rank_high"]
    tied = entry.tied and sum(other.tied for other in board.contenders) > 1
    text = "=1" if tied else str(low) if low == high else f"{low}{DASH}{high}"
    return Cell(text, tip=f"rank {row['rank']}; 95 % interval {low}{DASH}{high}", order=place), (row["rank"], low, high)


def method(board: Board, entry: Entry) -> Written:
    if not entry.records:
        return Cell(entry.id, "before training"), (entry.id,)
    info, tags = entry.records[0].method, []
    if info.uses_labels:
        tags.append(Tag("uses labels", "Reads the ground truth: a supervised reference"))
    if (seeds := len(entry.records)) < RANKED:
        tags.append(Tag(f"only {seeds} seed{'s' * (seeds > 1)}", f"Fewer than {RANKED} seeds", "warn"))
    if not entry.rescored:
        tags.append(Tag("self-reported", UNKNOWN_SOURCE, "warn"))
    if same := entry.score.get("same_as"):
        tags.append(Tag(f"same as {same}", "Equal policies in every seed: one result, ranked once"))
    page = f"methods/{info.name}.html"
    return Cell(info.id, info.family, href=page, more=f"{page}#cite-{board.name}", tags=tuple(tags)), (info.id,)


def family(board: Board, entry: Entry) -> Written:
    text = entry.score["family"] or None
    return Cell(text or DASH), (text,)


def labels(board: Board, entry: Entry) -> Written:
    used = bool(entry.score["uses_labels"]) if entry.records else None
    return Cell(DASH if used is None else "yes" if used else "no"), (used,)


def signals(board: Board, entry: Entry) -> Written:
    text = ", ".join(entry.records[0].method.signals) if entry.records else ""
    return Cell(text or DASH), (text or None,)


def facet(key: str) -> Writer:
    return lambda board, entry: (Cell(board.facets[key]), (board.facets[key],))


def average(board: Board, entry: Entry) -> Written:
    cell, raw = spread(entry.score, board.metric)
    return replace(cell, style="best" if entry.tied else "", tip=f"{board.metric}, {cell.tip}"), raw


def gain(board: Board, entry: Entry) -> Written:
    return spread(entry.score, "gain", signed) if entry.records else NOTHING


def metric(name: str) -> Writer:
    return lambda board, entry: spread(entry.score, name)


def peak(board: Board, entry: Entry) -> Written:
    return spread(entry.score, "peak") if entry.records else NOTHING


def stopped(board: Board, entry: Entry) -> Written:
    return spread(entry.score, "stopped") if entry.records else NOTHING


def reward_accuracy(board: Board, entry: Entry) -> Written:
    """Return the reward accuracy at the end; for real-valued rewards that is the AUC inside groups."""
    if "reward_accuracy" in entry.reward:
        return last(entry, "reward_accuracy")
    cell, raw = last(entry, "reward_auc")
    return (cell if raw[0] is None else replace(cell, sub=f"AUC {cell.sub}")), raw


def label_accuracy(board: Board, entry: Entry) -> Written:
    return last(entry, "label_accuracy")


def last(entry: Entry, quantity: str) -> Spread:
    """Return a training quantity over the last steps; where some seeds no longer have one, the cell says so."""
    row = entry.reward.get(quantity, {})
    cell, raw = spread(row, "last")
    if raw[0] is None or row["last_seeds"] == row["seeds"]:
        return cell, raw
    some = f"{row['last_seeds']} of {row['seeds']} seeds"
    return replace(
        cell, sub=some, tip=f"undefined in the other seeds: no group has both right and wrong; {cell.tip}"
    ), raw


def collapsed(definition: Definition) -> Writer:
    """Return the writer of the seeds that collapsed and the median step."""
    name = definition.column

    def written(board: Board, entry: Entry) -> Written:
        row, seeds = entry.collapse, len(entry.records)
        count = row.get(f"{name}_collapsed")
        if count is None:
            return Cell(DASH, tip="defined for rewards of 0 and 1 only" if entry.records else ""), (None,) * 5
        median, low, high = (row[f"{name}_{part}"] for part in ("median", "low", "high"))
        raw, tip = (median, low, high, count, seeds), f"{definition.name}: {row[name]}"
        lasted = row[f"{name}_censored_at"] or board.steps
        order = median if median is not None else lasted * (2 - count / seeds)  # who never fell has lasted longest
        if seeds == 1:
            return Cell(row[name], tip=tip, order=order), raw
        return Cell(f"{count}/{seeds} seeds", _when(row, name), tip=tip, order=order), raw

    return written


def _when(row: Numbers, name: str) -> str:
    """Return when runs collapsed: the bound of their share where none did, the steps of few, the median of many."""
    median, low, high = (row[f"{name}_{part}"] for part in ("median", "low", "high"))
    if not row[f"{name}_collapsed"]:
        return f"none by {row[f'{name}_censored_at']} (< {100 * row[f'{name}_share_high']:.0f} %)"
    if row["seeds"] < FEWEST:
        return f"at {row[f'{name}_steps']}"
    ends = f"[{DASH if low is None else f'{low:g}'}, {f'{DASH})' if high is None else f'{high:g}]'}"
    return f"{'median not reached' if median is None else f'median {median:g}'} {ends}"


def tokens(board: Board, entry: Entry) -> Written:
    spent, times = entry.score.get("train_tokens"), entry.score.get("cost")
    if spent is None:
        return Cell(DASH), (None, None)
    return Cell(thousands(spent), "" if times is None else f"{times:.1f}x"), (round(spent), times)


def cost(board: Board, entry: Entry) -> Written:
    total = entry.hours
    if total is None:
        return Cell(DASH), (None, None)
    tip = f"{hours(total / len(entry.records))} h a run, training and evaluation"
    return Cell(hours(total), entry.device, tip=tip), (total, entry.device)


def seeds(board: Board, entry: Entry) -> Written:
    count = int(entry.score["seeds"])
    return Cell(str(count)), (count,)


UNKNOWN_SOURCE = "The method's source is not the registered one, so nothing vouches for what made the counts."


def badge(board: Board, entry: Entry) -> Written:
    if entry.rescored:
        tip = "Every score was worked out here from the counts per problem; the method is the registered one."
        return Cell("rescored", tip=tip, style="good"), ("rescored",)
    return Cell("self-reported", tip=UNKNOWN_SOURCE, style="warn"), ("self-reported",)
