"""EVOL-RL: the majority earns, and on either side of it the rollouts that reason differently earn more."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from urlvr_bench import Group, Method
from urlvr_bench.bounds import Count
from urlvr_bench.likeness import cosine, grams
from urlvr_bench.voting import count, winner


@dataclass(frozen=True)
class EvolRl(Method):
    """Reward the majority in [0.5, 1] and the rest in [-1, -0.5], by novelty of the text (EVOL-RL, arXiv 2509.15194).

    >>> group = Group("3+4?", ["3+4=7", "3+4=7", "count up: 7", "3"], ["7", "7", "7", "3"])
    >>> EvolRl().reward(group)
    [0.5, 0.5, 1.0, -0.5]
    """

    family = "intrinsic/ensemble"
    paper = "https://arxiv.org/abs/2509.15194"
    aliases = ("evol",)
    formula = (
        "0.5 + u/2 in the majority, -1 + u/2 outside, u = novelty scaled to [0, 1] on each side; -1 without company"
    )
    differs = (
        "Similarity is the cosine of character n-gram counts; the published code embeds with a 4-billion-parameter "
        "model, and when that fails, with random vectors. It takes the text after `</think>`, as we do. An unparsed "
        "rollout pays -1, in the code also one whose box holds no digit, and so do all in a group with one answer at "
        "most. The code votes with 64 rollouts and trains on 32, and puts rewards at the last rollout's length."
    )

    ngram: Count = 3
    """Length of the character n-grams that texts are compared by."""

    def reward(self, group: Group) -> list[float]:
        label = winner(count(group.answers), group.prompt)
        rewards = [-1.0] * len(group)
        said = [text.rpartition("</think>")[2] for text in group.completions]
        texts = {i: grams(said[i], self.ngram) for i, answer in enumerate(group.answers) if answer is not None}
        if len(texts) < 2:
            return rewards
        alike = {i: {j: cosine(one, other) for j, other in texts.items() if j != i} for i, one in texts.items()}
        for base, won in ((0.5, True), (-1.0, False)):
            side = [i for i in texts if (group.answers[i] == label) == won]
            for i, unit in zip(side, _scaled([_novelty(alike[i], side) for i in side]), strict=True):
                rewards[i] = base + unit / 2
        return rewards


def _novelty(alike: dict[int, float], side: list[int]) -> float:
    """Return 1 less half the mean similarity to the own side and half the largest to anyone."""
    own = [alike[j] for j in side if j in alike] or list(alike.values())
    return 1 - fmean(own) / 2 - max(alike.values()) / 2 if own else 0.0


def _scaled(novelties: Sequence[float]) -> list[float]:
    """Scale to [0, 1]; equal novelties are 0.5, and a rollout alone on its side is 1."""
    if len(novelties) == 1:
        return [1.0]
    low, high = min(novelties, default=0.0), max(novelties, default=0.0)
    return [(value - low) / (high - low) if high - low > 1e-9 else 0.5 for value in novelties]
