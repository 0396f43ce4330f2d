"""Probability: a rollout earns the probability that the policy gives to the whole of it."""

import math
from dataclasses import dataclass

from urlvr_bench import Group, Method


@dataclass(frozen=True)
class Probability(Method):
    """Reward the product of the token probabilities (RLSC, arXiv 2506.06395).

    The product of a long completion underflows to zero, and with it all differences between rollouts. Advantages
    that are divided by the group's spread do not change when all rewards of a group are multiplied by one
    number, so the product is taken relative to the group's likeliest rollout, in the log domain: the ratios of
    the paper at any length. Set `relative=False` for the bare product.

    >>> group = Group("q", ["ab", "c"], [None, None], token_logprobs=[[-800.0, -800.0], [-1601.0]])
    >>> [round(reward, 3) for reward in Probability().reward(group)]
    [1.0, 0.368]
    """

    family = "intrinsic/certainty"
    paper = "https://arxiv.org/abs/2506.06395"
    aliases = ("rlsc",)
    needs = ("token_logprobs",)
    formula = "prod_t p_t(y_t) / max_j prod_t p_t(y_t of rollout j), with p_t = softmax(z_t / T)"
    differs = (
        "RLSC has no published code; it weighs a log-likelihood loss by this product, plus a constant that a group "
        "mean removes. The study's code pays the bare product (`relative=False`), which is 0 in single precision "
        "below about exp(-103)."
    )

    relative: bool = True
    """Divide by the largest probability in the group, so that no completion is too long to be told apart."""

    def reward(self, group: Group) -> list[float]:
        totals = [math.fsum(logprobs) for logprobs in group.token_logprobs or []]
        top = max(totals) if self.relative else 0.0
        return [math.exp(total - top) for total in totals]
