"""Entropy minimization: fine-tuning on the policy's own rollouts with their entropy as the loss, without a reward."""

from dataclasses import dataclass
from statistics import fmean

from urlvr_bench import Group, Method
from urlvr_bench.bounds import Positive


@dataclass(frozen=True)
class EntropyMinimization(Method):
    """Minimise the mean entropy of the tokens that the policy drew, as a loss (one-shot EM, arXiv 2505.20282).

    >>> group = Group("q", ["ab", "c"], [None, None], token_entropies=[[0.5, 1.5], [0.25]])
    >>> EntropyMinimization().entropy_weights(group), EntropyMinimization().token_advantages(group)
    ([[1.0, 1.0], [1.0]], [[0.0, 0.0], [0.0]])
    >>> EntropyMinimization().reward(group)
    [-1.0, -0.25]
    """

    family = "intrinsic/certainty"
    paper = "https://arxiv.org/abs/2505.20282"
    aliases = ("em-ft", "one-shot-em")
    needs = ("token_entropies",)
    formula = "-mean_t H(p_t), which is shown and not trained on: the loss is the mean of H over all tokens drawn"
    differs = (
        "Beside the released code of one-shot EM (b2d2d05): the same mean over all tokens of the batch, at the "
        "sampling temperature (0.5 there, with top-p, a repetition penalty and one prompt; here the protocol's, and "
        "`unique_prompts=1` takes one prompt). That code leaves out the end token, and its mask, made for padding on "
        "the right of prompts padded on the left, lets prompt tokens in; here neither. EM-FT (arXiv 2505.15134, no "
        "training code) sums over the tokens of a rollout, of which it draws one per prompt: the same direction, "
        "scaled by the batch's mean length."
    )

    weight: Positive = 1.0
    """Of the entropy in the loss, which has no other term but the protocol's KL."""

    def reward(self, group: Group) -> list[float]:
        return [-fmean(row) if row else 0.0 for row in group.token_entropies or []]

    def token_advantages(self, group: Group) -> list[list[float]]:
        return [[0.0] * len(row) for row in group.token_entropies or []]

    def entropy_weights(self, group: Group) -> list[list[float]]:
        return [[self.weight] * len(row) for row in group.token_entropies or []]
