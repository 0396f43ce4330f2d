"""Probability disparity: a rollout earns how clearly its answer's tokens stand out from the runners-up."""

from dataclasses import dataclass
from statistics import fmean

from urlvr_bench import Group, Method


@dataclass(frozen=True)
class ProbabilityDisparity(Method):
    """Reward the mean gap between the two likeliest tokens over the answer (RLSF, arXiv 2507.21931).

    >>> gaps = [[0.1, 0.8, 0.6], [0.2, 0.3]]
    >>> group = Group("q", ["so 42", "hm"], ["42", None], token_top_gaps=gaps, answer_spans=[(1, 3), None])
    >>> ProbabilityDisparity().reward(group)
    [0.7, 0.0]
    """

    family = "intrinsic/certainty"
    paper = "https://arxiv.org/abs/2507.21931"
    aliases = ("rlsf",)
    needs = ("token_top_gaps", "answer_spans")
    formula = "mean over the answer's tokens of p_t(likeliest) - p_t(second), with p_t = softmax(z_t / T)"
    differs = (
        "RLSF ranks the beams of a frozen model by this number and trains on the preferences; like the study's "
        "taxonomy we pay it as a reward, under the current policy. It is defined only where there is an answer: "
        "`unparsed` is ours."
    )

    unparsed: float = 0.0
    """Reward of a rollout without an answer."""

    def reward(self, group: Group) -> list[float]:
        rows = zip(group.token_top_gaps or [], group.answer_spans or [], strict=True)
        return [fmean(gaps[slice(*span)]) if span and gaps[slice(*span)] else self.unparsed for gaps, span in rows]
