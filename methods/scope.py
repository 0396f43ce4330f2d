"""SCOPE: votes weigh by how sure the policy is of them, step by step, and the heaviest answer is the label."""

import math
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import fmean

from urlvr_bench import Group, Method
from urlvr_bench.bounds import Count, Text
from urlvr_bench.rollouts import Extra, Query
from urlvr_bench.voting import agreement, winner


@dataclass(frozen=True)
class Scope(Method):
    """Reward the answer of which rollouts and further votes are surest, step by step (SCOPE, arXiv 2512.15146).

    >>> asked = {"extra_answers": [["3", "3"]], "extra_texts": [["hm 3", "well 3"]]}
    >>> group = Group("3+4?", ["so 7", "is 7"], ["7", "7"], **asked)
    >>> [query.continuation for query in Scope(votes=2).queries(group)]
    ['hm 3', 'is 7', 'so 7', 'well 3']
    >>> import dataclasses
    >>> sure = [[-0.1], [-2.0], [-2.0], [-0.1]]
    >>> Scope(votes=2).reward(dataclasses.replace(group, likelihoods=sure))
    [0.0, 0.0]
    """

    family = "intrinsic/ensemble"
    paper = "https://arxiv.org/abs/2512.15146"
    aliases = ("step-confidence-vote",)
    needs = ("extra_answers", "extra_texts", "likelihoods")
    binary = True
    formula = "1[a_i = argmax_a sum_j c_j 1[a_j = a]] over rollouts and votes, c_j = mean_steps mean_tokens p(token)"
    differs = (
        "A token's confidence is there minus the mean log-probability of the likeliest tokens that vLLM lists, which "
        "grows as alternatives get unlikelier; ours is the probability of the token itself. The code lets parts of "
        "the group vote apart, with voters drawn without a seed, in sizes chosen along a Pareto front; here all vote "
        "together. It drops votes without an answer before it pairs votes with confidences, which then belong to "
        "other votes; we pair first. Ties fall to a hash."
    )

    votes: Count = 8
    """Further rollouts per prompt that vote."""
    separator: Text = "\n\n"
    """What ends a step."""

    def extras(self) -> list[Extra]:
        return [Extra(self.votes)]

    def queries(self, group: Group) -> list[Query]:
        return [
            Query(group.prompt + before, step) for text in self._voters(group) for before, step in self._steps(text)
        ]

    def _voters(self, group: Group) -> list[str]:
        """Return the different texts with an answer."""
        return sorted({text for text, answer in _ballots(group) if answer is not None and text})

    def _steps(self, text: str) -> list[tuple[str, str]]:
        """Return each step, its end included, with what is before it."""
        found, before = [], ""
        for step in filter(None, re.split(f"(?<={re.escape(self.separator)})", text)):
            found.append((before, step))
            before += step
        return found

    def reward(self, group: Group) -> list[float]:
        rows = iter(group.likelihoods or [])
        sure = {
            text: fmean(fmean(map(math.exp, next(rows))) for _ in self._steps(text)) for text in self._voters(group)
        }
        weights: defaultdict[str, list[float]] = defaultdict(list)
        for text, answer in _ballots(group):
            if answer is not None:
                weights[answer].append(sure.get(text, 0.0))
        label = winner({answer: math.fsum(of_answer) for answer, of_answer in weights.items()}, group.prompt)
        return agreement(group.answers, label)


def _ballots(group: Group) -> Iterator[tuple[str, str | None]]:
    """Yield text and answer of each rollout, and of each vote."""
    yield from zip(group.completions, group.answers, strict=True)
    for texts, answers in zip(group.extra_texts or [], group.extra_answers or [], strict=True):
        yield from zip(texts, answers, strict=True)
