"""Figures: what is drawn is what the records say, in files that do not change from one drawing to the next."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from records import fabricate

from urlvr_bench.errors import UsageError
from urlvr_bench.presentation.drawing import PROXY, TEST, TRUTH
from urlvr_bench.records.schema import Record
from urlvr_bench.reports.figures import dual_curves, ladder, overview, plot
from urlvr_bench.statistics.cells import cells
from urlvr_bench.statistics.collapse import smooth
from urlvr_bench.statistics.intervals import two_way
from urlvr_bench.statistics.metrics import scores

SEEDS = range(3)
HERE = "pocket_pocket-s1250_chain"
RECORDS = [fabricate(m, s, collapse_at=c) for m, c in (("majority_vote", None), ("token_entropy", 20)) for s in SEEDS]


def curves(axes: Any, color: str, bold: bool) -> list[Any]:
    """Return the step curves of a colour, those of the seeds or their mean."""
    found = [line for line in axes.lines if line.get_color() == color and len(line.get_xdata()) > 10]
    return [line for line in found if (line.get_linewidth() > 1) == bold]


def panels(figure: Any) -> dict[str, tuple[Any, Any]]:
    """Return the left and the right axis of every panel by its title."""
    named = {axes.get_title(loc="left").strip(): axes for axes in figure.axes if axes.get_title(loc="left")}
    return {
        name: (left, next(one for one in figure.axes if one is not left and one.bbox.bounds == left.bbox.bounds))
        for name, left in named.items()
    }


def of(method: str) -> list[Record]:
    return [one for one in RECORDS if one.method.name == method]


def test_dual_panel_holds_both_rewards_of_every_seed_and_their_mean() -> None:
    found = panels(dual_curves(*next(iter(cells(RECORDS).items()))))
    assert list(found) == ["majority_vote", "token_entropy"]
    for method, (left, right) in found.items():
        for axes, column, color in ((left, "train_accuracy", TRUTH), (right, "proxy_reward", PROXY)):
            expected = [smooth(getattr(one.steps, column)) for one in of(method)]
            (mean,) = curves(axes, color, bold=True)
            assert [line.get_ydata() for line in curves(axes, color, bold=False)] == [
                pytest.approx(values) for values in expected
            ]
            assert mean.get_ydata() == pytest.approx(np.mean(expected, axis=0))
            assert mean.get_xdata()[0] == 5


def test_test_points_carry_their_intervals() -> None:
    figure = dual_curves(*next(iter(cells(RECORDS).items())))
    (container,) = panels(figure)["token_entropy"][0].containers
    points, _, (bars,) = container.lines
    found = [two_way(scores(of("token_entropy"), "avg@16", step)) for step in (0, 10, 20, 30, 40)]
    assert points.get_color() == TEST
    assert points.get_ydata() == pytest.approx([one.mean for one in found])
    assert [bar[:, 1].tolist() for bar in bars.get_segments()] == [pytest.approx([one.low, one.high]) for one in found]


def test_a_reward_between_0_and_1_is_drawn_on_the_scale_of_the_accuracies() -> None:
    found = panels(dual_curves(*next(iter(cells(RECORDS).items()))))
    vote, entropy = found["majority_vote"], found["token_entropy"]
    assert vote[0].get_ylim() == vote[1].get_ylim() == entropy[0].get_ylim()
    low, high = entropy[1].get_ylim()
    proxies = [value for one in of("token_entropy") for value in smooth(one.steps.proxy_reward)]
    assert low < min(proxies) < max(proxies) < high < 0.1  # its own scale, filled by its own values


def test_overview_orders_methods_by_their_end_and_counts_seeds() -> None:
    figure = overview(*next(iter(cells(RECORDS).items())))
    labels = [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
    assert labels == ["majority_vote (3 seeds)", "token_entropy (3 seeds)"]
    looks = [container.lines[0] for container in figure.axes[0].containers]
    assert len({line.get_linestyle() for line in looks} | {line.get_marker() for line in looks}) == 4


def test_ladder_names_priors_from_weak_to_strong_with_their_collapse() -> None:
    records = [fabricate(seed=s, model=m, base=b, collapse_at=20) for m, b in (("z", 0.3), ("a", 0.7)) for s in SEEDS]
    figure = ladder(cells(records))
    labels = [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
    assert [label.split(" ")[0] for label in labels] == ["z", "a"]
    assert all("3/3 seeds at " in label for label in labels)


def test_files_are_the_same_every_time(tmp_path: Path) -> None:
    records = [fabricate(), fabricate("token_entropy"), fabricate(model="other")]
    files = plot(records, tmp_path / "a")
    again = plot(records, tmp_path / "b")
    shared = ("pocket_chain_ladder", "pocket_chain_forecast")
    stems = ("pocket_other_chain_dual", f"{HERE}_dual", f"{HERE}_overview", *shared)
    names = {f"{stem}.{ending}" for stem in stems for ending in ("png", "svg")}
    assert {path.name for path in files} == names
    assert {path.name for path in (tmp_path / "a").iterdir()} == names
    assert [path.read_bytes() for path in files] == [path.read_bytes() for path in again]
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in files if path.suffix == ".png")
    assert not any(b"<dc:date>" in path.read_bytes() for path in files if path.suffix == ".svg")


def test_cells_that_differ_in_a_hash_alone_do_not_share_files(tmp_path: Path) -> None:
    files = plot([fabricate(), fabricate(steps=20)], tmp_path)
    assert len(files) == len(set(files)) == 8  # a dual curve and a forecast each, as PNG and SVG


def test_nothing_to_plot_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no records"):
        plot([], tmp_path)
