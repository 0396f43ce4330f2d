"""Co-rewarding I: the majority on a rephrasing of the question labels the rollouts of the question."""

from dataclasses import dataclass

from urlvr_bench import Group, Method
from urlvr_bench.bounds import Count
from urlvr_bench.rollouts import Extra
from urlvr_bench.voting import count, winner


@dataclass(frozen=True)
class CoRewarding1(Method):
    """Reward agreement with the majority on a rephrased question (Co-rewarding-I, arXiv 2508.00410).

    >>> group = Group("3+4?", ["..."] * 3, ["3", "3", "7"], extra_answers=[["7", "7", "3"]])
    >>> CoRewarding1(votes=3).reward(group)
    [0.0, 0.0, 1.0]
    """

    family = "intrinsic/ensemble"
    paper = "https://arxiv.org/abs/2508.00410"
    aliases = ("co-rewarding", "co-rewarding-i", "co-reward")
    needs = ("extra_answers",)
    binary = True
    formula = "1[a_i = argmax_a count(a) over rollouts of the rephrased prompt]"
    differs = (
        "The published code trains on both views, each labelled by the other; we train on the original and only vote "
        "on the rephrasing. It rephrases with a 32-billion-parameter model, we take the task's own rephrasing. Ties: "
        "theirs falls to the answer sampled first, ours to a hash."
    )
    same_as = ("b636070baa110b37",)

    votes: Count = 8
    """Rollouts of the rephrased prompt."""
    view: Count = 1
    """Which of the task's rephrasings to ask."""

    def extras(self) -> list[Extra]:
        return [Extra(self.votes, view=self.view)]

    def reward(self, group: Group) -> list[float]:
        label = winner(count(vote for answers in group.extra_answers or [] for vote in answers), group.prompt)
        return [float(answer is not None and answer == label) for answer in group.answers]
