"""Tables: every number can be found again in the records, with its interval, and nothing is mixed that differs."""

import csv
import io
import json
import random
import re
from functools import cache

import numpy as np
import pytest
from records import fabricate

from urlvr_bench.errors import UsageError
from urlvr_bench.presentation.rendering import Table
from urlvr_bench.records.schema import Record
from urlvr_bench.reports.tables import FORMATS, KINDS, table, tables
from urlvr_bench.statistics.cells import cells
from urlvr_bench.statistics.collapse import DEFINITIONS, HEADLINE, smooth
from urlvr_bench.statistics.intervals import two_way
from urlvr_bench.statistics.metrics import scores
from urlvr_bench.statistics.passing import pass_intervals

METHODS = {"ground_truth": None, "random_reward": 30, "majority_vote": None, "token_entropy": 15}


@cache
def study(seeds: int = 3, **given: object) -> list[Record]:
    """Return records of four methods; nobody changes them."""
    options = {"k": (1, 4), **given}
    return [fabricate(m, s, collapse_at=c and c + s, **options) for m, c in METHODS.items() for s in range(seeds)]


def row(found: Table, method: str) -> dict[str, object]:
    """Return a method's numbers."""
    return next(one for one in found.frame.to_dict("records") if one["method"] == method)


def test_pass_table_holds_what_the_records_say() -> None:
    records = study()
    (found,) = tables(records, "pass")
    ours = [one for one in records if one.method.name == "majority_vote"]
    numbers = row(found, "majority_vote")
    by_k = {k: scores(ours, f"pass@{k}", 40) for k in (1, 4)}
    one, four = pass_intervals(by_k)
    wanted = {"avg@16": one, "pass@1": one, "pass@4": four, "maj@16": two_way(scores(ours, "maj@16", 40))}
    for metric, interval in wanted.items():
        assert [numbers[name] for name in (metric, f"{metric}_low", f"{metric}_high")] == pytest.approx(
            [interval.mean, interval.low, interval.high]
        )
    gain = two_way(scores(ours, "avg@16", 40) - scores(ours, "avg@16", 0), (-1.0, 1.0))
    assert (numbers["gain"], numbers["gain_low"]) == pytest.approx((gain.mean, gain.low))
    assert (numbers["seeds"], numbers["problems"], numbers["samples"]) == (3, 20, 16)


def test_the_peak_is_the_best_step_of_each_run_and_says_so() -> None:
    records = study(every=5)
    (found,) = tables(records, "pass")
    ours = [one for one in records if one.method.name == "token_entropy"]
    best = [max(float(scores([one], "avg@16", step).mean()) for step in range(0, 41, 5)) for one in ours]
    assert row(found, "token_entropy")["peak"] == pytest.approx(np.mean(best))
    assert "peak (oracle-picked)" in table(records, "pass")


def test_references_come_first_and_are_not_ranked() -> None:
    (found,) = tables(study(seeds=5), "pass")
    assert list(found.frame["method"])[:3] == ["step 0", "ground_truth", "random_reward"]
    assert found.frame["rank"].isna().tolist() == [True, True, True, False, False]
    assert row(found, "majority_vote")["rank_low"] == row(found, "majority_vote")["rank_high"] == 1
    assert row(found, "token_entropy")["tied_with_leader"] is False
    text = table(study(), "pass")
    for name in (
        "step 0 (untrained reference)",
        "ground_truth (supervised reference)",
        "random_reward (baseline reference)",
    ):
        assert name in text


def test_the_untrained_row_counts_every_seed_once() -> None:
    records = study()
    (found,) = tables(records, "pass")
    base = row(found, "step 0")
    by_seed = [scores([one for one in records if one.seed == seed], "avg@16", 0).mean(0) for seed in range(3)]
    assert base["avg@16"] == pytest.approx(np.mean(by_seed))
    assert base["avg@16_low"] == pytest.approx(two_way(np.stack(by_seed)).low)
    assert base["seeds"] == 3


def test_one_seed_is_said_once_and_starred_beside_more() -> None:
    for kind in ("pass", "collapse", "reward", "probe"):
        text = table(study(seeds=1), kind)
        assert "\n- 1 seed:" in text and "seeds" not in text.split("\n- ")[0]
        assert not any(word in text for word in ("]*", "no interval", "rank", "p against"))
    mixed = table([*study(seeds=1), fabricate(seed=1, k=(1, 4))], "pass")
    assert re.search(r"\| 1 \(few\) +\| \d\.\d{3} \[\d\.\d{3}, \d\.\d{3}\]\*", mixed)
    assert "A star marks one seed" in mixed and "A star" not in table(study(), "pass")


def test_few_seeds_are_unranked() -> None:
    (found,) = tables(study(seeds=2), "pass")
    assert found.frame["rank"].isna().all()
    assert set(found.frame["standing"]) == {"unranked"}


def test_nothing_that_differs_shares_a_table() -> None:
    records = study() + study(protocol="other") + study(model="strong") + study(task="countdown") + study(steps=20)
    titles = [found.title for found in tables(records, "pass")]
    assert len(titles) == len(set(titles)) == 5
    elsewhere = study(ood=("long", "wide"))
    for kind, number in {"pass": 1, "collapse": 1, "reward": 1, "ood": 2}.items():
        titles = [found.title for found in tables(elsewhere, kind)]
        assert len(titles) == number
        assert all(("judged on" in title) == (kind == "ood") for title in titles)
    assert table(study(), "ood") == ""  # nothing was judged elsewhere


def test_methods_with_equal_runs_are_marked_and_ranked_once() -> None:
    records = study(seeds=5)
    ours = [one for one in records if one.method.name == "majority_vote"]
    copies = [
        one.model_copy(update={"method": one.method.model_copy(update={"name": "copy", "id": "copy"})}) for one in ours
    ]
    (found,) = tables([*records, *copies], "pass")
    assert "copy (same runs as majority_vote)" in table([*records, *copies], "pass")
    assert row(found, "copy")["rank"] == row(found, "majority_vote")["rank"] == 1
    assert row(found, "token_entropy")["rank"] == 2  # not 3: one result does not count twice


def test_training_costs_tokens_and_times_the_supervised_reference() -> None:
    (found,) = tables(study(), "pass")
    assert (row(found, "token_entropy")["train_tokens"], row(found, "token_entropy")["cost"]) == (900 * 40, 1.0)
    assert "36k (1.0 x)" in table(study(), "collapse")
    assert "36k " in table([fabricate(seed=seed) for seed in range(3)], "pass")


def test_seeds_of_two_versions_of_a_method_are_marked() -> None:
    one, other = fabricate(), fabricate(seed=1)
    changed = other.method.model_copy(update={"source_sha256": "0" * 16})
    text = table([one, other.model_copy(update={"method": changed})], "pass")
    assert "majority_vote (2 versions of its source) (older source: 1 of 2)" in text
    text = table([other.model_copy(update={"method": changed})], "collapse")
    assert "majority_vote (older source)" in text and "- Older source: made by another version" in text
    assert "older source" not in table([one], "pass")


def test_what_cannot_be_compared_is_an_error() -> None:
    one = fabricate()
    assert len(next(iter(cells([one, one]).values()))["majority_vote"]) == 1
    other = one.model_copy(update={"provenance": one.provenance.model_copy(update={"device": "cuda"})})
    with pytest.raises(UsageError, match="two different records of the run pocket@1/"):
        cells([one, other])
    with pytest.raises(UsageError, match="judged on different problems of chain"):
        cells([one, fabricate(seed=1, ids={"chain": [f"x{i}" for i in range(20)]})])


def test_reward_table_smooths_then_averages_over_seeds() -> None:
    records = study()
    (found,) = tables(records, "reward")
    quantities = {name: set(part["quantity"]) for name, part in found.frame.groupby("method")}
    assert "reward_accuracy" in quantities["majority_vote"]
    assert "reward_accuracy" not in quantities["token_entropy"]  # a real-valued reward has none
    ours = [smooth(one.steps.label_accuracy) for one in records if one.method.name == "token_entropy"]
    frame = found.frame[(found.frame["method"] == "token_entropy") & (found.frame["quantity"] == "label_accuracy")]
    numbers = frame.to_dict("records")[0]
    assert [numbers[name] for name in ("first", "best", "last")] == pytest.approx(
        [
            np.mean([curve[i] for curve in ours]) if i is not None else np.mean([max(c) for c in ours])
            for i in (0, None, -1)
        ]
    )
    auc = found.frame[(found.frame["method"] == "token_entropy") & (found.frame["quantity"] == "reward_auc")]
    assert (auc["last_seeds"] == 0).all()  # after collapse no group has a right and a wrong rollout
    assert "— (0 of 3 seeds)" in table(records, "reward")


def test_collapse_table_shows_three_definitions_side_by_side() -> None:
    records = study()
    (found,) = tables(records, "collapse")
    noise = row(found, "random_reward")
    steps = sorted(HEADLINE.step(one) for one in records if one.method.name == "random_reward")
    assert (noise["train_accuracy_collapsed"], noise["train_accuracy_median"]) == (3, steps[1])
    assert row(found, "majority_vote")["label_accuracy"] == "0/3 seeds (< 56 %), censored at 40"
    assert row(found, "token_entropy")["reward_accuracy"] == "not defined"
    entropy = row(found, "token_entropy")
    assert entropy["logrank_p"] == 0.1 and entropy["logrank_holm"] == pytest.approx(0.3)  # all three before all three
    assert np.isnan(noise["logrank_p"])
    for definition in DEFINITIONS:
        assert definition.name in table(records, "collapse")


def test_probe_table_climbs_the_ladder_of_priors() -> None:
    accuracies = {"strong": 0.8, "weak": 0.2, "middle": 0.5}
    records = [fabricate(seed=s, model=m, base=b, collapse_at=20) for m, b in accuracies.items() for s in range(3)]
    (found,) = tables(records, "probe")
    assert list(found.frame["model"]) == ["weak", "middle", "strong"]
    assert len(tables(records + study(k=(1, 4, 16)), "probe")) == 4  # one per method
    assert len(tables([*records, fabricate(steps=20, model="weak")], "probe")) == 2  # never two protocols in one


@pytest.mark.parametrize("kind", KINDS)
def test_every_score_that_people_read_has_an_interval(kind: str) -> None:
    records = study(ood=("long",))
    interval = re.compile(r"-?[01]\.\d{3} \[-?[01]\.\d{3}, -?[01]\.\d{3}\]|\d of 3 (held |fell |)(at|to) ")
    read = 0
    for found in tables(records, kind):
        for numbers in found.frame.to_dict("records"):
            columns = found.text(numbers)
            scores = [
                text
                for name, text in columns.items()
                if "." in text and "p against" not in name and "tokens" not in name
            ]
            assert all(interval.match(text) for text in scores), scores
            assert "seeds" in columns
            read += len(scores)
    assert read > 10


@pytest.mark.parametrize("kind", KINDS)
def test_equal_records_give_equal_bytes(kind: str) -> None:
    records = study() + study(model="other")
    shuffled = random.Random(0).sample(records, len(records))
    for form in FORMATS if kind == "pass" else ["markdown"]:
        assert table(records, kind, form) == table(shuffled, kind, form)


def test_machine_formats_hold_the_same_numbers() -> None:
    (found,) = tables(study(), "pass")
    rows = list(csv.DictReader(io.StringIO(table(study(), "pass", "csv"))))
    values = json.loads(table(study(), "pass", "json"), parse_constant=pytest.fail)
    assert (values["level"], values["resamples"]) == (0.95, 10_000)
    assert len(rows) == len(values["tables"][0]["rows"]) == len(found.frame) == 5
    for ours, line, numbers in zip(found.frame.to_dict("records"), rows, values["tables"][0]["rows"], strict=True):
        assert ours["avg@16"] == pytest.approx(float(line["avg@16"]))
        assert ours["avg@16"] == pytest.approx(numbers["avg@16"])
    assert rows[0]["gain"] == ""
    assert values["tables"][0]["rows"][0]["rank"] is None


def test_latex_is_a_whole_tabular() -> None:
    text = table(study(), "pass", "latex")
    assert text.count("\\begin{tabular}") == text.count("\\end{tabular}") == 1
    assert "majority\\_vote" in text


def test_names_are_inert_in_markdown() -> None:
    text = table([fabricate(model="a|b<img src=x onerror=alert(1)>`x`")], "probe")
    assert "<img" not in text
    assert "a\\|b&lt;img" in text


def test_wrong_requests_name_what_there_is() -> None:
    with pytest.raises(UsageError, match="did you mean 'collapse'"):
        table(study(), "colapse")
    with pytest.raises(UsageError, match="did you mean 'latex'"):
        table(study(), "pass", "latx")
    with pytest.raises(UsageError, match="no records"):
        table([], "pass")
