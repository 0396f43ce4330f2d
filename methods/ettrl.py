"""ETTRL: the advantages of the vote, larger where the rollout was surer than its group and smaller where it was not."""

from dataclasses import dataclass
from statistics import fmean

from urlvr_bench import Group, Method
from urlvr_bench.voting import advantages, count, winner


@dataclass(frozen=True)
class Ettrl(Method):
    """Pay the vote's advantages, reshaped by each rollout's entropy beside the group's (ETTRL, arXiv 2508.11356).

    >>> group = Group("4+4?", ["..."] * 4, ["8", "8", "8", "3"], token_entropies=[[0.1], [0.3], [0.2], [0.2]])
    >>> [round(advantage, 2) for advantage in Ettrl().reward(group)]
    [0.75, 0.25, 0.5, -1.5]
    """

    family = "intrinsic/ensemble"
    paper = "https://arxiv.org/abs/2508.11356"
    aliases = ("entropy-advantage-reshaping",)
    needs = ("token_entropies",)
    advantages = True
    formula = "A_i (1 + (mean_j H_j - H_i) / mean_j H_j), A_i GRPO's advantage of 1[a_i = argmax_a count(a)]"
    differs = (
        "From the paper's text; there is no code. Only the reshaping of advantages (`Adv-Res`) is here, not the tree "
        "of rollouts that forks at uncertain tokens. H_i is the mean over the rollout's tokens. As in the paper an "
        "advantage changes its sign where H_i is more than twice the mean; a group without entropy keeps its "
        "advantages. Ties fall to a hash of prompt and answer."
    )

    def reward(self, group: Group) -> list[float]:
        label = winner(count(group.answers), group.prompt)
        plain = advantages([float(answer is not None and answer == label) for answer in group.answers])
        entropies = [fmean(row) if row else 0.0 for row in group.token_entropies or []]
        mean = fmean(entropies)
        return [a * (2 - h / mean) if mean > 0 else a for a, h in zip(plain, entropies, strict=True)]
