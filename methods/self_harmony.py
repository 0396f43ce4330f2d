"""Self-Harmony: the label is the answer that is common both to the question and to its rephrasing."""

from dataclasses import dataclass
from fractions import Fraction

from urlvr_bench import Group, Method
from urlvr_bench.bounds import Count
from urlvr_bench.rollouts import Extra
from urlvr_bench.voting import count, leaders, winner


@dataclass(frozen=True)
class SelfHarmony(Method):
    """Reward the answer with the largest harmonic mean of counts over two views (Self-Harmony, arXiv 2511.01191).

    >>> group = Group("3+4?", ["..."] * 4, ["3", "3", "3", "7"], extra_answers=[["7", "7", "7", "5"]])
    >>> SelfHarmony(votes=4).reward(group)
    [0.0, 0.0, 0.0, 1.0]
    """

    family = "intrinsic/ensemble"
    paper = "https://arxiv.org/abs/2511.01191"
    needs = ("extra_answers",)
    binary = True
    formula = "1[a_i = argmax_a n1(a) n2(a) / (n1(a) + n2(a))], n1 and n2 the counts in the two views"
    differs = (
        "The published code trains on both views; we train on the original only. Ties go to the larger total in "
        "both, then there to the order of a set, which changes from run to run, here to a hash. The factors for "
        "format and for difference between the views, whose coefficients its script sets and its reward never reads, "
        "are left out."
    )
    same_as = ("97f5b66b01f07464",)

    votes: Count = 8
    """Rollouts of the rephrased prompt."""
    view: Count = 1
    """Which of the task's rephrasings to ask."""
    laplace: bool = False
    """Add 1 to every count, so that an answer of one view only can win; otherwise it cannot."""

    def extras(self) -> list[Extra]:
        return [Extra(self.votes, view=self.view)]

    def reward(self, group: Group) -> list[float]:
        here, there = count(group.answers), count(vote for answers in group.extra_answers or [] for vote in answers)
        plus = int(self.laplace)
        pairs = {answer: (here[answer] + plus, there[answer] + plus) for answer in here | there}
        scores = {answer: Fraction(one * two, one + two) for answer, (one, two) in pairs.items() if one and two}
        label = winner({answer: here[answer] + there[answer] for answer in leaders(scores)}, group.prompt)
        return [float(answer is not None and answer == label) for answer in group.answers]
