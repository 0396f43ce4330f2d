"""The one place that knows TRL's reward callable: a batch becomes groups, the method pays, the numbers are logged.

Beside the evaluator this is the only module that sees the ground truth, and it hands it to no method that does
not declare it.
"""

import dataclasses
import math
import time
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from urlvr_bench.errors import UsageError
from urlvr_bench.rollout_metrics import ScoredGroup, batch_metrics
from urlvr_bench.rollouts import TOKEN_SIGNALS, Group, Method
from urlvr_bench.signals import TokenStatistics

LogMetric = Callable[[str, float], None]
PREFIX = "urlvr/"
"""Names the bridge's metrics among the trainer's own."""


class Rollouts(Protocol):
    """What the bridge asks of the trainer about the batch that it has just generated."""

    eos_ids: frozenset[int]
    generation_seconds: float

    def statistics(self) -> TokenStatistics:
        """Token statistics of the batch under the policy."""

    def kl_to_start(self) -> float | None:
        """Sampled KL of the policy to the start per token, or None at a step that does not measure it."""

    def reply(self, prompts: Sequence[str]) -> tuple[list[str], int]:
        """The policy's answers to further prompts, and the number of tokens in them."""


class TaskView(Protocol):
    """What the bridge asks of a task."""

    name: str
    has_checker: bool

    def prompt(self, doc: dict[str, Any]) -> str: ...
    def answer(self, completion: str) -> str | None: ...
    def correct(self, doc: dict[str, Any], completion: str) -> bool: ...
    def verify(self, public: str, completion: str) -> bool: ...
    def gold(self, doc: dict[str, Any]) -> str: ...


class RewardBridge:
    """A TRL reward function around a method. TRL calls it on each process with that process's whole groups."""

    def __init__(
        self, method: Method, name: str, task: TaskView, docs: Sequence[dict[str, Any]], group_size: int, seed: int
    ) -> None:
        if "verified" in method.needs and not task.has_checker:
            raise UsageError(f"{name} needs a task with a label-free checker; {task.name} has none")
        self.method, self.name, self.task, self.docs = method, name, task, docs
        self.group_size, self.seed = group_size, seed
        self.__name__ = name
        self.rollouts: Rollouts | None = None

    def __call__(
        self,
        completions: Sequence[Any],
        completion_ids: Sequence[Sequence[int]],
        row: Sequence[int],
        log_metric: LogMetric,
        **_: Any,
    ) -> list[float]:
        """Return one reward per rollout; `row` holds each rollout's place in the prompt schedule."""
        if self.rollouts is None:
            raise RuntimeError("the bridge has no trainer to ask: set bridge.rollouts first")
        started = time.perf_counter()
        texts = [text if isinstance(text, str) else text[0]["content"] for text in completions]
        signals = self._batch_signals(self.rollouts)
        parts = [slice(start, start + self.group_size) for start in range(0, len(texts), self.group_size)]
        labelled = [
            self._group(texts[rows], row[rows], {name: value[rows] for name, value in signals.items()})
            for rows in parts
        ]
        groups, reply_tokens = self._with_replies([group for group, _ in labelled], self.rollouts)
        scored = []
        for group, (_, correct), rows in zip(groups, labelled, parts, strict=True):
            ids = completion_ids[rows]
            truncated = [not tokens or tokens[-1] not in self.rollouts.eos_ids for tokens in ids]
            scored.append(ScoredGroup(group.answers, pay(self.method, self.name, group), correct, ids, truncated))
        metrics = batch_metrics(scored, self.method.binary)
        metrics["tokens"] += reply_tokens
        self._log(metrics, log_metric, self.rollouts, started)
        return [reward for group in scored for reward in group.rewards]

    def _log(self, metrics: dict[str, float], log_metric: LogMetric, rollouts: Rollouts, started: float) -> None:
        reward_seconds = time.perf_counter() - started
        kl = rollouts.kl_to_start()
        extra = {
            "kl_to_start": math.nan if kl is None else kl,
            "generation_seconds": rollouts.generation_seconds,
            "reward_seconds": reward_seconds,
        }
        for name, value in {**metrics, **extra}.items():
            log_metric(PREFIX + name, value)

    def _with_replies(self, groups: list[Group], rollouts: Rollouts) -> tuple[list[Group], int]:
        """Let the policy answer what the method asks, all groups in one call; return the tokens that it took."""
        if "replies" not in self.method.needs:
            return groups, 0
        questions = [self.method.ask(group) for group in groups]
        replies, tokens = rollouts.reply([question for group in questions for question in group])
        answers = iter(replies)
        return [
            dataclasses.replace(group, replies=[next(answers) for _ in asked])
            for group, asked in zip(groups, questions, strict=True)
        ], tokens

    def _batch_signals(self, rollouts: Rollouts) -> dict[str, list[Any]]:
        """Return the declared token signals, one forward for all; every process calls it or none."""
        if not set(TOKEN_SIGNALS) & set(self.method.needs):
            return {}
        statistics = rollouts.statistics()
        every = {
            "token_logprobs": statistics.logprobs,
            "token_entropies": statistics.entropies,
            "token_self_certainties": statistics.self_certainties,
        }
        return {name: values for name, values in every.items() if name in self.method.needs}

    def _group(self, texts: list[str], rows: Sequence[int], signals: dict[str, list[Any]]) -> tuple[Group, list[bool]]:
        """Return the group as the method may see it and the correctness of its rollouts."""
        if len(set(rows)) != 1:
            raise RuntimeError(f"a group was cut: {len(texts)} rollouts belong to {len(set(rows))} prompts")
        doc, needs = self.docs[rows[0]], self.method.needs
        correct = [self.task.correct(doc, text) for text in texts]
        extra: dict[str, Any] = dict(signals)
        if "rollout_ids" in needs:
            extra["rollout_ids"] = [f"seed {self.seed} row {rows[0]} rollout {i}" for i in range(len(texts))]
        if "verified" in needs:
            extra["verified"] = [self.task.verify(doc["public"], text) for text in texts]
        if "correct" in needs:
            extra["correct"] = correct
        if "gold" in needs:
            extra["gold"] = self.task.gold(doc)
        answers = [self.task.answer(text) for text in texts]
        return Group(self.task.prompt(doc), texts, answers, **extra), correct


def pay(method: Method, name: str, group: Group) -> list[float]:
    """Return the method's rewards; a wrong number of them or one that is not finite is an error, never a zero."""
    rewards = method.reward(group)
    where = f"methods/{name}.py, prompt {group.prompt[:80]!r}"
    if len(rewards) != len(group):
        raise UsageError(f"{where}: {len(rewards)} rewards for {len(group)} rollouts; return one per rollout")
    for rollout, reward in enumerate(rewards):
        if not isinstance(reward, int | float) or not math.isfinite(reward):
            raise UsageError(f"{where}, rollout {rollout}: reward {reward!r} is not a finite number")
    return [float(reward) for reward in rewards]
