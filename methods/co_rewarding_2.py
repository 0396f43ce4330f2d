"""Co-rewarding II: a slowly moving average of the policy labels the rollouts of the policy."""

from dataclasses import dataclass

from urlvr_bench import Group, Method
from urlvr_bench.bounds import Count, Share
from urlvr_bench.rollouts import Extra
from urlvr_bench.voting import count, winner


@dataclass(frozen=True)
class CoRewarding2(Method):
    """Reward agreement with the majority of a moving average of the policy (Co-rewarding-II, arXiv 2508.00410).

    >>> group = Group("3+4?", ["..."] * 3, ["3", "3", "7"], extra_answers=[["7", "7", "3"]])
    >>> CoRewarding2(votes=3).reward(group)
    [0.0, 0.0, 1.0]
    """

    family = "intrinsic/ensemble"
    paper = "https://arxiv.org/abs/2508.00410"
    aliases = ("co-rewarding-ii",)
    needs = ("extra_answers",)
    binary = True
    formula = "1[a_i = argmax_a count(a) over rollouts of the teacher], teacher <- d teacher + (1 - d) policy"
    differs = (
        "The published code lets 1 - d fall from 0.01 to 0.00001 along a cosine; ours is constant. Ties: theirs "
        "falls to the answer sampled first, ours to a hash. Unparsed rollouts do not vote and earn 0 in both."
    )
    same_as = ("7b01d4004a3954b3",)

    votes: Count = 8
    """Rollouts of the teacher per prompt."""
    teacher_decay: Share = 0.99
    """Decay d of the moving average per step; 1 keeps the start policy as the teacher."""

    def extras(self) -> list[Extra]:
        return [Extra(self.votes, teacher_decay=self.teacher_decay)]

    def reward(self, group: Group) -> list[float]:
        label = winner(count(vote for answers in group.extra_answers or [] for vote in answers), group.prompt)
        return [float(answer is not None and answer == label) for answer in group.answers]
