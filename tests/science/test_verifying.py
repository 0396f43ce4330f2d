"""The dial of the verifier: its quality follows from three columns, and the criteria tell escape from harm."""

import pytest
from records import fabricate

from urlvr_bench.records.measured import Eval
from urlvr_bench.records.schema import Record
from urlvr_bench.science.verifying import CHECKED, OWN, REWARDS, Criteria, Prior, priors, quality
from urlvr_bench.studies import definition

CRITERIA = Criteria.model_validate(definition.load("verifier-quality").criteria)
STEPS, PROBLEMS, SAMPLES = 40, 20, 16


def judged(step: int, right: int) -> Eval:
    """Return an evaluation of problems with two answers, each of which has so many right samples."""
    votes = [tuple(sorted(((right, True), (SAMPLES - right, False)), reverse=True))] * PROBLEMS
    kept = [tuple(pair for pair in row if pair[0]) for row in votes]
    counts = {"correct": [right] * PROBLEMS, "truncated": [0] * PROBLEMS, "unparsed": [0] * PROBLEMS}
    return Eval(step=step, task="chain", n=SAMPLES, votes=kept, tokens=1, **counts)


def run(method: str, gain: float, tpr: float = 1.0, fpr: float = 0.0, right: float = 0.5, name: str = "p") -> Record:
    """Return a run that begins at half of the samples right and ends `gain` higher, its verifier of this quality."""
    paid, agreed = tpr * right + fpr * (1 - right), tpr * right + (1 - fpr) * (1 - right)
    base = fabricate(method, steps=STEPS, every=STEPS, problems=PROBLEMS, samples=SAMPLES, model=name)
    columns = {"proxy_reward": paid, "train_accuracy": right, "reward_accuracy": agreed}
    steps = base.steps.model_copy(update={key: [value] * STEPS for key, value in columns.items()})
    half = SAMPLES // 2
    ends = [judged(0, half), judged(STEPS, half + round(gain * SAMPLES))]
    return base.model_copy(update={"evals": ends, "steps": steps})


def prior(own: float, others: float = 0.0, checked: float = 0.5, tpr: float = 1.0, fpr: float = 0.0) -> Prior:
    runs = [run(OWN, own, tpr, fpr), run(CHECKED, checked), *(run(name, others) for name in REWARDS)]
    (found,) = priors(runs)
    return found


@pytest.mark.parametrize(("tpr", "fpr", "right"), [(1.0, 0.0, 0.5), (0.9, 0.7, 0.6), (0.5, 0.5, 0.25), (0.2, 0.8, 0.7)])
def test_the_quality_of_a_verifier_is_read_from_three_columns(tpr, fpr, right) -> None:
    found = quality([run(OWN, 0.0, tpr, fpr, right)])
    assert (found.tpr, found.fpr) == pytest.approx((tpr, fpr))
    assert found.informed == pytest.approx(tpr - fpr)
    assert found.precision == pytest.approx(tpr * right / (tpr * right + fpr * (1 - right)))


def test_a_verifier_that_never_accepts_has_no_precision() -> None:
    assert quality([run(OWN, 0.0, 0.0, 0.0)]).precision != quality([run(OWN, 0.0, 0.0, 0.0)]).precision


@pytest.mark.parametrize(
    ("own", "others", "said"),
    [
        (0.5, 0.0, "escapes"),
        (0.5, 0.5, "neither"),  # the vote reaches as much
        (0.125, 0.0, "neither"),  # ahead, yet far from what the checker gains
        (0.0, -0.25, "neither"),  # ahead of what falls, but gains nothing
        (-0.25, 0.0, "harms"),
    ],
)
def test_escaping_takes_a_gain_a_lead_and_a_share_of_the_checker_s(own: float, others: float, said: str) -> None:
    assert prior(own, others).verdict(CRITERIA) == said


def test_priors_come_best_informed_first_and_only_with_all_their_rewards() -> None:
    runs = [run(name, 0.0, 0.9, fpr, name=f"p{fpr}") for fpr in (0.8, 0.1, 0.5) for name in (OWN, CHECKED, *REWARDS)]
    assert [found.name for found in priors(runs)] == ["p0.1", "p0.5", "p0.8"]
    assert [found.name for found in priors(runs[1:])] == ["p0.1", "p0.5"]
