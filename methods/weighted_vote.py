"""Weighted vote: a crowd elects the answer, and who agrees with himself counts for more."""

from collections import defaultdict
from dataclasses import dataclass
from fractions import Fraction

from urlvr_bench import Group, Method
from urlvr_bench.bounds import Count, Share
from urlvr_bench.rollouts import Extra
from urlvr_bench.voting import count, winner


@dataclass(frozen=True)
class WeightedVote(Method):
    """Reward agreement with a crowd whose votes weigh their voter's self-consistency (RLCCF, arXiv 2508.12338).

    >>> teacher = ["3", "3", "3", "3"]
    >>> group = Group("3+4?", ["..."] * 4, ["7", "7", "5", "3"], extra_answers=[teacher])
    >>> WeightedVote(votes=4).reward(group)
    [0.0, 0.0, 0.0, 1.0]
    """

    family = "intrinsic/ensemble"
    paper = "https://arxiv.org/abs/2508.12338"
    aliases = ("rlccf",)
    needs = ("extra_answers",)
    binary = True
    formula = "1[a_i = argmax_a sum_n SC_n count_n(a)], SC_n = max_a count_n(a) / G_n over the voters n"
    differs = (
        "From the paper's text, no code was found. RLCCF's crowd is several models that are trained together; ours "
        "is the policy and a moving average of it, the only second voter that one training run has. Unparsed "
        "rollouts do not vote but lower their voter's self-consistency."
    )
    same_as = ("01c3afffd65e4abf",)

    votes: Count = 8
    """Rollouts of the second voter."""
    teacher_decay: Share = 0.99
    """Decay per step of the moving average that is the second voter."""

    def extras(self) -> list[Extra]:
        return [Extra(self.votes, teacher_decay=self.teacher_decay)]

    def reward(self, group: Group) -> list[float]:
        weights: defaultdict[str, Fraction] = defaultdict(Fraction)
        for answers in (group.answers, *(group.extra_answers or [])):
            votes = count(answers)
            consistency = Fraction(max(votes.values(), default=0), max(1, len(answers)))
            for answer, number in votes.items():
                weights[answer] += number * consistency
        label = winner(weights, group.prompt)
        return [float(answer is not None and answer == label) for answer in group.answers]
