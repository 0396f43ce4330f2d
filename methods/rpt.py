"""RPT: a rollout earns 1 when the text that really follows begins as it predicts."""

from dataclasses import dataclass

from urlvr_bench import Group, Method
from urlvr_bench.errors import UsageError


@dataclass(frozen=True)
class Rpt(Method):
    """Reward a prediction that the text after the prompt begins with (Reinforcement Pre-Training, arXiv 2506.08007).

    >>> group = Group("One, two,", ["..."] * 4, [" three", " th", " four", None], continuation=" three, four")
    >>> Rpt().reward(group)
    [1.0, 1.0, 0.0, 0.0]
    """

    family = "external/unlabeled-data"
    paper = "https://arxiv.org/abs/2506.08007"
    aliases = ("reinforcement-pre-training", "next-token-reasoning")
    needs = ("continuation",)
    binary = True
    formula = "1[the text after the prompt begins with a_i]"
    differs = (
        "From the paper's text; there is no code. RPT asks that the prediction also ends where a token of the text "
        "does, which a method cannot see: here any beginning counts, from one character on. It boxes the prediction "
        "after a thought; here the prediction is what the task reads as the answer."
    )

    def reward(self, group: Group) -> list[float]:
        if not group.continuation:
            raise UsageError("rpt needs a task whose prompts are pieces of plain text; this one has no more text")
        return [float(bool(answer) and group.continuation.startswith(answer or "")) for answer in group.answers]
