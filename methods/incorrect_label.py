"""Incorrect label: a rollout earns 1 for the group's most common wrong answer."""

from dataclasses import dataclass

from urlvr_bench import Group, Method
from urlvr_bench.voting import count, winner


@dataclass(frozen=True)
class IncorrectLabel(Method):
    """Reward agreement with a wrong label (Spurious Rewards, arXiv 2506.10947).

    It is here because some models improve even so: where this line rises, a rise proves nothing about a reward. It
    reads the label to know what is wrong.

    >>> group = Group("3+4?", ["..."] * 4, ["7", "7", "3", None], correct=[True, True, False, False])
    >>> IncorrectLabel().reward(group)
    [0.0, 0.0, 1.0, 0.0]
    """

    family = "supervised"
    paper = "https://arxiv.org/abs/2506.10947"
    aliases = ("incorrect", "spurious")
    needs = ("correct",)
    binary = True
    formula = "1[a_i = argmax_a count(a) over the wrong answers]"
    differs = (
        "The published code takes wrong majorities of 64 rollouts of the start policy and trains on those prompts "
        "alone; we take the wrong answer that is most common now, on every prompt that has one."
    )

    def reward(self, group: Group) -> list[float]:
        wrong = [a for a, right in zip(group.answers, group.correct or [], strict=True) if not right]
        label = winner(count(wrong), group.prompt)
        return [
            float(answer is not None and answer == label and not right)
            for answer, right in zip(group.answers, group.correct or [], strict=True)
        ]
