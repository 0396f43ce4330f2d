"""The numbers logged about a batch, against cases worked out by hand."""

import math

import pytest

from urlvr_bench.training.rollout_metrics import (
    LABELLED,
    ScoredGroup,
    batch_metrics,
    label_accuracy,
    majority_ratio,
    repetition,
    wins_and_pairs,
)


def scored(answers, rewards, correct, tokens=None, truncated=None):
    tokens = tokens or [[1, 2]] * len(answers)
    lengths, repetitions = [len(ids) for ids in tokens], [repetition(ids) for ids in tokens]
    return ScoredGroup(answers, rewards, correct, lengths, repetitions, truncated or [False] * len(answers))


def test_label_accuracy_is_the_voted_answers_correctness_and_the_mean_over_ties():
    assert label_accuracy([1.0, 1.0, 0.0, 0.0], [True, True, False, False]) == 1.0
    assert label_accuracy([0.0, 0.0, 1.0, 1.0], [True, True, False, False]) == 0.0
    assert label_accuracy([1.0, 0.0, 0.0, 1.0], [True, True, False, False]) == 0.5


def test_wins_count_ties_half_and_only_mixed_pairs():
    assert wins_and_pairs([3.0, 1.0, 2.0, 1.0], [True, True, False, False]) == (2 + 0 + 0.5, 4)
    assert wins_and_pairs([3.0, 1.0], [True, True]) == (0, 0)


def test_repetition_is_the_share_of_repeated_trigrams():
    assert repetition([1, 2, 3, 4]) == 0.0
    assert repetition([1, 1, 1, 1, 1]) == pytest.approx(2 / 3)
    assert repetition([1, 2]) == 0.0


def test_majority_ratio_counts_silent_rollouts_in_the_denominator():
    assert majority_ratio(["7", "7", None, "3"]) == 0.5
    assert majority_ratio([None, None]) == 0.0


def test_numbers_that_need_labels_are_undefined_where_any_group_has_none():
    groups = [scored(["7", "7"], [1.0, 1.0], None), scored(["2", "3"], [1.0, 0.0], [True, False])]
    found = batch_metrics(groups, binary=True)
    assert all(math.isnan(found[name]) for name in LABELLED)
    assert found["proxy_reward"] == 3 / 4 and found["majority_ratio"] == 3 / 4


def test_a_batch_of_two_groups_by_hand():
    groups = [
        scored(["7", "7", "3", None], [1.0, 1.0, 0.0, 0.0], [True, True, False, False], [[1], [1, 2], [1], [5]],
               [False, False, False, True]),
        scored(["2", "2", "2", "2"], [1.0, 1.0, 1.0, 1.0], [False] * 4),
    ]  # fmt: skip
    found = batch_metrics(groups, binary=True)
    assert found["proxy_reward"] == 6 / 8
    assert found["train_accuracy"] == 2 / 8
    assert found["reward_accuracy"] == 4 / 8
    assert found["reward_auc"] == 1.0
    assert found["mixed_groups"] == 0.5
    assert found["label_accuracy"] == 0.5
    assert found["majority_ratio"] == (0.5 + 1.0) / 2
    assert found["distinct_answers"] == (2 + 1) / 2
    assert found["batch_answers"] == 3
    assert (found["unparsed"], found["truncated"]) == (1 / 8, 1 / 8)
    assert found["pass_at_group"] == 0.5
    assert found["tokens"] == 5 + 8
    assert found["proxy_reward_std"] == (0.5 + 0.0) / 2


def test_real_valued_rewards_have_the_pairwise_chance_as_reward_accuracy():
    groups = [scored("73", [0.2, 0.9], [True, False]), scored("77", [0.2, 0.9], [True, True])]
    found = batch_metrics(groups, binary=False)
    assert found["reward_accuracy"] == found["reward_auc"] == 0.0


def test_no_mixed_group_leaves_the_chance_undefined():
    found = batch_metrics([scored("77", [0.2, 0.9], [True, True])], binary=False)
    assert math.isnan(found["reward_auc"]) and found["mixed_groups"] == 0.0
