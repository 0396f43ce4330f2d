"""The one place that knows TRL's reward callable: a batch becomes groups, the method pays, the numbers are logged.

Beside the evaluator this is the only module that sees the ground truth, and `groups` hands it to no method that
does not declare it.
"""

import math
import time
from collections.abc import Callable, Sequence
from typing import Any

from urlvr_bench.errors import UsageError
from urlvr_bench.rollouts import Group, Method
from urlvr_bench.training.firewall import guard
from urlvr_bench.training.groups import Batch, Doc, Rollouts, TaskView, build, with_second_turn
from urlvr_bench.training.rollout_metrics import ScoredGroup, batch_metrics, likelihood_rank, repetition

LogMetric = Callable[[str, float], None]
PREFIX = "urlvr/"
"""Names the bridge's metrics among the trainer's own."""


class RewardBridge:
    """A TRL reward function around a method. TRL calls it on each process with that process's whole groups."""

    def __init__(
        self, method: Method, name: str, task: TaskView, docs: Sequence[Doc], group_size: int, seed: int
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
        batch = Batch(texts, completion_ids, row, self.docs)
        labelled, extra_tokens = build(self.method, self.task, batch, self.group_size, self.seed, self.rollouts)
        groups, reply_tokens = with_second_turn(self.method, labelled, self.rollouts)
        scored = []
        for i, (group, entry) in enumerate(zip(groups, labelled, strict=True)):
            ids = completion_ids[i * self.group_size : (i + 1) * self.group_size]
            truncated = [not tokens or tokens[-1] not in self.rollouts.eos_ids for tokens in ids]
            rewards = pay(self.method, self.name, group)
            lengths, repetitions = [len(tokens) for tokens in ids], [repetition(tokens) for tokens in ids]
            scored.append(ScoredGroup(group.answers, rewards, entry.correct, lengths, repetitions, truncated))
        metrics = batch_metrics(self.rollouts.gather(scored), self.method.binary)
        metrics["tokens"] += sum(self.rollouts.gather([extra_tokens + reply_tokens]))
        self._log(metrics, scored, log_metric, self.rollouts, started)
        return [reward for group in scored for reward in group.rewards]

    def _log(
        self,
        metrics: dict[str, float],
        scored: Sequence[ScoredGroup],
        log_metric: LogMetric,
        rollouts: Rollouts,
        started: float,
    ) -> None:
        reward_seconds = time.perf_counter() - started
        kl = rollouts.kl_to_start()
        extra = {
            "kl_to_start": math.nan if kl is None else kl,
            "reward_likelihood": math.nan if kl is None else self._likelihood(scored, rollouts),
            "generation_seconds": rollouts.generation_seconds,
            "reward_seconds": reward_seconds,
        }
        for name, value in {**metrics, **extra}.items():
            log_metric(PREFIX + name, value)

    def _likelihood(self, scored: Sequence[ScoredGroup], rollouts: Rollouts) -> float:
        """Return how the reward ranks with the likelihood of the rollouts: the mean over groups that have a rank."""
        whole = [sum(tokens) for tokens in rollouts.statistics().logprobs]
        parts = [whole[i : i + self.group_size] for i in range(0, len(whole), self.group_size)]
        ranks = [likelihood_rank(group.rewards, part) for group, part in zip(scored, parts, strict=True)]
        known = [rank for rank in rollouts.gather(ranks) if rank is not None]
        return sum(known) / len(known) if known else math.nan


def pay(method: Method, name: str, group: Group) -> list[float]:
    """Return the method's rewards; an exception, a wrong number or one not finite is an error, never a zero."""
    where = f"methods/{name}.py, prompt {group.prompt[:80]!r}"
    try:
        rewards = method.reward(guard(group, method))
    except Exception as error:
        raise UsageError(f"{where}: reward raised {type(error).__name__}: {error}") from error
    if len(rewards) != len(group):
        raise UsageError(f"{where}: {len(rewards)} rewards for {len(group)} rollouts; return one per rollout")
    for rollout, reward in enumerate(rewards):
        if not isinstance(reward, int | float) or not math.isfinite(reward):
            raise UsageError(f"{where}, rollout {rollout}: reward {reward!r} is not a finite number")
    return [float(reward) for reward in rewards]
