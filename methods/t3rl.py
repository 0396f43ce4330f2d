"""T3RL: rollouts that a checker accepts have more votes, and the winner's rollouts earn 1."""

from collections import defaultdict
from dataclasses import dataclass

from urlvr_bench import Group, Method
from urlvr_bench.bounds import NotNegative
from urlvr_bench.voting import winner


@dataclass(frozen=True)
class T3rl(Method):
    """Reward agreement with a vote in which verified rollouts weigh more (T3RL, arXiv 2603.02203).

    >>> group = Group("3+4?", ["..."] * 4, ["3", "3", "3", "7"], verified=[False, False, False, True])
    >>> T3rl().reward(group)
    [0.0, 0.0, 0.0, 1.0]
    >>> T3rl(weight=2).reward(group)
    [1.0, 1.0, 1.0, 0.0]
    """

    family = "external/verification"
    paper = "https://arxiv.org/abs/2603.02203"
    aliases = ("tool-verification",)
    needs = ("verified",)
    binary = True
    formula = "1[a_i = argmax_a sum_j w_j 1[a_j = a]], w_j = weight if rollout j is verified, else 1"
    differs = (
        "From abstract and summaries of the paper; no code was found, and the weight is ours. T3RL's verifier is a "
        "language model that turns a rollout into code and runs it; here it is the task's own checker. Ties fall to "
        "a hash of prompt and answer."
    )

    weight: NotNegative = 5.0
    """Votes of a verified rollout; others have one."""

    def reward(self, group: Group) -> list[float]:
        votes: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0])
        for answer, verified in zip(group.answers, group.verified or [], strict=True):
            if answer is not None:
                votes[answer][verified] += 1
        label = winner({a: plain + self.weight * checked for a, (plain, checked) in votes.items()}, group.prompt)
        return [float(answer is not None and answer == label) for answer in group.answers]
