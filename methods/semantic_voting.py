"""Semantic voting: a rollout earns how near its text is to the centre of all that was sampled."""

import math
from dataclasses import dataclass

from urlvr_bench import Group, Method
from urlvr_bench.bounds import Count
from urlvr_bench.likeness import cosine, grams
from urlvr_bench.rollouts import Extra


@dataclass(frozen=True)
class SemanticVoting(Method):
    """Reward likeness to the mean of the group and of further rollouts (Semantic Voting, arXiv 2509.23067).

    >>> group = Group("Translate.", ["aaaa", "bbbb", ""], ["aaaa", "bbbb", None], extra_texts=[["aaaa", "aaaa"]])
    >>> [round(reward, 2) for reward in SemanticVoting(votes=2).reward(group)]
    [0.97, 0.66, 0.0]
    """

    family = "intrinsic/ensemble"
    paper = "https://arxiv.org/abs/2509.23067"
    aliases = ("soft-matching",)
    needs = ("extra_texts",)
    formula = "(1 + cos(v_i, sum_j v_j)) / 2 over the texts j of the group and the votes, v of length 1; 0 unanswered"
    differs = (
        "As in the released GRPO code, less its clusters: it leaves out texts that HDBSCAN puts outside the largest "
        "cluster, and pays them 0; we keep all, which its service calls `whole`. It embeds what is in the box, and "
        "for open writing the whole text, with a sentence model; we take counts of character n-grams of the whole "
        "text. Its candidates are the group alone, in the paper's main runs 64 samples of the start model that are "
        "ranked once for DPO; here the votes are further samples of the policy."
    )

    votes: Count = 8
    """Further rollouts per prompt."""
    ngram: Count = 3
    """Length of the character n-grams that texts are compared by."""

    def extras(self) -> list[Extra]:
        return [Extra(self.votes)]

    def reward(self, group: Group) -> list[float]:
        own = [text for text, answer in zip(group.completions, group.answers, strict=True) if answer is not None]
        every = [*own, *(text for texts in group.extra_texts or [] for text in texts)]
        counts = {text: grams(text, self.ngram) for text in every}
        near = {one: math.fsum(cosine(counts[one], counts[other]) for other in every) for one in counts}
        length = math.sqrt(math.fsum(near[text] for text in every))
        return [
            (1 + near[text] / length) / 2 if answer is not None else 0.0
            for text, answer in zip(group.completions, group.answers, strict=True)
        ]
