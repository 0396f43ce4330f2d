"""Majority vote: a rollout earns 1 when its answer is the group's most common one."""

import hashlib
from collections import Counter
from dataclasses import dataclass

from urlvr_bench import Group, Method


@dataclass(frozen=True)
class MajorityVote(Method):
    """Reward agreement with the group's most common answer (TTRL, arXiv 2504.16084).

    Rollouts without an answer neither vote nor earn. Ties fall to the answer with the smallest hash of prompt
    and answer: a fixed choice that depends on no order and favours no kind of answer.

    >>> group = Group("3+4?", ["..."] * 4, ["7", "7", "3", None])
    >>> MajorityVote().reward(group)
    [1.0, 1.0, 0.0, 0.0]
    """

    family = "intrinsic/ensemble"
    paper = "https://arxiv.org/abs/2504.16084"
    aliases = ("ttrl",)
    binary = True

    def reward(self, group: Group) -> list[float]:
        votes = Counter(answer for answer in group.answers if answer is not None)

        def rank(answer: str) -> tuple[int, bytes]:
            return -votes[answer], hashlib.sha256(f"{group.prompt}\0{answer}".encode()).digest()

        winner = min(votes, key=rank, default=None)
        return [float(answer is not None and answer == winner) for answer in group.answers]
