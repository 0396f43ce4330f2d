"""Accuracy metrics, each computed from the raw counts of an evaluation: pass@k, avg@k, maj@k and cons@k."""

import re
from collections.abc import Sequence
from functools import lru_cache
from math import comb

import numpy as np
from numpy.typing import ArrayLike, NDArray

from urlvr_bench.errors import UsageError, unknown
from urlvr_bench.records.measured import Eval
from urlvr_bench.records.schema import Record

KINDS = ("pass", "avg", "maj", "cons")
Floats = NDArray[np.float64]


def pass_at_k(n: int, correct: ArrayLike, k: int) -> Floats:
    """Return, per problem, the chance that k of its n samples, drawn without replacement, hold a correct one.

    The unbiased estimator 1 - C(n - c, k) / C(n, k) of Chen et al. (arXiv 2107.03374), exact to the last bit.
    """
    _enough("pass", n, k)
    return _pass_by_count(n, k).take(np.asarray(correct, dtype=np.intp))


@lru_cache(maxsize=1000)
def _pass_by_count(n: int, k: int) -> Floats:
    """Return pass@k for 0, 1, ... n correct samples."""
    return np.array([1 - comb(n - count, k) / comb(n, k) for count in range(n + 1)])


def avg_at_k(n: int, correct: ArrayLike, k: int) -> Floats:
    """Return, per problem, the expected share of correct samples among k of the n, which is c / n for every k."""
    _enough("avg", n, k)
    return np.asarray(correct) / n


def maj_at_k(n: int, votes: Sequence[Sequence[tuple[int, bool]]], k: int) -> Floats:
    """Return, per problem, the chance that the most common answer among k of the n samples is right.

    `votes` are (samples, whether right) of each answer, most frequent first, as in `Eval.votes`.
    Both the draw (without replacement) and a tie for the most votes (each tied answer wins equally often) are
    taken in exact expectation. Samples without an answer do not vote; where nobody votes, the vote is wrong.
    """
    _enough("maj", n, k)
    if k == n:
        return np.array([row[0][1] if len(row) == 1 else _vote_of_several(row) for row in votes], dtype=np.float64)
    return np.array([_vote_of_some(n, tuple(row), k) for row in votes])


def _vote_of_several(votes: Sequence[tuple[int, bool]]) -> float:
    """Return the chance that the vote for none or several answers is right, which ties alone leave open."""
    if not votes:
        return 0.0
    if votes[1][0] < votes[0][0]:
        return float(votes[0][1])
    rights = [right for count, right in votes if count == votes[0][0]]
    return sum(rights) / len(rights)


@lru_cache(maxsize=100_000)
def _vote_of_some(n: int, votes: tuple[tuple[int, bool], ...], k: int) -> float:
    """Return the chance that the vote among k of n samples is right; `votes` are the answers of all n."""
    top = max((count for count, right in votes if right), default=0)
    return sum(_wins_with(n, votes, k, size) for size in range(1, min(top, k) + 1)) / comb(n, k)


def _wins_with(n: int, votes: tuple[tuple[int, bool], ...], k: int, size: int) -> float:
    """Return the number of draws of k samples that a right answer wins with `size` votes; a tie counts its share.

    Grows the generating function of the draws answer by answer: `ways[drawn, right, wrong]` counts the draws in
    which no answer has more than `size` votes and so many right and wrong answers have exactly `size`.
    """
    silent = n - sum(count for count, _ in votes)
    rivals = k // size + 1
    ways = np.zeros((k + 1, rivals + 1, rivals + 1))
    ways[: min(silent, k) + 1, 0, 0] = [comb(silent, drawn) for drawn in range(min(silent, k) + 1)]
    for count, right in votes:
        grown = np.zeros_like(ways)
        for drawn in range(min(count, size, k) + 1):
            more = ways[: k + 1 - drawn] * comb(count, drawn)
            if drawn < size:
                grown[drawn:] += more
            elif right:
                grown[drawn:, 1:] += more[:, :-1]
            else:
                grown[drawn:, :, 1:] += more[:, :, :-1]
        ways = grown
    tied_right, tied_wrong = np.indices(ways.shape[1:])
    return float((ways[k] * tied_right / np.maximum(tied_right + tied_wrong, 1)).sum())


def per_problem(evaluation: Eval, metric: str) -> Floats:
    """Return a metric such as `pass@4` for every problem of an evaluation.

    `cons@k`, the consensus of the o1 and DeepSeek-R1 reports, is another name of `maj@k`.
    """
    kind, k = _parsed(metric)
    if kind in ("maj", "cons"):
        return maj_at_k(evaluation.n, evaluation.votes, k)
    return (pass_at_k if kind == "pass" else avg_at_k)(evaluation.n, evaluation.correct, k)


def accuracy(evaluation: Eval) -> float:
    """Return avg@n: the share of all samples that are correct."""
    return sum(evaluation.correct) / (evaluation.n * len(evaluation.correct))


def means(evaluation: Eval, names: Sequence[str]) -> list[float]:
    """Return several metrics, each as its mean over the problems of an evaluation.

    pass@k and avg@k depend on the number of correct samples alone, so that problems are counted once for all.
    """
    n, problems = evaluation.n, len(evaluation.correct)
    problems_by_count = np.bincount(evaluation.correct, minlength=n + 1)
    found = []
    for kind, k in map(_parsed, names):
        if kind in ("maj", "cons"):
            found.append(float(maj_at_k(n, evaluation.votes, k).mean()))
        else:
            score = (pass_at_k if kind == "pass" else avg_at_k)(n, np.arange(n + 1), k)
            found.append(float(problems_by_count @ score) / problems)
    return found


@lru_cache(maxsize=1000)
def _parsed(metric: str) -> tuple[str, int]:
    """Return the kind of a metric and its k."""
    match = re.fullmatch(r"([a-z]+)@([1-9]\d*)", metric)
    if not match or match[1] not in KINDS:
        raise unknown("metric", metric, [f"{kind}@k" for kind in KINDS])
    return match[1], int(match[2])


def evaluation_at(record: Record, step: int, task: str | None = None) -> Eval:
    """Return the evaluation of a record at a step, on the task judged along the way unless another is named."""
    task = task or record.judged or record.task.name
    for evaluation in record.evals:
        if (evaluation.step, evaluation.task) == (step, task):
            return evaluation
    judged = sorted({evaluation.step for evaluation in record.evals if evaluation.task == task})
    raise UsageError(f"{record.path}: no evaluation of {task} at step {step}; there are steps {judged}")


def scores(records: Sequence[Record], metric: str, step: int | None, task: str | None = None) -> Floats:
    """Return a metric as an array (S, P), one row per record, one column per problem.

    Step None is each run's last, as is any step after it.
    """
    ends = [record.last_step if step is None else min(step, record.last_step) for record in records]
    return np.stack(
        [per_problem(evaluation_at(record, end, task), metric) for record, end in zip(records, ends, strict=True)]
    )


def _enough(kind: str, n: int, k: int) -> None:
    if not 1 <= k <= n:
        raise UsageError(f"{kind}@{k} needs 1 <= k <= n, but there are n = {n} samples per problem; choose k <= {n}")
