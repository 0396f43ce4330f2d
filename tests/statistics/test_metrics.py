"""Accuracy metrics against hand-computed values and against the enumeration of every possible draw."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from records import fabricate

from urlvr_bench.errors import UsageError
from urlvr_bench.statistics.metrics import avg_at_k, evaluation_at, maj_at_k, means, pass_at_k, per_problem, scores

Vote = tuple[int, bool]


@st.composite
def ballots(draw: st.DrawFn) -> tuple[int, list[Vote], int]:
    """Draw n samples of one problem as (n, votes, k), some samples without an answer."""
    n = draw(st.integers(1, 9))
    left, votes = n, []
    while left and draw(st.integers(0, 3)):
        count = draw(st.integers(1, left))
        votes.append((count, draw(st.booleans())))
        left -= count
    return n, sorted(votes, key=lambda vote: -vote[0]), draw(st.integers(1, n))


def every_draw(n: int, votes: list[Vote], k: int) -> list[list[int | None]]:
    """Return all draws of k of the n samples, each sample named by its answer's number, None without an answer."""
    answers = [i for i, (count, _) in enumerate(votes) for _ in range(count)]
    return [list(draw) for draw in combinations(answers + [None] * (n - len(answers)), k)]


def vote_of(draw: list[int | None], votes: list[Vote]) -> float:
    """Return the chance that the vote of one draw is right, ties split evenly."""
    counts = {answer: draw.count(answer) for answer in draw if answer is not None}
    top = [answer for answer, count in counts.items() if count == max(counts.values())]
    return sum(votes[answer][1] for answer in top) / len(top) if top else 0.0


@settings(deadline=None, max_examples=150)
@given(ballots())
def test_every_metric_is_the_mean_over_all_possible_draws(ballot: tuple[int, list[Vote], int]) -> None:
    n, votes, k = ballot
    draws = every_draw(n, votes, k)
    correct = sum(count for count, right in votes if right)
    is_right = [[answer is not None and votes[answer][1] for answer in draw] for draw in draws]
    assert pass_at_k(n, [correct], k) == pytest.approx([np.mean([any(draw) for draw in is_right])])
    assert avg_at_k(n, [correct], k) == pytest.approx([np.mean(is_right)])
    assert maj_at_k(n, [votes], k) == pytest.approx([np.mean([vote_of(draw, votes) for draw in draws])])


@pytest.mark.parametrize(
    ("votes", "n", "k", "expected"),
    [
        ([(3, True), (2, False)], 5, 5, 1.0),
        ([(2, False), (2, True)], 5, 5, 0.5),  # a tie, one sample without an answer
        ([(1, True), (1, False), (1, False)], 3, 3, 1 / 3),
        ([(2, True), (2, True), (2, False)], 6, 6, 2 / 3),  # two different right answers
        ([], 4, 4, 0.0),  # nobody answered
        ([(2, True), (1, False)], 3, 2, 2 / 3),  # RR wins, RW ties, RW ties: (1 + 1/2 + 1/2) / 3
        ([(1, True)], 4, 2, 0.5),  # right whenever the one answer is drawn
    ],
)
def test_majority_by_hand(votes: list[Vote], n: int, k: int, expected: float) -> None:
    assert maj_at_k(n, [votes], k) == pytest.approx([expected])


def test_pass_at_k_by_hand_and_for_many_samples() -> None:
    assert pass_at_k(4, [0, 1, 2, 3, 4], 2) == pytest.approx([0, 1 / 2, 5 / 6, 1, 1])
    # 1 - C(1000, 512) / C(1024, 512), computed as a product that never overflows
    missed = np.prod([1 - 512 / i for i in range(1001, 1025)])
    assert pass_at_k(1024, [24], 512) == pytest.approx([1 - missed], abs=1e-12)


@pytest.mark.parametrize("metric", ["pass@17", "avg@17", "maj@17", "cons@17"])
def test_k_above_n_is_an_error_with_both_numbers(metric: str) -> None:
    evaluation = fabricate(samples=16).evals[0]
    with pytest.raises(UsageError, match=r"17.*n = 16"):
        per_problem(evaluation, metric)


@pytest.mark.parametrize("metric", ["pas@1", "pass", "pass@0", "pass@1.5", "@1"])
def test_unknown_metrics_name_the_known(metric: str) -> None:
    with pytest.raises(UsageError, match="pass@k"):
        per_problem(fabricate().evals[0], metric)


def test_names_reach_the_right_metric() -> None:
    evaluation = fabricate(problems=7).evals[0]
    assert per_problem(evaluation, "pass@1") == pytest.approx(per_problem(evaluation, "avg@16"))
    assert (per_problem(evaluation, "cons@16") == per_problem(evaluation, "maj@16")).all()
    assert (per_problem(evaluation, "pass@4") >= per_problem(evaluation, "avg@4")).all()


def test_scores_are_seeds_by_problems_at_the_step_asked_for() -> None:
    records = [fabricate(seed=seed, problems=7, ood=["long"]) for seed in range(3)]
    assert scores(records, "avg@16", 40).shape == (3, 7)
    assert scores(records, "avg@16", 40, "long") == pytest.approx(
        np.array([[count / 16 for count in evaluation_at(record, 40, "long").correct] for record in records])
    )
    with pytest.raises(UsageError, match="no evaluation of chain at step 3"):
        scores(records, "avg@16", 3)


def test_means_are_those_of_the_problems() -> None:
    for evaluation in fabricate(steps=4, problems=7, samples=8).evals:
        names = ["avg@8", "pass@1", "pass@3", "maj@8", "cons@5"]
        wanted = [per_problem(evaluation, name).mean() for name in names]
        assert means(evaluation, names) == pytest.approx(wanted)
