"""Soft vote: a rollout earns the share of the group that agrees with it."""

from dataclasses import dataclass
from typing import Literal

from urlvr_bench import Group, Method
from urlvr_bench.voting import count


@dataclass(frozen=True)
class SoftVote(Method):
    """Reward the share of rollouts with the same answer (SC-RL, arXiv 2505.15134; soft SRT, arXiv 2505.21444).

    >>> group = Group("3+4?", ["..."] * 4, ["7", "7", "3", None])
    >>> SoftVote().reward(group)
    [0.5, 0.5, 0.25, 0.0]
    """

    family = "intrinsic/ensemble"
    paper = "https://arxiv.org/abs/2505.15134"
    aliases = ("sc-rl", "self-consistency", "soft-srt")
    formula = "count(a_i) / G"
    differs = (
        "SRT divides by the rollouts that have an answer (`out_of=answered`), the EM-RL paper's SC-RL by all of them. "
        "SC-RL has no published training code and does not say what an unparsed rollout earns; we pay it 0."
    )

    out_of: Literal["all", "answered"] = "all"
    """What a count is divided by: all rollouts of the group, or those with an answer."""

    def reward(self, group: Group) -> list[float]:
        votes = count(group.answers)
        total = len(group) if self.out_of == "all" else votes.total()
        return [votes[answer] / total if answer is not None else 0.0 for answer in group.answers]
