"""Random reward: a coin toss per rollout, the line that shows what noise alone does to a policy."""

import hashlib
from dataclasses import dataclass

from urlvr_bench import Group, Method
from urlvr_bench.bounds import Share


@dataclass(frozen=True)
class RandomReward(Method):
    """Reward 1 with a fixed chance, whatever the rollout says (Spurious Rewards, arXiv 2506.10947).

    It is here because noise alone moves a policy: what a method gains over this line is its own. The toss is a
    hash of the rollout's name in the run, so a repeated run tosses the same.

    >>> group = Group("q", ["a", "b"], [None, None], rollout_ids=["seed 0 step 1 row 0", "seed 0 step 1 row 1"])
    >>> RandomReward().reward(group)
    [1.0, 0.0]
    """

    family = "baseline"
    paper = "https://arxiv.org/abs/2506.10947"
    aliases = ("random",)
    needs = ("rollout_ids",)
    binary = True
    formula = "1[hash(rollout i) < chance]"
    differs = "The published code draws from an unseeded generator, so its runs do not repeat."
    same_as = ("bd7484dc676c7535",)

    chance: Share = 0.5
    """Probability of reward 1."""

    def reward(self, group: Group) -> list[float]:
        digests = [hashlib.sha256(rollout.encode()).digest() for rollout in group.rollout_ids or []]
        return [float(int.from_bytes(digest[:8], "big") < self.chance * 2**64) for digest in digests]
