"""Token entropy: a rollout earns the negated entropy of its token distributions."""

import math
from dataclasses import dataclass
from statistics import fmean
from typing import Literal

from urlvr_bench import Group, Method


@dataclass(frozen=True)
class TokenEntropy(Method):
    """Reward minus the mean over tokens of the entropy, in nats (RENT, arXiv 2505.22660).

    >>> group = Group("q", ["ab", "c"], [None, None], token_entropies=[[0.5, 1.5], [0.25]])
    >>> TokenEntropy().reward(group)
    [-1.0, -0.25]
    """

    family = "intrinsic/certainty"
    paper = "https://arxiv.org/abs/2505.22660"
    aliases = ("rent", "em-rl-token", "rlif-token-entropy")
    needs = ("token_entropies",)
    formula = "-mean_t H(p_t), with p_t = softmax(z_t / T), the distribution that token t was drawn from"
    differs = (
        "RENT and the study take the mean, the EM-RL paper (arXiv 2505.15134, no training code) the sum, which also "
        "favours short completions (`reduction=sum`). RENT's format variant pays -7 without an answer (`unparsed`). "
        "The study's released code removes the entropies before it reads them and so pays 0 to all. No Free Lunch "
        "(arXiv 2506.17219) trains on this signal too; its text was seen in summaries alone."
    )
    same_as = ("ce2441160d321973",)

    reduction: Literal["mean", "sum"] = "mean"
    """How the entropies of the tokens become one number."""
    unparsed: float | None = None
    """Reward of a rollout without an answer; None to treat it like the others."""

    def reward(self, group: Group) -> list[float]:
        reduce = fmean if self.reduction == "mean" else math.fsum
        rewards = [-reduce(row) if row else 0.0 for row in group.token_entropies or []]
        if self.unparsed is None:
            return rewards
        return [self.unparsed if a is None else reward for a, reward in zip(group.answers, rewards, strict=True)]
