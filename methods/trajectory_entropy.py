"""Trajectory entropy: a rollout earns the mean log-probability of its tokens."""

from dataclasses import dataclass
from statistics import fmean

from urlvr_bench import Group, Method


@dataclass(frozen=True)
class TrajectoryEntropy(Method):
    """Reward the mean log-probability of the sampled tokens, in nats (EM-RL, arXiv 2505.15134).

    The mean over tokens is the study's form (arXiv 2603.08660); EM-RL itself takes the sum.

    >>> group = Group("q", ["ab", "c"], [None, None], token_logprobs=[[-0.5, -1.5], [-0.25]])
    >>> TrajectoryEntropy().reward(group)
    [-1.0, -0.25]
    """

    family = "intrinsic/certainty"
    paper = "https://arxiv.org/abs/2505.15134"
    aliases = ("em-rl",)
    needs = ("token_logprobs",)

    def reward(self, group: Group) -> list[float]:
        return [fmean(logprobs) if logprobs else 0.0 for logprobs in group.token_logprobs or []]
