"""RESTRAIN: every answer is a label by its share, and a group without a consensus is punished."""

import math
from dataclasses import dataclass

from urlvr_bench import Group, Method
from urlvr_bench.rollouts import Extra
from urlvr_bench.voting import count


@dataclass(frozen=True)
class Restrain(Method):
    """Pay the advantages of all answers as labels, weighted by their shares (RESTRAIN, arXiv 2510.02172).

    >>> group = Group("3+4?", ["..."] * 4, ["7", "7", "7", "3"], extra_answers=[["7", "7", "7", "7"]])
    >>> [round(advantage, 3) for advantage in Restrain().reward(group)]
    [0.267, 0.267, 0.267, -0.8]
    """

    family = "intrinsic/ensemble"
    paper = "https://arxiv.org/abs/2510.02172"
    needs = ("extra_answers",)
    advantages = True
    formula = "u * sum_j w_j A_ij, A_ij = (1[a_i = a_j] - f_j) / sqrt(f_j (1 - f_j)); -u * penalty without a consensus"
    differs = (
        "From the paper's text: there is no code, and the values of centre, width, least votes and penalty are not "
        "published, so ours are guesses. w_j = g(f_j) / sum g and u = g(share of the start's majority) with the "
        "Gaussian g. The paper weighs losses, which is the same as weighing advantages while nothing is clipped, and "
        "measures u once before training; we sample the start policy at every step."
    )

    centre: float = 1.0
    """Share of the votes at which the Gaussian g peaks."""
    width: float = 0.5
    """Standard deviation of g; the paper finds 0.1 too narrow."""
    least_votes: int = 3
    """A group whose most common answer has fewer votes has no consensus."""
    penalty: float = 0.5
    """What every rollout of a group without a consensus loses."""
    start_votes: int = 8
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
        total = math.fsum(map(self._gaussian, shares.values()))

        def advantage(answer: str | None) -> float:
            return math.fsum(
                self._gaussian(share) / total * ((answer == label) - share) / math.sqrt(share * (1 - share))
                for label, share in shares.items()
                if share < 1
            )

        return [weight * advantage(answer) for answer in group.answers]

    def _gaussian(self, share: float) -> float:
        return math.exp(-((share - self.centre) ** 2) / (2 * self.width**2))
