"""Trajectory entropy: a rollout earns the log-probability of its tokens."""

import math
from dataclasses import dataclass
from statistics import fmean
from typing import Literal

from urlvr_bench import Group, Method


@dataclass(frozen=True)
class TrajectoryEntropy(Method):
    """Reward the mean log-probability of the sampled tokens, in nats (EM-RL, arXiv 2505.15134).

    >>> group = Group("q", ["ab", "c"], [None, None], token_logprobs=[[-0.5, -1.5], [-0.25]])
    >>> TrajectoryEntropy().reward(group)
    [-1.0, -0.25]
    """

    family = "intrinsic/certainty"
    paper = "https://arxiv.org/abs/2505.15134"
    aliases = ("em-rl", "em-rl-sequence", "rlif-trajectory-entropy")
    needs = ("token_logprobs",)
    formula = "mean_t log p_t(y_t), with p_t = softmax(z_t / T)"
    differs = (
        "The study (arXiv 2603.08660) takes the mean over tokens, in text and code, and so do we; the EM-RL paper, "
        "which has no training code, takes the sum (`reduction=sum`). No Free Lunch (arXiv 2506.17219) trains on "
        "this signal too; its text was seen in summaries alone."
    )
    same_as = ("1fc76b870363dfec",)

    reduction: Literal["mean", "sum"] = "mean"
    """How the log-probabilities of the tokens become one number."""

    def reward(self, group: Group) -> list[float]:
        reduce = fmean if self.reduction == "mean" else math.fsum
        return [reduce(row) if row else 0.0 for row in group.token_logprobs or []]
