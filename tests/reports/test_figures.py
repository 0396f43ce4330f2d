"""Figures: what is drawn is what the records say, nothing is cut, and files do not change from drawing to drawing."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.text import Text
from records import fabricate

from urlvr_bench.errors import UsageError
from urlvr_bench.models import priors
from urlvr_bench.presentation.courses import proxy_unit
from urlvr_bench.presentation.drawing import LADDER, PROXY, SHARES, TEST, TRUTH, save, spaced, style
from urlvr_bench.presentation.naming import size
from urlvr_bench.records.schema import Record
from urlvr_bench.reports.dual import SHOWN, dual_curves
from urlvr_bench.reports.figures import legible, plot
from urlvr_bench.reports.ladder import ladder
from urlvr_bench.reports.overview import overview
from urlvr_bench.statistics.cells import cells
from urlvr_bench.statistics.collapse import HEADLINE, smooth, survival
from urlvr_bench.statistics.intervals import two_way
from urlvr_bench.statistics.metrics import scores

SEEDS = range(3)
HERE = "pocket@1_pocket-s1250_chain"
RECORDS = [fabricate(m, s, collapse_at=c) for m, c in (("majority_vote", None), ("token_entropy", 20)) for s in SEEDS]


def cell_of(records: list[Record]) -> Any:
    (found,) = cells(records).items()
    return found


def panels(figure: Any) -> dict[str, Any]:
    """Return every panel by its title."""
    return {name: axes for axes in figure.axes if (name := axes.get_title(loc="left").strip())}


def line(axes: Any, color: str) -> Any:
    """Return the one curve of a colour."""
    (found,) = (one for one in axes.lines if one.get_color() == color and len(one.get_xdata()) > 10)
    return found


def marks(axes: Any, marker: str) -> list[Any]:
    return [one for one in axes.lines if one.get_marker() == marker and one.get_color() == TRUTH]


def said(figure: Any) -> list[str]:
    """Return all that is written in a figure."""
    found = [text.get_text().strip() for text in figure.findobj(Text)]
    return [text for text in found if text]


def of(method: str) -> list[Record]:
    return [one for one in RECORDS if one.method.name == method]


def test_a_dual_panel_holds_mean_and_band_of_truth_and_proxy() -> None:
    found = panels(dual_curves(*cell_of(RECORDS)))
    assert list(found) == ["token_entropy", "majority_vote"]  # the fallen first
    for method, axes in found.items():
        low, unit = proxy_unit(of(method))
        for column, color, shift, scale in (("train_accuracy", TRUTH, 0, 1), ("proxy_reward", PROXY, low, unit)):
            seeds = (np.stack([smooth(getattr(one.steps, column)) for one in of(method)]) - shift) / scale
            assert line(axes, color).get_ydata() == pytest.approx(seeds.mean(0))
            assert line(axes, color).get_xdata()[0] == 5
            bands = [one.get_paths()[0].vertices[:, 1] for one in axes.collections if len(one.get_paths()) == 1]
            assert any(
                {round(float(seeds.min()), 6), round(float(seeds.max()), 6)} <= {*band.round(6)} for band in bands
            )


def test_peak_and_collapse_are_marked_where_they_are() -> None:
    axes = panels(dual_curves(*cell_of(RECORDS)))["token_entropy"]
    ((peak,), (fallen,)) = marks(axes, "o"), marks(axes, "v")
    mean = np.mean([smooth(one.steps.train_accuracy) for one in of("token_entropy")], axis=0)
    assert (peak.get_xdata()[0], peak.get_ydata()[0]) == (5 + mean.argmax(), pytest.approx(mean.max()))
    assert list(fallen.get_xdata()) == [HEADLINE.step(one) for one in of("token_entropy")]
    assert not marks(panels(dual_curves(*cell_of(RECORDS)))["majority_vote"], "v")


def test_test_points_carry_their_intervals() -> None:
    (container,) = panels(dual_curves(*cell_of(RECORDS)))["token_entropy"].containers
    points, _, (bars,) = container.lines
    found = [two_way(scores(of("token_entropy"), "avg@16", step)) for step in (0, 10, 20, 30, 40)]
    assert points.get_color() == TEST
    assert points.get_ydata() == pytest.approx([one.mean for one in found])
    assert [bar[:, 1].tolist() for bar in bars.get_segments()] == [pytest.approx([one.low, one.high]) for one in found]


def test_a_proxy_keeps_its_unit_where_it_is_a_share_and_looks_flat_where_it_hardly_moves() -> None:
    assert proxy_unit(of("majority_vote")) == (0, 1)
    low, unit = proxy_unit(of("token_entropy"))
    paid = [value for one in of("token_entropy") for value in smooth(one.steps.proxy_reward)]
    assert (low, low + unit) == pytest.approx((min(paid), max(paid)))
    still = of("majority_vote")[0]
    tiny = [-0.001 * (step % 2) for step in still.steps.step]
    still = still.model_copy(update={"steps": still.steps.model_copy(update={"proxy_reward": tiny})})
    assert proxy_unit([still])[1] == pytest.approx(np.mean(still.steps.proxy_reward_std[:5]))


def test_few_panels_are_the_fallen_ones_with_noise_and_truth() -> None:
    names = [
        "ground_truth",
        "random_reward",
        "scrl",
        "empo",
        "evol_rl",
        "condorcet",
        "soft_vote",
        "covo",
        "token_entropy",
    ]
    records = [fabricate(name, collapse_at=20 if name in ("covo", "token_entropy") else None) for name in names]
    drawn = list(panels(dual_curves(*cell_of(records), most=SHOWN)))
    assert len(drawn) == SHOWN and set(drawn[:2]) == {"covo", "token_entropy"}
    assert set(drawn[-2:]) == {"ground_truth", "random_reward"}
    assert set(panels(dual_curves(*cell_of(records)))) == set(names)


@pytest.mark.filterwarnings("error:constrained_layout not applied")
@pytest.mark.parametrize("count", [1, 2, 4, 5, 26])
def test_nothing_is_cut_at_any_number_of_panels(count: int) -> None:
    found = [fabricate(f"a_method_of_a_long_name_{i}", collapse_at=20 if i % 2 else None) for i in range(count)]
    with style():
        figures = [dual_curves(*cell_of(found))] + ([overview(*cell_of(found))] if count > 1 else [])
        for figure in figures:
            figure.draw_without_rendering()
            box, (width, height) = figure.get_tightbbox(), figure.get_size_inches()
            assert min(box.x0, box.y0) > -0.01 and box.x1 < width + 0.01 and box.y1 < height + 0.01
            assert figure.axes[0].bbox.width > 100  # the plot is not squeezed by what is written around it


def test_titles_and_captions_hold_words_and_no_hash() -> None:
    record = RECORDS[0]
    for figure in (dual_curves(*cell_of(RECORDS)), overview(*cell_of(RECORDS)), ladder(cells(RECORDS))):
        written = " ".join(said(figure))
        assert record.protocol_hash not in written and "3 seeds" in written and record.model.name in written
    assert "chain addition" in " ".join(said(dual_curves(*cell_of([fabricate(task="chain_addition")]))))
    assert [size(number) for number in (85_056, 134_515_008, 1_720_000_000)] == ["85,056", "135M", "1.72B"]


def test_the_overview_puts_methods_where_they_ended_and_names_each_once() -> None:
    more = [fabricate(name, seed) for name in ("empo", "scrl") for seed in SEEDS]
    left, right = overview(*cell_of([*RECORDS, *more])).axes
    (dot,) = (one for one in left.lines if one.get_marker() == "D")
    end = scores(of("token_entropy"), "avg@16", 40).mean()
    when = survival([HEADLINE.step(one) for one in of("token_entropy")], [40] * 3).median
    assert (dot.get_xdata()[0], dot.get_ydata()[0]) == (when, pytest.approx(end))
    assert [text.get_text() for text in left.texts if text.get_text()] == ["token_entropy"]
    named = " ".join(text.get_text() for text in right.texts)
    assert all(named.count(name) == 1 for name in ("majority_vote", "empo", "scrl")) and "token_entropy" not in named
    assert right.get_xlabel() == "not by step 40 (censored)"


def test_where_none_collapsed_the_overview_has_a_line_per_method_beside_the_start() -> None:
    held = [one for one in RECORDS if one.method.id == "majority_vote"]
    (axes,) = overview(*cell_of(held)).axes
    assert [label.get_text() for label in axes.get_yticklabels()] == ["majority_vote"]
    start, bar, dot = axes.lines
    ends = scores(held, "avg@16", 40)
    assert start.get_xdata()[0] == pytest.approx(scores(held, "avg@16", 0).mean())
    assert dot.get_xdata()[0] == pytest.approx(ends.mean()) and bar.get_xdata()[0] < ends.mean() < bar.get_xdata()[1]


def test_the_steps_of_panels_are_whole(tmp_path: Path) -> None:
    short = [fabricate(seed=seed, steps=20) for seed in SEEDS]
    figure = dual_curves(*cell_of(short))
    figure.savefig(tmp_path / "short.png")
    assert all(float(tick).is_integer() for tick in figure.axes[0].get_xticks())


def test_the_ladder_names_priors_at_their_starts_and_says_when_they_collapse() -> None:
    given = (("weak", 0.3, 12), ("middle", 0.5, 20), ("strong", 0.7, 32))
    records = [fabricate(seed=s, model=m, base=b, peak=b, collapse_at=c) for m, b, c in given for s in SEEDS]
    figure = ladder(cells(records))
    above, below = figure.axes
    names = [text.get_text() for text in above.texts if "(" in text.get_text()]
    assert [name.split(" ")[0] for name in names] == ["weak", "middle", "strong"]
    medians = [survival([HEADLINE.step(r) for r in records if r.model.name == m], [40] * 3).median for m, *_ in given]
    assert {f"{median:g}" for median in medians} < {text.get_text() for text in above.texts}
    assert len([one for one in below.lines if len(one.get_xdata()) > 10]) == 3
    assert "The stronger the start, the later the collapse" in said(figure)
    mixed = [fabricate(seed=s, model=m, base=b, collapse_at=20) for m, b, _ in given for s in SEEDS]
    assert "When each prior collapses" in said(ladder(cells(mixed)))


@pytest.mark.filterwarnings("error:constrained_layout not applied")
def test_a_ladder_of_many_rungs_is_drawn_by_pre_training(tmp_path: Path) -> None:
    names = [prior.name for prior in priors() if prior.name.startswith(("pocket-", "kind-"))]
    few, many = (cells(map(ends_early, names[:n])) for n in (8, 99))
    assert list(legible(few)) == [""] and all(len(rungs) <= len(LADDER) for rungs in legible(many).values())
    assert sum(map(len, legible(many).values())) == len(many)
    assert {*legible(many)} >= {"kind-a", "kind-e", "pocket"}
    save(ladder(legible(many)["kind-a"]), tmp_path / "ladder")


def ends_early(model: str) -> Record:
    """Return a run that is judged at its start alone, as those that end at their collapse."""
    one = fabricate(model=model)
    return one.model_copy(update={"evals": [found for found in one.evals if found.step == 0]})


@given(st.lists(st.floats(0, 1), max_size=12).map(sorted), st.floats(0.01, 0.08))
def test_labels_are_spread_in_order_and_inside(wanted: list[float], least: float) -> None:
    places = spaced(wanted, least, *SHARES)
    assert np.diff(places) == pytest.approx(np.maximum(np.diff(places), least))
    assert all(SHARES[0] <= place <= SHARES[1] for place in places)


def test_files_are_the_same_every_time(tmp_path: Path) -> None:
    records = [fabricate(), fabricate("token_entropy"), fabricate(model="other")]
    files = plot(records, tmp_path / "a")
    again = plot(records, tmp_path / "b")
    shared = ("pocket@1_chain_ladder", "pocket@1_chain_forecast")
    stems = ("pocket@1_other_chain_dual", f"{HERE}_dual", f"{HERE}_overview", *shared)
    names = {f"{stem}.{ending}" for stem in stems for ending in ("png", "svg")}
    assert {path.name for path in files} == names
    assert {path.name for path in (tmp_path / "a").iterdir()} == names
    assert [path.read_bytes() for path in files] == [path.read_bytes() for path in again]
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in files if path.suffix == ".png")
    assert not any(b"<dc:date>" in path.read_bytes() for path in files if path.suffix == ".svg")


def test_more_methods_than_a_page_holds_have_an_appendix(tmp_path: Path) -> None:
    files = plot([fabricate(f"method_{i}") for i in range(SHOWN + 1)], tmp_path)
    assert f"{HERE}_dual-all.png" in {path.name for path in files}


def test_cells_that_differ_in_a_hash_alone_do_not_share_files(tmp_path: Path) -> None:
    files = plot([fabricate(), fabricate(steps=20)], tmp_path)
    assert len(files) == len(set(files)) == 8  # a dual curve and a forecast each, as PNG and SVG


def test_prompts_that_another_task_judges_are_drawn_on_its_problems(tmp_path: Path) -> None:
    plain = fabricate()
    judged = plain.protocol.evaluation.model_copy(update={"task": "held"})
    one = fabricate(protocol=plain.protocol.model_copy(update={"evaluation": judged}), task="sums")
    assert "sums" not in one.problems
    assert any("forecast" in path.name for path in plot([one], tmp_path))


def test_nothing_to_plot_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no records"):
        plot([], tmp_path)
