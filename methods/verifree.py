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
    formula = "prod_t p(gold_t | prompt, reasoning i), or 0 without the answer cue or an answer"
    differs = (
        "The published code adds a log-likelihood loss on the reference answer, weighted by this reward; we train on "
        "the reward alone. The reasoning ends at the task's first cue, there at the first `<answer`, and what is "
        "scored is the reference alone, there with its box and the closing tag. A rollout without a readable answer "
        "earns 0; one that is cut off behind its answer is paid here, there not."
    )

    def queries(self, group: Group) -> list[Query]:
        gold = group.gold or ""
        return [Query(group.prompt + begun, gold) for begun in _begun(group) if begun is not None]

    def reward(self, group: Group) -> list[float]:
        chances = iter([math.exp(math.fsum(row)) for row in group.likelihoods or []])
        return [0.0 if begun is None else next(chances) for begun in _begun(group)]


def _begun(group: Group) -> list[str | None]:
    """Return each completion up to its first answer cue and with it, None where it is without a cue or an answer."""
    cue = group.answer_cue or ""
    answered = zip(group.completions, group.answers, strict=True)
    return [None if answer is None or cue not in text else text[: text.index(cue)] + cue for text, answer in answered]
