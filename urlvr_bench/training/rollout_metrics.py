"""What is logged about one batch of rollouts: a pure function of groups, rewards and correctness."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean, pstdev
from typing import Any

NGRAM = 3


@dataclass(frozen=True)
class ScoredGroup:
    """A group with what the method paid and what was right; one entry per rollout."""

    answers: Sequence[str | None]
    rewards: Sequence[float]
    correct: Sequence[bool] | None
    """None where nobody knows the answer."""
    lengths: Sequence[int]
    repetitions: Sequence[float]
    truncated: Sequence[bool]


def label_accuracy(rewards: Sequence[float], correct: Sequence[bool]) -> float:
    """Correctness of the pseudo-label: the mean over the highest-paid rollouts, which agree under a vote."""
    top = max(rewards)
    return fmean(ok for reward, ok in zip(rewards, correct, strict=True) if reward == top)


def wins_and_pairs(rewards: Sequence[float], correct: Sequence[bool]) -> tuple[float, int]:
    """How often a correct rollout out-scores a wrong one (ties half), and out of how many pairs."""
    scored = list(zip(rewards, correct, strict=True))
    right = [reward for reward, ok in scored if ok]
    wrong = [reward for reward, ok in scored if not ok]
    wins = sum((good > bad) + 0.5 * (good == bad) for good in right for bad in wrong)
    return wins, len(right) * len(wrong)


def repetition(token_ids: Sequence[int]) -> float:
    """Share of a completion's 3-grams that occurred in it before."""
    grams = [tuple(token_ids[i : i + NGRAM]) for i in range(len(token_ids) - NGRAM + 1)]
    return 1 - len(set(grams)) / len(grams) if grams else 0.0


def majority_ratio(answers: Sequence[str | None]) -> float:
    """Share of all rollouts that give the most common answer; 0 where no rollout has an answer."""
    votes = Counter(answer for answer in answers if answer is not None)
    return max(votes.values(), default=0) / len(answers)


def likelihood_rank(rewards: Sequence[float], logprobs: Sequence[float]) -> float | None:
    """Return Spearman's correlation of a group's rewards with its log-probabilities; None where either is constant."""
    first, second = _ranks(rewards), _ranks(logprobs)
    spread = pstdev(first) * pstdev(second)
    if not spread:
        return None
    middle = (len(first) + 1) / 2
    shared = fmean((a - middle) * (b - middle) for a, b in zip(first, second, strict=True))
    return min(1.0, max(-1.0, shared / spread))


def _ranks(values: Sequence[float]) -> list[float]:
    """Return ranks from 1, ties sharing their mean rank."""
    return [1 + sum(other < value for other in values) + (list(values).count(value) - 1) / 2 for value in values]


def _flat(parts: Iterable[Sequence[Any]]) -> list[Any]:
    return [entry for part in parts for entry in part]


def batch_metrics(groups: Sequence[ScoredGroup], binary: bool) -> dict[str, float]:
    """Return the step's numbers by the names of `record.Steps`; NaN where a number is undefined or needs labels.

    `binary` says that rewards are 0 or 1, so that reward accuracy is agreement with correctness; otherwise it is
    the chance that a correct rollout out-scores a wrong one of its group.
    """
    rewards, answers = _flat(group.rewards for group in groups), _flat(group.answers for group in groups)
    judged = [(group.rewards, group.correct) for group in groups if group.correct is not None]
    return {
        "proxy_reward": fmean(rewards),
        "proxy_reward_std": fmean(pstdev(group.rewards) for group in groups),
        **(
            _label_metrics(judged, binary, any(answers))
            if len(judged) == len(groups)
            else dict.fromkeys(LABELLED, float("nan"))
        ),
        "majority_ratio": fmean(majority_ratio(group.answers) for group in groups),
        "distinct_answers": fmean(len({*group.answers} - {None}) for group in groups),
        "batch_answers": len({*answers} - {None}),
        "unparsed": fmean(answer is None for answer in answers),
        "truncated": fmean(_flat(group.truncated for group in groups)),
        "length": fmean(_flat(group.lengths for group in groups)),
        "repetition": fmean(_flat(group.repetitions for group in groups)),
        "tokens": sum(_flat(group.lengths for group in groups)),
    }


LABELLED = ("train_accuracy", "label_accuracy", "reward_accuracy", "reward_auc", "mixed_groups", "pass_at_group")
"""The numbers that need labels."""


def _label_metrics(
    groups: Sequence[tuple[Sequence[float], Sequence[bool]]], binary: bool, read: bool
) -> dict[str, float]:
    """Return the numbers of LABELLED; `groups` holds each group's rewards and correctness.

    Where no answer was `read`, rewards that are all 0 do not agree with anything.
    """
    rewards, correct = _flat(rewards for rewards, _ in groups), _flat(correct for _, correct in groups)
    pairs = [wins_and_pairs(*group) for group in groups]
    mixed = [wins / count for wins, count in pairs if count]
    auc = fmean(mixed) if mixed else float("nan")
    agreement = fmean(reward == ok for reward, ok in zip(rewards, correct, strict=True)) if read else float("nan")
    return {
        "train_accuracy": fmean(correct),
        "label_accuracy": fmean(label_accuracy(*group) for group in groups),
        "reward_accuracy": agreement if binary else auc,
        "reward_auc": auc,
        "mixed_groups": len(mixed) / len(groups),
        "pass_at_group": fmean(any(correct) for _, correct in groups),
    }
