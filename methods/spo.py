"""SPO: majority voting against a baseline that is remembered for each prompt, instead of the group's mean."""

from dataclasses import dataclass

from urlvr_bench import Group, Method
from urlvr_bench.bounds import Count, Positive, Share
from urlvr_bench.voting import count, winner


@dataclass(frozen=True)
class Spo(Method):
    """Pay agreement with the vote less the prompt's earlier share of agreement (SPO, arXiv 2509.13232).

    >>> group = Group("3+4?", ["..."] * 4, ["7", "7", "7", "3"], prompt_notes=[])
    >>> Spo().reward(group), Spo().note(group)
    ([0.5, 0.5, 0.5, -0.5], [3, 4])
    >>> later = Group("3+4?", ["..."] * 3, ["7", "7", None], prompt_notes=[[3, 4], [4, 4]])
    >>> [round(advantage, 3) for advantage in Spo(decay=0.5, prior=1).reward(later)]
    [0.1, 0.1, -0.9]
    """

    family = "intrinsic/ensemble"
    paper = "https://arxiv.org/abs/2509.13232"
    needs = ("prompt_notes",)
    advantages = True
    formula = "1[a_i = argmax_a count(a)] - alpha / (alpha + beta), both the prompt's earlier counts, faded by decay"
    differs = (
        "Beside the released recipe in verl, whose reward is a verifier's and whose prompts have one rollout each: "
        "here the vote of a group pays, and all its rollouts enter the prompt's counts. The decay is the recipe's "
        "constant one; by default it follows the KL between visits. The recipe begins with eight rollouts of every "
        "prompt before the training, here with its prior of one half, as the recipe does without them, and it scales "
        "advantages over the batch, here nothing does. A prompt that is shown once has no history: its baseline is "
        "one half."
    )

    decay: Share = 0.875
    """What is left of the counts at the next visit of the prompt."""
    prior: Positive = 1.0
    """Rollouts that the first baseline counts for; half of them agree."""
    visits: Count = 32
    """Visits that are remembered; what came before has faded."""

    def memory(self) -> int:
        return self.visits

    def reward(self, group: Group) -> list[float]:
        alpha = beta = self.prior / 2
        for agreed, rollouts in group.prompt_notes or []:
            alpha, beta = self.decay * alpha + agreed, self.decay * beta + rollouts - agreed
        return [vote - alpha / (alpha + beta) for vote in self._votes(group)]

    def note(self, group: Group) -> list[int]:
        votes = self._votes(group)
        return [sum(votes), len(votes)]

    def _votes(self, group: Group) -> list[int]:
        label = winner(count(group.answers), group.prompt)
        return [int(answer is not None and answer == label) for answer in group.answers]
