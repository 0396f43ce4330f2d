"""The same rollouts paid a second time, with the labels of the problems permuted: nothing that is paid may move."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from urlvr_bench.errors import UsageError
from urlvr_bench.training.earnings import Earned, earn
from urlvr_bench.training.firewall import Turns, complaint
from urlvr_bench.training.groups import Batch, build
from urlvr_bench.training.seams import Doc, Rollouts, Scored, TaskView, Texts, TokenStatistics
from urlvr_bench.training.second_turn import with_second_turn

T = TypeVar("T")
PUBLIC = ("id", "prompt", "public", "continuation")
"""What may reach a method of a problem, as it is or through a signal; the rest belongs to its label."""
OTHERS = 64
"""Problems of the schedule whose labels are mixed with those of a batch, which may hold one problem alone."""


def permuted(docs: Sequence[Doc]) -> list[Doc]:
    """Return the problems with each other's labels; none keeps its own unless more than half have the same."""
    labels = [{key: value for key, value in doc.items() if key not in PUBLIC} for doc in docs]
    names = list(map(repr, labels))
    order = sorted(range(len(docs)), key=names.__getitem__)  # equal labels side by side
    shift = max(Counter(names).values(), default=0)
    taken = dict(zip(order, order[shift:] + order[:shift], strict=True))
    return [{**doc, **labels[taken[i]]} for i, doc in enumerate(docs)]


def exchanged(batch: Batch) -> Batch:
    """Return the batch with permuted labels."""
    rows = list(dict.fromkeys(batch.row))
    mixed = permuted([batch.docs[row] for row in rows] + list(batch.docs[:OTHERS]))
    docs = list(batch.docs)
    for row, doc in zip(rows, mixed, strict=False):
        docs[row] = doc
    return replace(batch, docs=docs)


class Once:
    """The trainer's answers about one batch, kept: after `rewind`, the same questions are answered without asking it.

    Another question than the first time is an error: what is asked of the policy must not move with a label either.
    """

    def __init__(self, rollouts: Rollouts) -> None:
        self._rollouts, self._said, self._next = rollouts, list[tuple[object, Any]](), -1
        self.eos_ids, self.generation_seconds = rollouts.eos_ids, rollouts.generation_seconds

    def rewind(self) -> None:
        """Begin again with the first question."""
        self._next = 0

    def _once(self, question: object, ask: Callable[[], T]) -> T:
        if self._next < 0:
            self._said.append((question, ask()))
            return self._said[-1][1]  # type: ignore[no-any-return]
        if self._next == len(self._said) or self._said[self._next][0] != question:
            raise UsageError("what is asked of the policy moves when the golds are permuted: a label reaches it")
        self._next += 1
        return self._said[self._next - 1][1]  # type: ignore[no-any-return]

    def statistics(self) -> TokenStatistics:
        """Token statistics of the batch."""
        return self._once("statistics", self._rollouts.statistics)

    def kl_to_start(self) -> float | None:
        """KL to the start, for which no second pass asks."""
        return self._rollouts.kl_to_start()

    def gather(self, values: list[T]) -> list[T]:
        """The values of all processes, for which no second pass asks."""
        return self._rollouts.gather(values)

    def pieces(self, ids: Sequence[int]) -> list[str]:
        """The text of each token."""
        return self._rollouts.pieces(ids)

    def sample(self, prompts: Sequence[str], teacher_decay: float | None) -> Texts:
        """Further rollouts."""
        return self._once(("sample", prompts, teacher_decay), lambda: self._rollouts.sample(prompts, teacher_decay))

    def reply(self, prompts: Sequence[str], sampled: bool) -> Texts:
        """Answers."""
        return self._once(("reply", prompts, sampled), lambda: self._rollouts.reply(prompts, sampled))

    def likelihoods(self, queries: Sequence[Scored], teacher_decay: float | None) -> list[list[float]]:
        """Log-probabilities of continuations."""
        asked = ("likelihoods", queries, teacher_decay)
        return self._once(asked, lambda: self._rollouts.likelihoods(queries, teacher_decay))


def must_not_move(
    turns: Turns,
    name: str,
    task: TaskView,
    batch: Batch,
    size: int,
    seed: int,
    rollouts: Once,
    earned: Earned,
) -> None:
    """Pay a batch again under permuted labels; UsageError where a group earns otherwise than it has."""
    rollouts.rewind()
    other = exchanged(batch)
    built = build(turns, task, other, size, seed, rollouts, judge=False)
    again, _ = with_second_turn(turns, built.groups, batch, rollouts)
    anew = earn(turns, name, again, other.token_ids)
    for i, group in enumerate(again):
        first, second = earned.of(i), anew.of(i)
        if first != second:
            moved = f"pays {first}, but {second} to the same rollouts when the golds of the problems are permuted"
            raise complaint(name, group, f"{moved}: a label reaches it")
