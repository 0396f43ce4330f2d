"""RLPR: a rollout earns how much its reasoning raises the probability of the reference answer."""

import math
from dataclasses import dataclass
from statistics import fmean

from urlvr_bench import Group, Method
from urlvr_bench.bounds import Share
from urlvr_bench.rollouts import Query


@dataclass(frozen=True)
class Rlpr(Method):
    """Reward the rise in the reference answer's mean token probability (RLPR, arXiv 2506.18254).

    It is here as a bound: it needs no verifier, but it reads the label.

    >>> group = Group("3+4?", ["so #7", "hm"], ["7", None], gold="7", answer_cue="#")
    >>> [query.prefix for query in Rlpr().queries(group)]
    ['3+4?#', '3+4?so #']
    >>> import dataclasses
    >>> Rlpr().reward(dataclasses.replace(group, likelihoods=[[-2.0], [0.0]]))  # 0.9 (1 - exp(-2)) + 0.1
    [0.8781982450870486, 0.0]
    """

    family = "supervised"
    paper = "https://arxiv.org/abs/2506.18254"
    needs = ("gold", "answer_cue", "likelihoods")
    formula = "0.9 max(0, mean_t p(gold_t | prompt, reasoning i) - mean_t p(gold_t | prompt)) + 0.1 [cue present]"
    differs = (
        "The published code measures the probability without reasoning once, under the start policy; we do so under "
        "the current one. The reference answer takes the place of the answer after the task's cue, there inside "
        "`<answer>` tags. It asks for each of its four tags exactly once, where any number of cues will do here and "
        "the last one counts, and rounds both means to bfloat16. Its penalty of -1 for repeated 10-grams and its "
        "filter on the spread are left out."
    )
    same_as = ("ab91285010704f0c",)

    form: Share = 0.1
    """Weight of the 0/1 reward for writing the cue; the rest is the weight of the probability."""

    def queries(self, group: Group) -> list[Query]:
        cue, gold = group.answer_cue or "", group.gold or ""
        heads = [
            completion[: completion.rfind(cue)] if cue else "" for completion in group.completions if cue in completion
        ]
        return [Query(group.prompt + head + cue, gold) for head in ["", *heads]]

    def reward(self, group: Group) -> list[float]:
        without, *with_reasoning = [fmean(map(math.exp, row)) for row in group.likelihoods or []]
        rises = iter(with_reasoning)
        return [
            (1 - self.form) * max(0.0, next(rises) - without) + self.form
            if (group.answer_cue or "") in completion
            else 0.0
            for completion in group.completions
        ]
