"""Verifier: a rollout earns 1 when the task's own label-free checker accepts it."""

from dataclasses import dataclass

from urlvr_bench import Group, Method


@dataclass(frozen=True)
class Verifier(Method):
    """Reward what a program can check without knowing the answer, such as an expression that hits its target.

    >>> group = Group("1 2 3 to 7", ["1+2*3", "1+2+3"], ["1+2*3", "1+2+3"], verified=[True, False])
    >>> Verifier().reward(group)
    [1.0, 0.0]
    """

    family = "external/verification"
    paper = "https://arxiv.org/abs/2603.08660"
    aliases = ("checker", "rule-verifier")
    needs = ("verified",)
    binary = True
    formula = "1[the checker accepts completion i]"
    differs = (
        "TinyZero's Countdown reward also pays 0.1 for the right tags, accepts powers and integer division, reads the "
        "last line only and evaluates it as code; our tasks parse the expression exactly and pay 1 or 0."
    )

    def reward(self, group: Group) -> list[float]:
        return [float(accepted) for accepted in group.verified or []]
