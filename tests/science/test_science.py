"""The study's questions on made-up records: signs, agreement, sensitivity, failure, sharpening, equal compute."""

import csv
import io
import json
import math
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
from records import fabricate
from scipy import stats

from urlvr_bench import protocol
from urlvr_bench.board import gather
from urlvr_bench.errors import UsageError
from urlvr_bench.models import display_name
from urlvr_bench.records import record
from urlvr_bench.records.measured import Eval
from urlvr_bench.records.record import write
from urlvr_bench.records.schema import Record
from urlvr_bench.reports.tables import FORMATS, table
from urlvr_bench.science import agreement, calm, control, failure, forecast, indicators, probe, sensitivity, sharpening
from urlvr_bench.science.correlation import correlation
from urlvr_bench.science.kinds import KINDS, per_protocol
from urlvr_bench.science.ladders import ladders
from urlvr_bench.settings import Stop
from urlvr_bench.statistics import signs
from urlvr_bench.statistics.collapse import DEFINITIONS, HEADLINE
from urlvr_bench.statistics.metrics import per_problem

SEEDS, RESULTS = range(3), Path(__file__).parents[2] / "results"


def with_steps(record: Record, **columns: Any) -> Record:
    """Return a record with other columns; a number stands for a constant one."""
    full = {k: v if isinstance(v, list) else [v] * record.last_step for k, v in columns.items()}
    return record.model_copy(update={"steps": record.steps.model_copy(update=full)})


def ladder(protocol: str = "pocket", method: str = "majority_vote", **values: Any) -> list[Record]:
    """Return four models, the stronger the later to collapse, unless `collapse_at` says otherwise."""
    rungs = {"a": (0.2, 10), "b": (0.4, 16), "c": (0.6, 22), "d": (0.8, 28)}
    return [
        fabricate(
            method, seed=seed, model=model, base=base, protocol=protocol, **{"collapse_at": at, "peak": 0.95, **values}
        )
        for model, (base, at) in rungs.items()
        for seed in SEEDS
    ]


# --- signs -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sign", "series", "expected"),
    [
        (signs.Sign("", "entropy", 0.5, "start", window=1), [4.0, 3.0, 2.0, 1.0], 3),  # half of the first is reached
        (signs.Sign("", "batch_answers", 0.5, "prompts", window=1), [9, 5, 4, 8], 3),  # half of 8 prompts
        (signs.Sign("", "majority_ratio", 0.9, above=True, window=2), [0.8, 0.9, 0.9, 1.0], 3),
        (signs.Sign("", "length", 0.5, "start", window=2), [4.0, 4.0, 3.0], None),
        (signs.Sign("", "length", 0.5, "start", window=5), [4.0], None),  # no full window
    ],
)
def test_a_sign_is_the_first_full_window_at_its_bound(
    sign: signs.Sign, series: list[float], expected: int | None
) -> None:
    assert sign.first(series, prompts=8) == expected


def test_a_run_can_stop_at_every_definition_and_sign_and_at_nothing_else() -> None:
    columns = [part.column for part in (*DEFINITIONS, *signs.SIGNS)]
    assert sorted(get_args(Stop)) == sorted(columns)
    assert signs.first_stop("train_accuracy", [0.5] * 5 + [0.0] * 5, 16) == 10
    assert signs.first_stop("batch_answers", [20] * 5 + [1] * 9, 16) == 9  # (20 + 4) / 5 is the first mean below 8
    with pytest.raises(UsageError, match="kl_to_start"):
        signs.first_stop("kl_to_start", [1.0], 16)


def test_signs_read_no_label() -> None:
    record = fabricate("majority_vote", collapse_at=20)
    blind = with_steps(record, train_accuracy=0.3, label_accuracy=0.3, reward_accuracy=0.3, pass_at_group=1.0)
    assert [sign.step(record) for sign in signs.SIGNS] == [sign.step(blind) for sign in signs.SIGNS]
    assert any(sign.step(record) for sign in signs.SIGNS)


# --- agreement and sensitivity ---------------------------------------------------------------------------------------


def test_correlations_are_scipys_and_nothing_where_there_is_nothing_to_order() -> None:
    rng = np.random.default_rng(0)
    x = rng.integers(0, 6, 20).astype(float)
    y = x + rng.normal(0, 2, 20)
    for kind, expected in (("spearman", stats.spearmanr(x, y)[0]), ("pearson", stats.pearsonr(x, y)[0])):
        assert correlation(x.tolist(), y.tolist(), kind) == pytest.approx(expected)  # type: ignore[arg-type]
    assert math.isnan(correlation([1, 1, 1], [1, 2, 3]))
    assert math.isnan(correlation([1, 2], [1, 2]))


def test_agreement_counts_detections_false_alarms_and_lags() -> None:
    """Answers run out 4 steps after the labelled collapse in three runs, in one healthy run, and not in another."""
    accuracy = [[0.5] * at + [0.0] * (40 - at) for at in (10, 15, 20)] + [[0.5] * 40] * 2
    answers = [[16] * at + [1] * (40 - at) for at in (16, 21, 26, 10)] + [[16] * 40]
    made = [
        with_steps(fabricate("majority_vote", seed=i, steps=40), train_accuracy=right, batch_answers=given)
        for i, (right, given) in enumerate(zip(accuracy, answers, strict=True))
    ]
    frame = agreement.agreement(made)
    row = frame[frame["collapse"].str.startswith("train") & frame["sign"].str.contains("different answers")].iloc[0]
    assert (row["detected"], row["detected_of"], row["false_alarms"], row["false_alarms_of"]) == (3, 3, 1, 2)
    labelled, seen = [HEADLINE.step(one) for one in made[:3]], [signs.SIGNS[1].step(one) for one in made[:3]]
    lags = [b - a for a, b in zip(labelled, seen, strict=True) if a and b]
    assert row["lag"] == np.median(lags) == 4 and (row["lag_least"], row["lag_most"]) == (min(lags), max(lags))


def test_sensitivity_reads_each_threshold_and_orders_the_priors() -> None:
    (rungs,) = ladders(ladder()).values()
    frame = sensitivity.sensitivity(rungs)
    assert list(rungs) == ["a", "b", "c", "d"]
    assert len(frame) == len(sensitivity.COLUMNS) * len(sensitivity.WINDOWS)
    row = frame[(frame["column"] == "train_accuracy") & (frame["window"] == 5)].iloc[0]
    steps = [HEADLINE.step(one) for group in rungs.values() for one in group]
    assert row["below_0.1_runs"] == 12 and row["below_0.1_median"] == np.median(steps)
    assert row["below_0.1_median"] <= row["below_0.01_median"]
    assert row["below_0.1_order"] > 0.9
    real = sensitivity.sensitivity(next(iter(ladders(ladder(method="token_entropy")).values())))
    assert "reward_accuracy" not in set(real["column"])


# --- failure ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({"train_accuracy": [0.5] * 10 + [0.4] * 30}, "none"),
        ({}, "gradual"),
        ({"length": [8.0] * 20 + [4.0] * 20}, "length"),
        ({"repetition": [0.1] * 20 + [0.5] * 20, "length": [8.0] * 20 + [1.0] * 20}, "repetition"),
        ({"repetition": [0.4] * 20 + [0.5] * 20}, "gradual"),  # it repeated itself from the beginning
        ({"batch_answers": [16] * 20 + [4] * 20}, "constant answer"),
        ({"batch_answers": [16] * 20 + [0] * 20, "unparsed": 1.0}, "gradual"),  # no answer is no constant answer
    ],
)
def test_failure_modes_follow_their_rules(columns: dict[str, Any], expected: str) -> None:
    healthy = {"length": 8.0, "repetition": 0.1, "batch_answers": 16, "unparsed": 0.0}
    fallen = {"train_accuracy": [0.8] * 20 + [0.0] * 20}
    record = with_steps(fabricate(steps=40), **{**healthy, **fallen, **columns})
    assert failure.mode(record) == expected
    assert failure.failures([record])[f"mode {expected}"] == 1


# --- sharpening ------------------------------------------------------------------------------------------------------


def evaluation(votes: list[list[tuple[int, bool]]], n: int, step: int = 0, initial: list[int] | None = None) -> Eval:
    """Return an evaluation with these votes; who does not vote gave no answer."""
    correct = [sum(count for count, right in row if right) for row in votes]
    silent = [n - sum(count for count, _ in row) for row in votes]
    zeros = [0] * len(votes)
    return Eval(
        step=step,
        task="chain",
        n=n,
        correct=correct,
        truncated=zeros,
        unparsed=silent,
        votes=votes,
        tokens=1,
        initial=initial,
    )


def test_the_tilted_start_by_hand() -> None:
    start = evaluation([[(6, True), (2, False)], [(4, False), (3, True)], []], 8)
    share, right = sharpening.tilted(start, math.log(2))
    assert share == pytest.approx([12 / 14, 8 / 12, 0])
    assert right == pytest.approx([12 / 14, 3 / 12, 0])
    assert sharpening.tilted(start, 0.0)[1] == pytest.approx(np.array(start.correct) / 8)
    assert sharpening.tilted(start, 1e6)[1] == pytest.approx(per_problem(start, "maj@8"))


def test_the_strength_is_the_one_that_explains_the_leading_answers() -> None:
    start = evaluation([[(60, True), (40, False)], [(55, False), (45, True)]], 100, initial=[60, 55])
    later = [round(100 * share) for share in sharpening.tilted(start, 1.3)[0]]
    found = sharpening.strength_reached(start, evaluation(start.votes, 100, 10, later))
    assert found == pytest.approx(1.3, abs=0.03)
    assert sharpening.strength_reached(start, evaluation(start.votes, 100, 10, [100, 100])) == math.inf
    assert sharpening.strength_reached(start, evaluation(start.votes, 100, 10, [20, 20])) < 0
    assert math.isnan(sharpening.strength_reached(start, evaluation(start.votes, 100, 10)))


def test_confidence_alignment_compares_right_votes_with_wrong_ones() -> None:
    clear = evaluation([[(8, True)], [(5, False), (3, True)], [(6, True), (2, False)]], 8)
    assert sharpening.confidence_alignment(clear) == 1.0
    assert sharpening.confidence_alignment(evaluation([[(4, True)], [(4, False)]], 8)) == 0.5
    assert math.isnan(sharpening.confidence_alignment(evaluation([[(8, True)]], 8)))


def test_the_course_of_the_initial_answers() -> None:
    votes = {0: [[(6, True), (2, False)], [(5, False), (3, True)]], 4: [[(8, True)], [(7, True), (1, False)]]}
    initial = {0: [6, 5], 4: [8, 1]}
    base = fabricate(steps=4, every=4, problems=2, samples=8)
    evals = [evaluation(votes[step], 8, step, initial[step]) for step in (0, 4)]
    found = sharpening.course(base.model_copy(update={"evals": evals}))
    assert (found.share_start, found.share_end, found.flips) == (11 / 16, 9 / 16, 0.5)
    odds = [math.log((k + 0.5) / (8 - k + 0.5)) for k in (6, 5, 8, 1)]
    rises = [odds[2] - odds[0], odds[3] - odds[1]]
    assert found.increment_first == pytest.approx(sum(rises) / 2 / 4)
    assert found.increment_spread == pytest.approx(abs(rises[0] - rises[1]) / 2)
    assert math.isnan(sharpening.course(base).flips)


def test_the_forecast_is_the_optimum_of_what_the_method_pays() -> None:
    metrics = {
        "majority_vote": "maj@16",
        "token_entropy": "maj@16",
        "ground_truth": "pass@16",
        "random_reward": "avg@16",
    }
    for method, metric in metrics.items():
        record = fabricate(method)
        row = forecast.row([record])
        assert row["metric"] == metric
        assert row["forecast"] == pytest.approx(per_problem(record.evals[0], metric).mean())
        assert row["difference"] == pytest.approx(row["reached"] - row["forecast"])


# --- equal compute ---------------------------------------------------------------------------------------------------


def test_the_untrained_vote_gets_what_training_cost() -> None:
    record = fabricate(steps=40, problems=20)  # trains on 900 tokens a step, judges 20 problems at 7 tokens a sample
    assert control.affordable(record) == 1 + 40 * 900 // (20 * 7)
    cheap = record.model_copy(update={"provenance": record.provenance.model_copy(update={"train_tokens": 20 * 7 * 3})})
    row = control.row([cheap])
    assert (row["k"], row["k_affordable"]) == (4, 4)
    assert row["base_vote"] == pytest.approx(per_problem(record.evals[0], "maj@4").mean())
    assert row["last_gap"] == pytest.approx(row["last"] - row["base_vote"])
    assert control.row([record])["k"] == 16  # no more samples are held


def test_the_best_checkpoint_is_never_below_the_last() -> None:
    row = control.row([fabricate("majority_vote", seed=seed, collapse_at=20) for seed in SEEDS])
    assert row["best"] > row["last"] and row["best_gap"] > row["last_gap"]
    assert "oracle-picked" in " ".join(control.text(row))


# --- indicators ------------------------------------------------------------------------------------------------------


def test_indicators_order_models_and_say_what_they_cost() -> None:
    taught = [
        fabricate("ground_truth", seed=seed, model=model, base=base, peak=peak, protocol="gentle", problems=100)
        for model, base, peak in (("a", 0.2, 0.22), ("b", 0.4, 0.5), ("c", 0.6, 0.8), ("d", 0.5, 0.95))
        for seed in SEEDS
    ]
    ((probed_key, probed, reference, trained),) = indicators.pairs([*ladder("probe"), *taught])
    assert (probed_key.protocol, reference.protocol) == ("probe", "gentle")
    frame = indicators.correlations(probed, trained)
    gains = frame[frame["outcome"] == "supervised gain"].set_index("indicator")
    step = gains.loc[f"step of: {HEADLINE.name}"]
    assert step["spearman"] == pytest.approx(1.0) and step["models"] == 4
    spent = np.mean([900 * (HEADLINE.step(one) or 0) for group in probed.values() for one in group])
    assert step["tokens"] == pytest.approx(spent)
    assert step["saving"] == pytest.approx(900 * 40 / spent)
    assert not gains.loc["share of the leading answer at step 0", "labels"]


def test_a_stopped_probe_is_judged_by_the_event_that_it_stopped_at() -> None:
    taught = [fabricate("ground_truth", model=model, base=base) for model, base in (("a", 0.2), ("b", 0.4), ("c", 0.6))]
    probes = [stopped(model=model, at=at) for model, at in (("a", 12), ("b", 20), ("c", 30))]
    ((_, probed, _, trained),) = indicators.pairs([*probes, *taught])
    names = set(indicators.correlations(probed, trained)["indicator"])
    assert f"step of: {HEADLINE.name}" in names and not any("reward" in n or "different" in n for n in names)
    assert table(probes, "sharpening") == table(probes, "agreement") == table(probes, "sensitivity") == ""


def test_indicators_need_three_models_and_a_collapse() -> None:
    taught = [fabricate("ground_truth", model=model) for model in "abcd"]
    assert indicators.pairs([*ladder("probe", collapse_at=None), *taught]) == []
    assert indicators.pairs([*ladder("probe")[:6], *taught]) == []
    assert len(indicators.pairs([*ladder("probe"), *taught])) == 1


# --- the probe -------------------------------------------------------------------------------------------------------


def stopped(seed: int = 0, model: str = "pocket-s1250", at: int = 20) -> Record:
    """Return a run that ended at its collapse, as a record says it."""
    whole = fabricate("majority_vote", seed=seed, model=model, steps=40, every=40, collapse_at=at)
    last = HEADLINE.step(whole)
    assert last is not None
    training = whole.protocol.training.model_copy(update={"stop_at": "train_accuracy"})
    protocol = whole.protocol.model_copy(update={"training": training})
    values = whole.model_dump() | {"protocol": protocol.model_dump(), "protocol_hash": protocol.hash()}
    values["steps"] = {name: column and column[:last] for name, column in values["steps"].items()}
    values["timing"] = {name: column[:last] for name, column in values["timing"].items()}
    values["evals"] = [{**one, "step": min(one["step"], last)} for one in values["evals"]]
    return Record.model_validate(values)


def test_a_run_that_stopped_is_a_record_and_tables_take_it() -> None:
    one = stopped()
    assert one.last_step < one.protocol.training.steps
    assert "majority_vote" in table([one, stopped(1)], "pass") and "majority_vote" in table([one], "collapse")
    with pytest.raises(ValueError, match="the protocol has 40 steps"):
        plain = one.protocol.model_copy(update={"training": one.protocol.training.model_copy(update={"stop_at": None})})
        Record.model_validate(one.model_dump() | {"protocol": plain.model_dump(), "protocol_hash": plain.hash()})


def test_probes_have_no_place_on_the_board(tmp_path: Path) -> None:
    for one in (stopped(), whole := fabricate("majority_vote")):
        write(one, tmp_path / one.path)
    assert gather([tmp_path]).records == [whole]


def test_the_probe_reports_step_cost_and_saving() -> None:
    runs = [stopped(seed) for seed in SEEDS]
    steps = [run.last_step for run in runs]
    (row,) = probe.report(runs).frame.to_dict("records")
    assert row["steps"] == ", ".join(map(str, steps)) and row["median"] in steps
    assert row["tokens"] == pytest.approx(900 * np.mean(steps))
    assert row["saving"] == pytest.approx(40 / np.mean(steps)) and "this protocol" in row["supervised_source"]
    (row,) = probe.report(runs, [fabricate("ground_truth", steps=100)]).frame.to_dict("records")
    assert row["saving"] == pytest.approx(100 / np.mean(steps)) and "1 supervised runs" in row["supervised_source"]
    with pytest.raises(UsageError, match="stop_at"):
        probe.report([fabricate("majority_vote")])
    assert probe.geometric([4, 9]).startswith("6.0 [") and probe.geometric([4, None]) == "—"


# --- calm ------------------------------------------------------------------------------------------------------------


def line(method: str, *tenths: int, seed: int = 0) -> Record:
    """Return a run in which every problem is right in this many of its ten samples, at steps 0, 10, ..."""
    run = fabricate(method, seed, steps=10 * len(tenths) - 10, every=10, samples=10, k=(1,))
    right = dict(zip(range(0, 100, 10), tenths, strict=False))
    evals = [one.model_copy(update={"correct": [right[one.step]] * len(one.correct)}) for one in run.evals]
    return run.model_copy(update={"evals": evals})


@pytest.mark.parametrize(
    ("noise", "labels", "expected"),
    [
        ([(5, 5, 5), (5, 5, 5)], [(5, 8, 9)], (0.0, 1.0, 0.8, True)),
        ([(5, 6, 5), (5, 4, 5)], [(5, 8, 9)], (0.0, 0.8, 0.8, True)),  # seeds wander, their mean does not
        ([(5, 6, 5), (5, 5, 5)], [(5, 8, 9)], (0.05, 1.0, 0.8, False)),  # the mean wanders on the way
        ([(5, 3, 5), (5, 7, 5)], [(5, 8, 9)], (0.0, 0.6, 0.8, False)),  # one seed is lost on the way
        ([(5, 5, 5), (5, 5, 5)], [(5, 9, 8)], (0.0, 1.0, 0.6, False)),  # the labels do not hold what they gained
    ],
)
def test_a_protocol_is_calm_where_noise_stays_and_labels_move(
    noise: list[tuple[int, ...]], labels: list[tuple[int, ...]], expected: tuple[float, float, float, bool]
) -> None:
    noisy = [line("random_reward", *each, seed=seed) for seed, each in enumerate(noise)]
    row = calm.row(noisy, [line("ground_truth", *each) for each in labels])
    assert (row["widest"], row["lowest"], row["closed"]) == pytest.approx(expected[:3])
    assert row["calm"] is expected[3]


SAID_CALM = [name for name in protocol.names() if "noise does not move" in protocol.load(name).description]


@pytest.mark.parametrize("name", SAID_CALM)
def test_the_protocols_that_are_called_calm_are(name: str) -> None:
    spec = protocol.load(name)
    runs = [one for one in record.read_all([RESULTS / spec.id]) if one.task.name == spec.task]
    rows = calm.frame([g for found in per_protocol(runs).values() for g in found]).set_index("model")
    assert rows.loc[display_name(spec.model), "calm"]
    assert rows.loc[display_name(spec.model), "noise_seeds"] >= 3


# --- all tables ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_every_format(kind: str, form: str) -> None:
    lines = [fabricate(name, model=model) for name in ("ground_truth", "random_reward") for model in "abcd"]
    records = [*ladder(), *lines]
    text = table(records, kind, form)
    if form == "json":
        rows = [row for part in json.loads(text)["tables"] for row in part["rows"]]
        assert len(rows) >= 4
    elif form == "csv":
        rows = list(csv.DictReader(io.StringIO(text)))
        assert len(rows) >= 4 and None not in rows[0]
    else:
        assert ("\\toprule" in text) == (form == "latex")
        assert kind in text and "nan" not in text.lower()
