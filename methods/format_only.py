"""Format only: a rollout earns 1 for having an answer, whatever it is."""

from dataclasses import dataclass

from urlvr_bench import Group, Method


@dataclass(frozen=True)
class FormatOnly(Method):
    """Reward any answer that can be read (Spurious Rewards, arXiv 2506.10947).

    It is here because part of every method's gain is that completions end in an answer; what is above this line is
    about which answer.

    >>> FormatOnly().reward(Group("3+4?", ["it is 7", "hm"], ["7", None]))
    [1.0, 0.0]
    """

    family = "baseline"
    paper = "https://arxiv.org/abs/2506.10947"
    aliases = ("format",)
    binary = True
    formula = "1[a_i is there]"
    differs = "The published code has several formats (any answer, box only, Python); ours is the task's own."

    def reward(self, group: Group) -> list[float]:
        return [float(answer is not None) for answer in group.answers]
