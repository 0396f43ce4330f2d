"""The one place that knows TRL's reward callable: a batch becomes groups, the method pays, the numbers are logged.

Beside the evaluator this is the only module that sees the ground truth, and `groups` hands it to no method that
does not declare it.
"""

import math
import time
from collections.abc import Callable, Sequence
from typing import Any

from urlvr_bench.errors import UsageError
from urlvr_bench.evaluation.samples import before
from urlvr_bench.needs import LABELS
from urlvr_bench.records import evidence
from urlvr_bench.rollouts import Group, Method
from urlvr_bench.training.booth import Booth
from urlvr_bench.training.earnings import Rows, earn
from urlvr_bench.training.firewall import Here, Turns, pay
from urlvr_bench.training.groups import Batch, build
from urlvr_bench.training.memory import Memory
from urlvr_bench.training.permuted import Once, must_not_move
from urlvr_bench.training.rollout_metrics import ScoredGroup, batch_metrics, likelihood_rank, repetition
from urlvr_bench.training.seams import Doc, Rollouts, TaskView
from urlvr_bench.training.second_turn import with_second_turn

LogMetric = Callable[[str, float], None]
__all__ = ["PREFIX", "RewardBridge", "pay"]
PREFIX = "urlvr/"
"""Names the bridge's metrics among the trainer's own."""


class RewardBridge:
    """A TRL reward function around a method. TRL calls it on each process with that process's whole groups.

    A method in a `Booth` takes its turns where no label is; a bare one takes them here. The first `twice` batches of
    a method that declares no label are paid a second time, with permuted labels, and must earn the same.
    """

    def __init__(
        self,
        method: Method | Booth,
        name: str,
        task: TaskView,
        docs: Sequence[Doc],
        group_size: int,
        seed: int,
        twice: int = 0,
    ) -> None:
        self.method: Turns = Here(method, name) if isinstance(method, Method) else method
        if "verified" in self.method.needs and not task.has_checker:
            raise UsageError(f"{name} needs a task with a label-free checker; {task.name} has none")
        for extra in self.method.extras():
            if extra.view and docs:
                task.rephrase(docs[0], extra.view)  # refused here, where the task has none, and not after a step
        self.name, self.task, self.docs = name, task, docs
        self.group_size, self.seed = group_size, seed
        self.twice = 0 if LABELS & set(self.method.needs) else twice
        self.__name__ = name
        self.rollouts: Rollouts | None = None
        self.memory = Memory(self.method.memory, self.method.needs)
        self.token_rows: dict[str, Rows] = {}
        """By turn for single tokens, what it says of the last batch on this process."""
        self.evidence: list[str] | None = None
        """What the record keeps of the last batch, over all processes; None where groups are too large for it."""

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
        whole = [text if isinstance(text, str) else text[0]["content"] for text in completions]
        texts, stopped = zip(*(before(self.task.stops, text) for text in whole), strict=True)
        batch = Batch(list(texts), completion_ids, row, self.docs, self.memory)
        groups, correct, paid, further_tokens = self._pay(batch, self.rollouts)
        scored = []
        for i, (group, rewards, right) in enumerate(zip(groups, paid, correct, strict=True)):
            rows = slice(i * self.group_size, (i + 1) * self.group_size)
            ids, ended = completion_ids[rows], self.rollouts.eos_ids
            truncated = [
                not stop and (not tokens or tokens[-1] not in ended)
                for tokens, stop in zip(ids, stopped[rows], strict=True)
            ]
            lengths, repetitions = [len(tokens) for tokens in ids], [repetition(tokens) for tokens in ids]
            scored.append(ScoredGroup(group.answers, rewards, right, lengths, repetitions, truncated))
        everywhere = self.rollouts.gather(scored)
        metrics = batch_metrics(everywhere, self.method.binary)
        self.evidence = self._evidence(everywhere)
        metrics["tokens"] += sum(self.rollouts.gather([further_tokens]))
        self._log(metrics, scored, log_metric, self.rollouts, started)
        return [reward for rewards in paid for reward in rewards]

    def _pay(
        self, batch: Batch, rollouts: Rollouts
    ) -> tuple[list[Group], list[list[bool] | None], list[list[float]], int]:
        """Return the groups of a batch, what is right and what is earned in each, and the tokens generated for them."""
        size, once = self.group_size, Once(rollouts)
        asked = once if self.twice else rollouts
        built = build(self.method, self.task, batch, size, self.seed, asked)
        groups, tokens = with_second_turn(self.method, built.groups, batch, asked)
        earned = earn(self.method, self.name, groups, batch.token_ids)
        if self.twice:
            self.twice -= 1
            must_not_move(self.method, self.name, self.task, batch, size, self.seed, once, earned)
        self.token_rows = earned.rows()
        if self.method.memory:
            noted = zip((group.prompt for group in groups), earned.notes, strict=True)
            self.memory.add(rollouts.gather(list(noted)))
        return groups, built.correct, earned.rewards, built.tokens + tokens

    def _evidence(self, groups: Sequence[ScoredGroup]) -> list[str] | None:
        kept: list[evidence.Rollout] = []
        for each in groups:
            if self.group_size > evidence.LARGEST_GROUP or each.correct is None:
                return None
            kept += evidence.group(each.answers, each.rewards, each.correct, self.method.binary)
        return evidence.pack(kept)

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
