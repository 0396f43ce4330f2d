"""Condorcet: a rollout earns what its vote adds to the clarity of the election."""

from collections import Counter
from dataclasses import dataclass

from urlvr_bench import Group, Method
from urlvr_bench.voting import count


@dataclass(frozen=True)
class Condorcet(Method):
    """Reward the vote's share in the signal-to-noise ratio of the election, left out and put in (Condorcet-TTRL).

    >>> group = Group("3+4?", ["..."] * 4, ["7", "7", "7", "3"])
    >>> [round(reward, 4) for reward in Condorcet().reward(group)]
    [0.1389, 0.1389, 0.1389, -0.75]
    """

    family = "intrinsic/ensemble"
    paper = "https://github.com/paulaoak/condorcet_ttrl"
    aliases = ("condorcet-ttrl", "leave-one-out")
    formula = "SNR(group) - SNR(group without i), SNR = (m - r)^2 / (G (m + r)), m and r the two largest counts"
    differs = (
        "The published code keeps the identity of winner and runner-up when it leaves a vote out; we count anew, "
        "which differs only where counts tie, and does not depend on the order. All its scripts vote with 64 "
        "rollouts and train on 32 of them, we vote with those that are trained on. Its entropy variant is left out: "
        "it looks up the raw answer among simplified ones, so that the sign turns with the spelling."
    )
    same_as = ("55f2a22eca6c50e3",)

    unparsed: float = -10.0
    """Reward of a rollout without an answer, as in the published code; other rewards lie between -1 and 1."""

    def reward(self, group: Group) -> list[float]:
        votes, size = count(group.answers), len(group)
        clarity = _snr(votes, size)
        gains = {answer: clarity - _snr(votes - Counter([answer]), size - 1) for answer in votes}
        return [self.unparsed if answer is None else gains[answer] for answer in group.answers]


def _snr(votes: Counter[str], size: int) -> float:
    first, second = [*sorted(votes.values(), reverse=True), 0, 0][:2]
    return (first - second) ** 2 / (size * (first + second)) if first else 0.0
