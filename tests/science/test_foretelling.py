"""What foretells, on made-up priors: an indicator that orders the gains is found, one that does not is not."""

from collections.abc import Sequence

import numpy as np
import pytest
from records import fabricate

from urlvr_bench.records.schema import Record
from urlvr_bench.science import foretelling, indicators
from urlvr_bench.studies import definition

CRITERIA = foretelling.Criteria.model_validate(definition.load("kinds").criteria)
GAINS = (0.30, 0.05, 0.20, 0.10, 0.25, 0.15)
BASES = (0.40, 0.42, 0.44, 0.46, 0.48, 0.50)


def probes(collapse_at: Sequence[int]) -> dict[str, list[Record]]:
    return {
        f"m{i}": [fabricate("majority_vote", seed, model=f"m{i}", base=BASES[i], collapse_at=at) for seed in range(2)]
        for i, at in enumerate(collapse_at)
    }


def lessons() -> dict[str, list[Record]]:
    return {
        f"m{i}": [fabricate("ground_truth", 0, model=f"m{i}", base=BASES[i], peak=BASES[i] + gain, problems=300)]
        for i, gain in enumerate(GAINS)
    }


def row(frame: "foretelling.pd.DataFrame", indicator: str, outcome: int = 0) -> "foretelling.Row":
    chosen = (frame["indicator"] == indicator) & (frame["outcome"] == indicators.OUTCOMES[outcome].name)
    (found,) = frame[chosen].to_dict("records")
    return found


def test_a_step_that_orders_the_gains_is_found_and_one_that_does_not_is_not() -> None:
    taught, step = lessons(), foretelling.INDICATORS[0].name
    ordered = foretelling.foretold(probes([round(12 + 80 * gain) for gain in GAINS]), taught)
    found = row(ordered, step)
    assert found["spearman"] > 0.9 and found["spearman_low"] > 0.3 and found["ahead"] > 0
    backwards = row(foretelling.foretold(probes([round(36 - 80 * gain) for gain in GAINS]), taught), step)
    assert backwards["spearman"] < -0.9 and not foretelling.meets(backwards, CRITERIA)


def test_the_criteria_bound_correlation_and_cost() -> None:
    good = {"spearman": 0.95, "saving": 12.0}
    assert foretelling.meets(good, CRITERIA)
    assert not foretelling.meets(good | {"spearman": 0.89}, CRITERIA)
    assert not foretelling.meets(good | {"saving": 9.9}, CRITERIA)
    assert not foretelling.meets(good | {"spearman": float("nan")}, CRITERIA)


def test_an_indicator_costs_what_must_be_generated_to_know_it() -> None:
    probed, taught = probes([20] * 6), lessons()
    frame = foretelling.foretold(probed, taught)
    every = [one for group in probed.values() for one in group]
    budget = np.mean([one.provenance.train_tokens for group in taught.values() for one in group])
    whole = np.mean([sum(one.steps.tokens) for one in every])
    assert row(frame, "step of: reward saturation")["saving"] == pytest.approx(budget / whole)
    assert row(frame, foretelling.INDICATORS[0].name)["tokens"] < whole
    first = np.mean([one.evals[0].tokens for one in every])
    assert row(frame, foretelling.START.name)["tokens"] == pytest.approx(first)


def test_a_reward_is_saturated_when_it_is_within_a_hundredth_of_its_highest() -> None:
    record = fabricate("majority_vote", steps=20)
    rising = [0.5] * 9 + [0.995] * 10 + [1.0]
    steps = record.steps.model_copy(update={"proxy_reward": rising})
    found = foretelling.saturation_step(record.model_copy(update={"steps": steps}))
    assert found == 14  # the first of 5 steps that are all at .995, against a highest mean of .996


def test_it_has_the_rivals_that_were_registered() -> None:
    assert [each.name.removeprefix("step of: ").split(",")[0].split(" (")[0] for each in foretelling.INDICATORS] == [
        "train accuracy below 10 %",
        "pass@k gain at step 0",
        "accuracy at step 0",
        "share of the leading answer at step 0",
        "reward saturation",
    ]
