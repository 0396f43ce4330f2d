"""Oracle vote: the truth where the group has found it, the majority where it has not."""

from dataclasses import dataclass

from urlvr_bench import Group, Method
from urlvr_bench.voting import count, winner


@dataclass(frozen=True)
class OracleVote(Method):
    """Reward correctness in a group with a correct rollout, agreement with the majority elsewhere (arXiv 2603.08660).

    It is here to part two errors of a vote: against majority voting it shows what wrong majorities cost where the
    right answer was at hand, against the ground truth what voting costs where it was not. It reads the label.

    >>> OracleVote().reward(Group("3+4?", ["..."] * 3, ["3", "3", "7"], correct=[False, False, True]))
    [0.0, 0.0, 1.0]
    >>> OracleVote().reward(Group("3+4?", ["..."] * 3, ["3", "3", "5"], correct=[False, False, False]))
    [1.0, 1.0, 0.0]
    """

    family = "supervised"
    paper = "https://arxiv.org/abs/2603.08660"
    aliases = ("hybrid-gt",)
    needs = ("correct",)
    binary = True
    formula = "1[rollout i is correct] if any is, else 1[a_i = argmax_a count(a)]"
    differs = "As the study's released option; ties fall to a hash instead of the answer sampled first."

    def reward(self, group: Group) -> list[float]:
        correct = group.correct or []
        if any(correct):
            return [float(right) for right in correct]
        label = winner(count(group.answers), group.prompt)
        return [float(answer is not None and answer == label) for answer in group.answers]
