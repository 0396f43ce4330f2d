"""Results as data frames: one row per run, per training step and per judged problem."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import Any

import pandas as pd

from urlvr_bench.records import record
from urlvr_bench.records.measured import Steps
from urlvr_bench.records.schema import Record
from urlvr_bench.reports import tables
from urlvr_bench.statistics.cells import role
from urlvr_bench.statistics.metrics import accuracy
from urlvr_bench.statistics.stopped import picked_step
from urlvr_bench.stopping.known import RECOMMENDED
from urlvr_bench.stopping.known import load as load_rule

Row = dict[str, Any]
KEYS = {
    "protocol": "name of the protocol, with its hash where settings were changed",
    "model": "name of the model that was trained",
    "task": "name of the task that it was trained on",
    "method": "name of the reward method, with the hyper-parameters that were changed",
    "seed": "seed of the run",
}
"""Columns that name a run; they begin every frame."""
RUNS = {
    "protocol_hash": "8 hex digits over every setting of the protocol",
    "task_version": "version of the task's prompts, problems and scoring",
    "family": "family of the method",
    "role": "contender, or which reference",
    "uses_labels": "whether the method reads the ground truth",
    "steps": "training steps done",
    "without_signal": "whether it was told to go on though no step ever gave anything to learn from",
    "judged": "task that was judged along the way; missing where none was",
    "base": "accuracy on it before training, share of samples",
    "stopped": "accuracy at the checkpoint that the recommended label-free stopping rule picks, share of samples",
    "stopped_step": "step of that checkpoint",
    "peak": "best accuracy of all evaluations, picked with the test labels, share of samples",
    "peak_step": "first step with the peak",
    "final": "accuracy after the last step, share of samples",
    "train_tokens": "completion tokens generated in training",
    "train_seconds": "time spent training, seconds",
    "eval_seconds": "time spent on evaluations, seconds",
    "path": "where the record lies under a results folder",
}
STEPS = {
    "step": "training step, from 1",
    "proxy_reward": "mean reward that the method paid",
    "proxy_reward_std": "mean over groups of the standard deviation of the reward inside the group",
    "train_accuracy": "share of rollouts that are correct; missing where the task has no labels",
    "label_accuracy": "share of prompts whose highest-paid answer is correct; missing without labels",
    "reward_accuracy": "binary rewards: share of rollouts paid rightly; otherwise the AUC; missing without labels",
    "reward_auc": "chance that a correct rollout out-scores a wrong one of its group; missing where no group has both",
    "mixed_groups": "share of groups with correct and wrong rollouts; missing without labels",
    "majority_ratio": "mean over groups of the share of rollouts that give the most common answer",
    "distinct_answers": "mean over groups of the number of different answers",
    "batch_answers": "number of different answers in the batch",
    "unparsed": "share of rollouts without an answer",
    "truncated": "share of rollouts that hit the token limit",
    "pass_at_group": "share of groups with at least one correct rollout; missing without labels",
    "length": "mean completion length, tokens",
    "repetition": "mean share of a completion's 3-grams of tokens that occurred in it before",
    "entropy": "mean entropy per token at the sampling temperature, nats",
    "kl_to_start": "sampled KL of the policy to the start per token, nats; missing where it was not measured",
    "grad_norm": "norm of the gradient before clipping",
    "learning_rate": "learning rate",
    "tokens": "completion tokens generated in the step, votes and replies included",
    "reward_likelihood": "mean Spearman correlation of reward and log-probability inside groups",
    "generation_seconds": "time spent generating, seconds",
    "reward_seconds": "time spent on rewards, seconds",
    "update_seconds": "time spent on updates, seconds",
}
PROBLEMS = {
    "step": "training step after which the problem was judged, from 0",
    "judged": "task that the problem is of",
    "problem": "id of the problem: a hash of what it shows",
    "n": "samples",
    "correct": "samples that are right",
    "unparsed": "samples that ended without an answer",
    "truncated": "samples that hit the token limit without being right",
    "distinct": "different answers among the samples",
    "majority": "samples that give the most common answer",
}


@dataclass(frozen=True)
class Results:
    """The records under a folder, and what they hold as data frames; `docs/python.md` lists every column."""

    records: tuple[Record, ...]
    """In the order of their paths."""

    @cached_property
    def runs(self) -> pd.DataFrame:
        """One row per run."""
        return pd.DataFrame(map(_run, self.records), columns=[*KEYS, *RUNS])

    @cached_property
    def steps(self) -> pd.DataFrame:
        """One row per training step of each run."""
        return pd.DataFrame([row for one in self.records for row in _steps(one)], columns=[*KEYS, *STEPS])

    @cached_property
    def problems(self) -> pd.DataFrame:
        """One row per judged problem of each evaluation of each run."""
        return pd.DataFrame([row for one in self.records for row in _problems(one)], columns=[*KEYS, *PROBLEMS])


def load(folder: str | PathLike[str]) -> Results:
    """Return the results of a folder of runs or records, or of one record; UsageError where there are none."""
    return Results(tuple(record.read_all([Path(folder)])))


def table(results: Results, kind: str) -> pd.DataFrame:
    """Return the numbers behind `urlvr-bench table --kind`, all cells in one frame; empty where there are none."""
    frames = [each.frame for each in tables.tables(results.records, kind)]
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()


def _key(one: Record) -> Row:
    return dict(zip(KEYS, (one.protocol_id, one.model.name, one.task.name, one.method.id, one.seed), strict=True))


def _run(one: Record) -> Row:
    judged = one.evals[0].task if one.evals else None
    curve = {found.step: accuracy(found) for found in one.evals if found.task == judged}
    peak = max(curve, key=lambda step: (curve[step], -step), default=None)
    stopped = picked_step(one, load_rule(RECOMMENDED), task=judged) if curve else None
    return _key(one) | {
        "protocol_hash": one.protocol_hash,
        "task_version": one.task.version,
        "family": one.method.family,
        "role": role(one.method),
        "uses_labels": one.method.uses_labels,
        "steps": one.last_step,
        "without_signal": one.without_signal,
        "judged": judged,
        "base": curve.get(0),
        "stopped": None if stopped is None else curve[stopped],
        "stopped_step": stopped,
        "peak": None if peak is None else curve[peak],
        "peak_step": peak,
        "final": curve.get(one.last_step),
        "train_tokens": one.provenance.train_tokens,
        "train_seconds": one.provenance.train_seconds,
        "eval_seconds": one.provenance.eval_seconds,
        "path": one.path.as_posix(),
    }


def _steps(one: Record) -> Iterator[Row]:
    columns: dict[str, Sequence[Any]] = {
        name: getattr(one.steps, name) or [None] * one.last_step for name in Steps.model_fields if name in STEPS
    }
    columns |= {f"{part}_seconds": values for part, values in one.timing}
    for values in zip(*columns.values(), strict=True):
        yield _key(one) | dict(zip(columns, values, strict=True))


def _problems(one: Record) -> Iterator[Row]:
    for found in one.evals:
        counts = zip(one.problems[found.task], found.correct, found.unparsed, found.truncated, found.votes, strict=True)
        for problem, correct, unparsed, truncated, votes in counts:
            said = (found.step, found.task, problem, found.n, correct, unparsed, truncated, len(votes))
            most = max((count for count, _ in votes), default=0)
            yield _key(one) | dict(zip(PROBLEMS, (*said, most), strict=True))
