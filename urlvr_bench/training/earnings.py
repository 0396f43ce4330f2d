"""All that a method says of a batch: rewards, values of single tokens, and what it wants to remember."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from urlvr_bench.rollouts import Group
from urlvr_bench.training.firewall import Turns, complaint

Rows = list[list[float]]
"""Per rollout, one value per completion token."""


@dataclass(frozen=True)
class Earned:
    """What a method says of each group of a batch."""

    rewards: list[list[float]]
    tokens: dict[str, list[Rows]] = field(default_factory=dict)
    """By turn for single tokens, per group."""
    notes: list[Any] = field(default_factory=list)
    """Per group; empty where the method remembers nothing."""

    def of(self, group: int) -> Any:
        """Return all that was said of one group: its rewards, with what was said beside them if anything was."""
        said = [self.rewards[group], *(rows[group] for rows in self.tokens.values()), *self.notes[group : group + 1]]
        return said if len(said) > 1 else self.rewards[group]

    def rows(self) -> dict[str, Rows]:
        """Return the values of single tokens by turn, the rollouts of all groups in their order."""
        return {turn: [row for rows in groups for row in rows] for turn, groups in self.tokens.items()}


def earn(turns: Turns, name: str, groups: Sequence[Group], token_ids: Sequence[Sequence[int]]) -> Earned:
    """Return what a method says of groups; UsageError where a rollout has not one value for each of its tokens."""
    rewards = turns.reward(groups)
    tokens = {turn: turns.of_tokens(turn, groups) for turn in turns.token_turns}
    for turn, said in tokens.items():
        lengths = iter(map(len, token_ids))
        for group, rows in zip(groups, said, strict=True):
            for rollout, row in enumerate(rows):
                if len(row) != (length := next(lengths)):
                    what = f"rollout {rollout}: {turn} has {len(row)} values for {length} tokens; return one per token"
                    raise complaint(name, group, what)
    return Earned(rewards, tokens, turns.notes(groups) if turns.memory else [])
