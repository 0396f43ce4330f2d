"""The curves of runs: proxy reward against ground-truth reward, and the panels beside them.

Lines are trailing means over a few steps; the faint ones of a dual curve are one run's steps or several runs' means.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from urlvr_bench.board import charts
from urlvr_bench.board.charts import Axis, Chart, Curve, Dot, Line
from urlvr_bench.board.entries import Entry
from urlvr_bench.board.runs import Run
from urlvr_bench.board.words import number, percent
from urlvr_bench.records.record import Record
from urlvr_bench.statistics import collapse

TRUTH, PROXY = "ground-truth reward", "proxy reward"
PANELS = (
    ("Reward accuracy", "share", (0.0, 1.0), (("reward_accuracy", "reward"), ("label_accuracy", "label dashed"))),
    ("Entropy", "nats a token", None, (("entropy", "plain"),)),
    ("Length", "tokens", None, (("length", "gold"),)),
)
"""Title, unit, bounds and, for each line, the column and its style."""


@dataclass(frozen=True)
class Drawn:
    """One column of some runs."""

    faint: list[Curve]
    bold: Curve


def trailing(records: Sequence[Record], column: str) -> list[Curve]:
    """Return a column's trailing means, run by run, over the steps that all runs have."""
    found = [charts.curve(*collapse.step_curve(record, column)) for record in records]
    last = min(len(steps) for steps, _ in found)
    return [(steps[:last], values[:last]) for steps, values in found]


def mean_curve(records: Sequence[Record], column: str) -> Curve:
    """Return the mean over runs of a column's trailing means, and the steps they belong to."""
    return charts.mean(trailing(records, column))


def drawn(records: Sequence[Record], column: str) -> Drawn:
    """Return a column of runs: behind the mean the steps of one run, or the trailing means of several."""
    means, steps = trailing(records, column), records[0].steps
    faint = means if len(records) > 1 else [charts.curve(steps.step, getattr(steps, column))]
    return Drawn(faint, charts.mean(means))


def _lines(column: Drawn, name: str, style: str, x: Axis, y: Axis, right: bool = False) -> list[Line]:
    faint = [Line(name, style.split()[0], charts.path(curve, x, y), right, faint=True) for curve in column.faint]
    return [*faint, Line(name, style, charts.path(column.bold, x, y), right)]


def dual(runs: Sequence[Run]) -> Chart:
    """Return the dual curve: what training maximised against what was wanted."""
    records, alone = [run.record for run in runs], runs[0] if len(runs) == 1 else None
    proxy, truth = drawn(records, "proxy_reward"), drawn(records, "train_accuracy")
    x = charts.axis("step", bounds=(0, len(records[0].steps.step)))
    left = charts.axis("share of rollouts", bounds=(0, 1))
    right = None if records[0].method.binary else charts.axis(PROXY, [values for _, values in proxy.faint])
    fallen = alone.collapse if alone else None
    moves = f"the proxy reward went {_course(proxy.bold)} and the ground-truth reward {_course(truth.bold)}"
    return Chart(
        title="Proxy reward against ground-truth reward",
        summary=f"Over {len(records[0].steps.step)} steps {moves}.",
        x=x,
        left=left,
        right=right,
        lines=(
            *_lines(proxy, PROXY, "proxy dashed", x, right or left, right is not None),
            *_lines(truth, TRUTH, "truth", x, left),
        ),
        dots=_tests(alone.accuracy, x, left) if alone else (),
        dots_name="held-out accuracy" if alone else "",
        rule=(round(100 * x.share(fallen), 2), f"collapse step {fallen}") if fallen else None,
    )


def _tests(judged: Sequence[tuple[int, float]], x: Axis, y: Axis) -> tuple[Dot, ...]:
    return tuple(
        Dot(
            round(100 * x.share(step), 2),
            round(100 * (1 - y.share(value)), 2),
            "test",
            f"step {step}: {percent(value)} % on held-out problems",
        )
        for step, value in judged
    )


def _course(curve: Curve) -> str:
    first, last = charts.ends(curve)
    return f"from {number(first)} to {number(last)}"


POINTS, BAND_POINTS = 100, 50
"""Points of a line and of a band in a small panel, of which a board may have dozens."""


def small(entry: Entry) -> Chart:
    """Return the dual curve of a method in a small panel: means, and the bands that its runs span."""
    records, found = entry.records, entry.verdict
    proxy, truth = trailing(records, "proxy_reward"), trailing(records, "train_accuracy")
    x = charts.axis("step", bounds=(0, max(len(record.steps.step) for record in records)), wanted=3)
    left = charts.axis("share", bounds=(0, 1), wanted=3)
    right = None if records[0].method.binary else charts.axis("proxy", [values for _, values in proxy], wanted=3)
    parts = [(PROXY, "proxy dashed", proxy, right or left), (TRUTH, "truth", truth, left)]
    lines = [
        Line(name, style.split()[0], charts.band(runs, x, y, BAND_POINTS), y is right, band=True)
        for name, style, runs, y in parts
    ]
    lines += [
        Line(name, style, charts.path(charts.mean(runs), x, y, POINTS), y is right) for name, style, runs, y in parts
    ]
    median = entry.collapse.get(f"{collapse.HEADLINE.column}_median")
    judged = zip(found.steps, found.accuracies, strict=True) if found else ()
    went = [f"the {name} went {_course(charts.mean(runs))}" for name, _, runs, _ in parts]
    return Chart(
        title=entry.id,
        summary=f"{len(records)} runs: {', '.join(went)}.",
        x=x,
        left=left,
        right=right,
        lines=tuple(line for line in lines if line.path),
        dots=_tests(list(judged), x, left),
        dots_name="held-out accuracy",
        rule=(round(100 * x.share(median), 2), f"collapse {median:g}") if median is not None else None,
    )


def panels(record: Record) -> list[Chart]:
    """Return reward accuracy, entropy and length over training, without the noise of single steps."""
    return [_panel(record, *part) for part in PANELS]


def _panel(
    record: Record, title: str, unit: str, bounds: tuple[float, float] | None, columns: Sequence[tuple[str, str]]
) -> Chart:
    found = [mean_curve([record], column) for column, _ in columns]
    x = charts.axis("step", bounds=(0, len(record.steps.step)))
    y = charts.axis(unit, [values for _, values in found], bounds)
    lines = [
        Line(column.replace("_", " "), style, charts.path(curve, x, y))
        for (column, style), curve in zip(columns, found, strict=True)
    ]
    return Chart(title, f"{title} went {_course(found[0])}.", x, y, tuple(lines))
