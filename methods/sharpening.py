"""Sharpening: a rollout earns how likely the start model finds it."""

import math
from dataclasses import dataclass
from typing import Literal

from urlvr_bench import Group, Method
from urlvr_bench.bounds import NotNegative, Share
from urlvr_bench.rollouts import Query


@dataclass(frozen=True)
class Sharpening(Method):
    """Reward the log-probability of a rollout under the start policy, in nats (RLHF-sharpening, arXiv 2412.01951).

    >>> group = Group("3+4?", ["7", "it is 7"], ["7", "7"], likelihoods=[[-1.0, -0.5], [-3.0]])
    >>> Sharpening().reward(group)
    [-1.5, -3.0]
    >>> import dataclasses
    >>> group = dataclasses.replace(group, likelihoods=[[-1.0, -0.5], [-3.0], [-1.5], [-1.0]])
    >>> Sharpening(kl=0.5).reward(group)
    [-1.5, -4.0]
    """

    family = "intrinsic/certainty"
    paper = "https://arxiv.org/abs/2412.01951"
    aliases = ("rlhf-sharpening", "endogenous-reward")
    needs = ("likelihoods",)
    formula = "log p_0(y_i) - kl (log p(y_i) - log p_0(y_i)), p_0 the start or a moving average of the policy p"
    differs = (
        "From the paper's text; no code was found. It states the objective E[log p_0(y)] - kl KL(p || p_0) and solves "
        "it by DPO on pairs of samples; a policy gradient on this reward follows the gradient of the same objective "
        "until GRPO divides by the group's spread. The sum over tokens of the endogenous reward (arXiv 2506.23235), "
        "whose values telescope, is this reward up to a constant of the prompt. `trajectory_entropy` pays the same "
        "under the policy itself."
    )

    kl: NotNegative = 0.0
    """Price of leaving p_0, per nat; a protocol's `kl_coefficient` does the same in the loss."""
    reduction: Literal["sum", "mean"] = "sum"
    """Over a rollout's tokens."""
    teacher_decay: Share = 1.0
    """Decay per step of the moving average that is p_0; 1 keeps the start."""

    def queries(self, group: Group) -> list[Query]:
        frozen = [Query(group.prompt, i, self.teacher_decay) for i in range(len(group))]
        return [*frozen, *([Query(group.prompt, i) for i in range(len(group))] if self.kl else [])]

    def reward(self, group: Group) -> list[float]:
        rows = [self._reduced(row) for row in group.likelihoods or []]
        start, now = rows[: len(group)], rows[len(group) :] if self.kl else rows
        return [first - self.kl * (own - first) for first, own in zip(start, now, strict=True)]

    def _reduced(self, logprobs: list[float]) -> float:
        whole = math.fsum(logprobs)
        return whole / max(1, len(logprobs)) if self.reduction == "mean" else whole
