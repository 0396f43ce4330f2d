"""Self-certainty: a rollout earns how far its token distributions are from uniform."""

import math
from dataclasses import dataclass
from statistics import fmean

from urlvr_bench import Group, Method
from urlvr_bench.bounds import CountFrom0


@dataclass(frozen=True)
class SelfCertainty(Method):
    """Reward the mean over tokens of KL(uniform || policy), in nats (Intuitor, arXiv 2505.19590).

    >>> group = Group("q", ["ab", "c"], [None, None], token_self_certainties=[[2.0, 4.0], [1.0]])
    >>> SelfCertainty().reward(group)
    [3.0, 1.0]
    """

    family = "intrinsic/certainty"
    paper = "https://arxiv.org/abs/2505.19590"
    aliases = ("intuitor", "rlif", "rlif-self-certainty")
    needs = ("token_self_certainties",)
    formula = "mean_t KL(U || p_t), with p_t = softmax(z_t / T), the distribution that token t was drawn from"
    differs = (
        "Intuitor's code pays logsumexp(z) - mean(z), which is log V more; a group mean removes the difference, a "
        "sum with other rewards or a threshold does not (`vocabulary`). Its verl version divides logits by the "
        "sampling temperature, as we do; its TRL version does not, and takes the distributions one position too "
        "late. No Free Lunch (arXiv 2506.17219) trains on this signal too; its text was seen in summaries alone."
    )
    same_as = ("73334d16baac9f31",)

    vocabulary: CountFrom0 = 0
    """Width V of the logits, padding included: given, log V is added, as in the published code."""

    def reward(self, group: Group) -> list[float]:
        constant = math.log(self.vocabulary) if self.vocabulary else 0.0
        return [fmean(row) + constant if row else 0.0 for row in group.token_self_certainties or []]
