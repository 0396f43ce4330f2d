"""RESTRAIN: every answer is a label by its share, and a group without a consensus is punished."""

import math
from dataclasses import dataclass

from urlvr_bench import Group, Method
from urlvr_bench.bounds import Count, CountFrom0, NotNegative, Positive, Share
from urlvr_bench.rollouts import Extra
from urlvr_bench.voting import EPSILON, count


@dataclass(frozen=True)
class Restrain(Method):
    """Pay the advantages of all answers as labels, weighted by their shares (RESTRAIN, arXiv 2510.02172).

    >>> group = Group("3+4?", ["..."] * 4, ["7", "7", "7", "3"], extra_answers=[["7", "7", "7", "7"]])
    >>> [round(advantage, 3) for advantage in Restrain().reward(group)]
    [0.231, 0.231, 0.231, -0.693]
    """

    family = "intrinsic/ensemble"
    paper = "https://arxiv.org/abs/2510.02172"
    needs = ("extra_answers",)
    advantages = True
    formula = "u * sum_j w_j A_ij, A_ij = (1[a_i = a_j] - f_j) / std_j; -u * penalty without a consensus"
    differs = (
        "From the paper's text: there is no code, and the values of centre, width, least votes and penalty are not "
        "published, so ours are guesses. w_j = g(f_j) / sum g and u = g(share of the start's majority) with the "
        "Gaussian g. The paper weighs losses, which is the same as weighing advantages while nothing is clipped, and "
        "measures u once before training; we sample the start policy at every step. std_j is that of TRL, over G - "
        "1."
    )

    centre: Share = 1.0
    """Share of the votes at which the Gaussian g peaks."""
    width: Positive = 0.5
    """Standard deviation of g; the paper finds 0.1 too narrow."""
    least_votes: Count = 3
    """A group whose most common answer has fewer votes has no consensus."""
    penalty: NotNegative = 0.5
    """What every rollout of a group without a consensus loses."""
    start_votes: CountFrom0 = 8
    """Rollouts of the start policy that decide the prompt's weight; 0 weighs all prompts the same."""

    def extras(self) -> list[Extra]:
        return [Extra(self.start_votes, teacher_decay=1.0)] if self.start_votes else []

    def reward(self, group: Group) -> list[float]:
        votes = count(group.answers)
        weight = 1.0
        for start in group.extra_answers or []:
            weight = self._gaussian(max(count(start).values(), default=0) / max(1, len(start)))
        if max(votes.values(), default=0) < self.least_votes:
            return [-weight * self.penalty] * len(group)
        shares = {answer: number / len(group) for answer, number in votes.items()}
        nearest = min(abs(share - self.centre) for share in shares.values())
        weights = {answer: self._gaussian(share, nearest) for answer, share in shares.items()}
        total = math.fsum(weights.values())

        def advantage(answer: str | None) -> float:
            return math.fsum(
                weights[label] / total * ((answer == label) - share) / _spread(share, len(group))
                for label, share in shares.items()
                if share < 1
            )

        return [weight * advantage(answer) for answer in group.answers]

    def _gaussian(self, share: float, nearest: float = 0.0) -> float:
        """Return g(share), over g at the distance `nearest` from its centre: however narrow, one label has weight 1."""
        return math.exp(-((share - self.centre) ** 2 - nearest**2) / self.width / self.width / 2)


def _spread(share: float, size: int) -> float:
    """Return what GRPO in TRL divides by: the deviation over n - 1 of rewards of which a share is 1, plus 0.0001."""
    return math.sqrt(share * (1 - share) * size / (size - 1)) + EPSILON
