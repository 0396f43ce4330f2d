"""KL-Cov: majority voting that holds those tokens back whose likelihood goes with their advantage."""

from dataclasses import dataclass
from statistics import fmean

from urlvr_bench import Group, Method
from urlvr_bench.bounds import NotNegative, Share
from urlvr_bench.voting import advantages, agreement, count, winner


@dataclass(frozen=True)
class KlCov(Method):
    """Reward agreement with the vote; penalise moves of the tokens of highest covariance (KL-Cov, arXiv 2505.22617).

    >>> group = Group("3+4?", ["..."] * 2, ["7", None], token_logprobs=[[-0.1, -0.2], [-1.0, -2.0]])
    >>> KlCov().reward(group)
    [1.0, 0.0]
    >>> KlCov(share=0.25).kl_weights(group)
    [[0.0, 0.0], [0.0, 1.0]]
    """

    family = "intrinsic/ensemble"
    paper = "https://arxiv.org/abs/2505.22617"
    needs = ("token_logprobs",)
    binary = True
    formula = "1[a_i = argmax_a count(a)]; loss + |log(p / p_old)| at the top share of (log p_it - mean)(A_i - mean)"
    differs = (
        "Beside the released code (8850579), whose reward is a verifier's: the same covariance and penalty, on at "
        "least one token, but chosen within the group when it is drawn, there anew within each micro-batch of each "
        "update. The other tokens are clipped as the protocol says, there not at all. It takes several updates on a "
        "batch (`mini_batches`): in the first the policy has not moved, and the penalty is 0 with its gradient."
    )

    share: Share = 0.002
    """Share of the group's tokens that are penalised."""
    weight: NotNegative = 1.0
    """Of the penalty, which is averaged over all tokens."""

    def reward(self, group: Group) -> list[float]:
        return agreement(group.answers, winner(count(group.answers), group.prompt))

    def kl_weights(self, group: Group) -> list[list[float]]:
        rows, paid = group.token_logprobs or [], advantages(self.reward(group))
        tokens = sorted(value for row in rows for value in row)
        if not tokens:
            return [[] for _ in rows]
        mean = fmean(tokens)
        middle = fmean(sorted(a for row, a in zip(rows, paid, strict=True) for _ in row))
        covariances = [[(value - mean) * (a - middle) for value in row] for row, a in zip(rows, paid, strict=True)]
        number = max(1, int(self.share * len(tokens)))
        least = sorted((value for row in covariances for value in row), reverse=True)[number - 1]
        return [[self.weight * (value >= least) for value in row] for row in covariances]
