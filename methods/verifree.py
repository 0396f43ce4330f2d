"""VeriFree: a rollout earns the probability of the reference answer after its reasoning."""

import math
from dataclasses import dataclass

from urlvr_bench import Group, Method
from urlvr_bench.rollouts import Query


@dataclass(frozen=True)
class Verifree(Method):
    """Reward the probability of the reference answer given the rollout's reasoning (VeriFree, arXiv 2505.21493).

    It is here as a bound: it needs no verifier, but it reads the label.

    >>> group = Group("3+4?", ["so #7", "hm"], ["7", None], gold="7", answer_cue="#", likelihoods=[[0.0, 0.0]])
    >>> Verifree().queries(group)
    [Query(prefix='3+4?so #', continuation='7')]
    >>> Verifree().reward(group)
    [1.0, 0.0]
    """

    family = "supervised"
    paper = "https://arxiv.org/abs/2505.21493"
    needs = ("gold", "answer_cue", "likelihoods")
    formula = "prod_t p(gold_t | prompt, reasoning i), or 0 without the answer cue"
    differs = (
        "The published code adds a log-likelihood loss on the reference answer, weighted by this reward; we train on "
        "the reward alone. The reasoning ends at the task's cue, there at `<answer>`."
    )

    def queries(self, group: Group) -> list[Query]:
        cue, gold = group.answer_cue or "", group.gold or ""
        heads = [completion.rpartition(cue)[0] for completion in group.completions if cue in completion]
        return [Query(group.prompt + head + cue, gold) for head in heads]

    def reward(self, group: Group) -> list[float]:
        chances = iter([math.exp(math.fsum(row)) for row in group.likelihoods or []])
        return [next(chances) if (group.answer_cue or "") in completion else 0.0 for completion in group.completions]
