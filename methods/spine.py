"""SPINE: majority voting that trains only the tokens where the policy hesitates, and keeps their entropy in a band."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from urlvr_bench import Group, Method
from urlvr_bench.bounds import NotNegative, Share
from urlvr_bench.voting import advantages, agreement, count, winner


@dataclass(frozen=True)
class Spine(Method):
    """Reward agreement with the vote; train forking tokens alone, within an entropy band (SPINE, arXiv 2511.17938).

    >>> group = Group("3+4?", ["..."] * 4, ["7", "7", "7", "3"], token_entropies=[[0.0, 2.0], [1.0], [1.0], [0.0, 1.0]])
    >>> Spine().reward(group)
    [1.0, 1.0, 1.0, 0.0]
    >>> [[round(value, 2) for value in row] for row in Spine().token_advantages(group)]
    [[0.0, 0.5], [0.5], [0.5], [0.0, -1.5]]
    """

    family = "intrinsic/ensemble"
    paper = "https://arxiv.org/abs/2511.17938"
    needs = ("token_entropies",)
    binary = True
    formula = "1[a_i = argmax_a count(a)], for tokens with H_t in the top share; loss + weight (H - high)+ + (low - H)+"
    differs = (
        "From descriptions of the paper's first version and an independent implementation of the second; the authors' "
        "code could not be read. Forking tokens are the share of the rollout's with the highest entropy, at least one, "
        "and those as high as the last of them; the band are two quantiles of their entropies, in the rollout. The "
        "second version puts Otsu's threshold of the entropies and a band around their median instead. The weight of "
        "the band is not known, so ours is a guess, and its hinges act by their slopes as they were when the tokens "
        "were drawn. The KL to the start, on forking tokens in the paper, is the protocol's."
    )

    share: Share = 0.2
    """Share of a rollout's tokens that are trained."""
    low: Share = 0.1
    """Quantile of the forking tokens' entropies below which an entropy is raised."""
    high: Share = 0.5
    """Quantile above which an entropy is lowered."""
    weight: NotNegative = 0.01
    """Of the band in the loss, per nat outside of it."""

    def reward(self, group: Group) -> list[float]:
        return agreement(group.answers, winner(count(group.answers), group.prompt))

    def token_advantages(self, group: Group) -> list[list[float]]:
        paid = zip(advantages(self.reward(group)), group.token_entropies or [], strict=True)
        return [[advantage if h >= self._fork(row) else 0.0 for h in row] for advantage, row in paid]

    def entropy_weights(self, group: Group) -> list[list[float]]:
        return [self._slopes(row) for row in group.token_entropies or []]

    def _fork(self, row: Sequence[float]) -> float:
        """Return the entropy from which on a token is a fork."""
        return sorted(row, reverse=True)[max(1, math.ceil(self.share * len(row))) - 1] if row else 0.0

    def _slopes(self, row: Sequence[float]) -> list[float]:
        """Return the slope of the band's hinges at each token's entropy; 0 where it is no fork."""
        fork = self._fork(row)
        forks = sorted(h for h in row if h >= fork)
        low, high = (forks[int(q * (len(forks) - 1))] if forks else 0.0 for q in (self.low, self.high))
        return [self.weight * ((h > high) - (h < low)) if h >= fork else 0.0 for h in row]
