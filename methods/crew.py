"""CRew: a rollout earns how sure the start model is of its answer, once it has read the way there."""

import math
from dataclasses import dataclass
from statistics import fmean

from urlvr_bench import Group, Method
from urlvr_bench.bounds import Share
from urlvr_bench.rollouts import Query


@dataclass(frozen=True)
class Crew(Method):
    """Reward the mean probability of the answer's tokens under the start policy (CRew, arXiv 2510.13501).

    >>> group = Group("3+4?", ["so 7", "no"], ["7", None], answer_spans=[(1, 3), None])
    >>> import dataclasses
    >>> rows = [[-5.0, 0.0, -0.6931471805599453, -9.0], [-1.0]]
    >>> Crew().reward(dataclasses.replace(group, likelihoods=rows))
    [0.75, 0.0]
    """

    family = "intrinsic/certainty"
    paper = "https://arxiv.org/abs/2510.13501"
    aliases = ("confidence-as-a-reward",)
    needs = ("answer_spans", "likelihoods")
    formula = "mean over the tokens t of the answer of p_0(y_t | prompt, y_<t), p_0 the start; 0 without an answer"
    differs = (
        "From the paper's text; no code was found. CRew scores solutions with a model that is not trained, to rank "
        "and filter them and, with labels beside it, to choose pairs for DPO; as a reward of its own it is our use. "
        "The probability is taken at the sampling temperature."
    )

    teacher_decay: Share = 1.0
    """Decay per step of the moving average that is p_0; 1 keeps the start."""

    def queries(self, group: Group) -> list[Query]:
        return [Query(group.prompt, i, self.teacher_decay) for i in range(len(group))]

    def reward(self, group: Group) -> list[float]:
        spans = zip(group.answer_spans or [], group.likelihoods or [], strict=True)
        return [fmean(map(math.exp, row[span[0] : span[1]])) if span else 0.0 for span, row in spans]
