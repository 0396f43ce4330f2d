"""NOVER: a rollout earns by the rank of the reference answer's perplexity after its reasoning."""

import math
from dataclasses import dataclass
from statistics import fmean

from urlvr_bench import Group, Method
from urlvr_bench.bounds import NotNegative, Share
from urlvr_bench.rollouts import Query


@dataclass(frozen=True)
class Nover(Method):
    """Reward reasoning that makes the reference likely, and does so in few tokens (NOVER, arXiv 2505.16022).

    It is here as a bound: it needs no verifier, but it reads the label.

    >>> known = {"gold": "7", "answer_cue": "#", "token_counts": [5, 9, 2]}
    >>> group = Group("3+4?", ["a #7", "bcd #7", "hm"], ["7", "7", None], **known)
    >>> [query.prefix for query in Nover().queries(group)]
    ['3+4?a #', '3+4?bcd #']
    >>> import dataclasses
    >>> Nover().reward(dataclasses.replace(group, likelihoods=[[-0.1], [-2.0]]))
    [3.0, 1.5, 0.0]
    """

    family = "supervised"
    paper = "https://arxiv.org/abs/2505.16022"
    needs = ("gold", "answer_cue", "likelihoods", "token_counts")
    formula = (
        "f_i (1 + reasoning |{j: P_j >= P_i}| / n + efficiency |{j: P_i < P_j, l_i < l_j}| / (n - 1)), f_i = 1[cue and "
        "answer], P = exp(-mean_t log p(gold_t | prompt, reasoning) / max(1, 1 + log10 l)) over the n with f = 1"
    )
    differs = (
        "The published code takes the perplexity under a copy of the policy that moves a tenth towards it at every "
        "checkpoint; we take it under the policy or, with `teacher_decay`, under an average that moves at every "
        "step (0.9 per hundred steps is a decay of 0.999). l is the number of tokens of the completion, there of "
        "its reasoning; the form is the task's cue and a readable answer, there both pairs of tags and nothing "
        "else. Equal perplexities rank alike, there in the order of the rollouts."
    )

    reasoning: NotNegative = 1.0
    """Weight of the rank of the perplexity."""
    efficiency: NotNegative = 1.0
    """Weight of the share of rollouts that are both longer and less sure."""
    teacher_decay: Share | None = None
    """Decay per step of the average of the policy that the perplexity is taken under; None for the policy."""

    def queries(self, group: Group) -> list[Query]:
        begun = [group.prompt + text for text in _begun(group) if text is not None]
        return [Query(text, group.gold or "", self.teacher_decay) for text in begun]

    def reward(self, group: Group) -> list[float]:
        rows = iter(group.likelihoods or [])
        lengths = group.token_counts or []
        well_formed = {
            i: (_perplexity(next(rows), length), length)
            for i, (begun, length) in enumerate(zip(_begun(group), lengths, strict=True))
            if begun is not None
        }
        rewards = [0.0] * len(group)
        for i, (own, length) in well_formed.items():
            rank = sum(other >= own for other, _ in well_formed.values()) / len(well_formed)
            better = sum(own < other and length < longer for other, longer in well_formed.values())
            rewards[i] = 1 + self.reasoning * rank + self.efficiency * better / max(1, len(well_formed) - 1)
        return rewards


def _begun(group: Group) -> list[str | None]:
    """Return each completion up to its last answer cue and with it, None where it is without a cue or an answer."""
    cue = group.answer_cue or ""
    answered = zip(group.completions, group.answers, strict=True)
    return [None if a is None or cue not in text else text[: text.rindex(cue)] + cue for text, a in answered]


def _perplexity(logprobs: list[float], tokens: int) -> float:
    """Return the perplexity that a long reasoning counts less for."""
    return math.exp(min(700.0, -fmean(logprobs) / max(1.0, 1 + math.log10(max(1, tokens)))))
