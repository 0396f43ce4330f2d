"""Tournament: rollouts meet in knock-out rounds, the policy judges the matches, and every match that is won counts."""

import hashlib
from collections import Counter
from dataclasses import dataclass
from functools import partial

from urlvr_bench import Group, Method
from urlvr_bench.asking import Wins, which_is_better, wins
from urlvr_bench.bounds import Few, FewFrom0


@dataclass(frozen=True)
class Tournament(Method):
    """Reward matches won in repeated knock-out tournaments, scaled to [0, 1] (Tournament-GRPO, arXiv 2605.26958).

    >>> group = Group("Write.", ["aa", "bb", "cc", ""], ["aa", "bb", "cc", None])
    >>> import dataclasses
    >>> Tournament().reward(dataclasses.replace(group, replies=["1", "1", "2", "1", "2", "2"]))
    [1.0, 0.0, 0.0, 0.0]
    """

    family = "external/verification"
    paper = "https://arxiv.org/abs/2605.26958"
    aliases = ("tournament-grpo",)
    needs = ("verification_prompts", "replies")
    formula = "(s_i - min s) / (max s - min s), s_i the matches that i wins in all tournaments; 1/2 if all are equal"
    differs = (
        "The published judge is a larger model that sees a rubric and picks the best of each match anew; here the "
        "policy compares every two rollouts once, or so often as asked, in both orders, and the tournaments are "
        "played from these verdicts. A match that nobody wins gives no point and a hash decides who goes on. "
        "Pairings are drawn by a hash, there by a seed. Rollouts with the same text are one entrant. The published "
        "reward for form, which is added, is left out; a rollout without an answer earns 0 in both. The question is "
        "in our own words; where the task has its own, whether one solution is right, a solution beats those that are "
        "called wrong while it is called right."
    )
    same_as = ("95730cf3c5fe44ff",)

    repeats: Few = 4
    """Tournaments that are played."""
    verdicts: FewFrom0 = 0
    """Verdicts that are sampled per pair and order, whose majority decides a match; 0 for the likeliest alone."""

    def ask(self, group: Group) -> list[str]:
        return which_is_better(group, self.verdicts)

    def reward(self, group: Group) -> list[float]:
        won, points = wins(group, self.verdicts), Counter[str]()
        entrants = {text for text, a in zip(group.completions, group.answers, strict=True) if a is not None}
        for repeat in range(self.repeats):
            left, number = sorted(entrants), 0
            while len(left) > 1:
                drawn = sorted(left, key=partial(_lot, group.prompt, f"{repeat} {number}"))
                matches = [drawn[i :: len(drawn) // 2] for i in range(len(drawn) // 2)]
                left, number = [self._winner(match, won, points) for match in matches], number + 1
        low, high = min((points[text] for text in entrants), default=0), max(points.values(), default=0)
        scaled = {text: (points[text] - low) / (high - low) if high > low else 0.5 for text in entrants}
        return [
            scaled[text] if answer is not None else 0.0
            for text, answer in zip(group.completions, group.answers, strict=True)
        ]

    def _winner(self, match: list[str], won: Wins, points: Counter[str]) -> str:
        """Return who goes on from a match of two or three, and note the point of who has beaten all others."""
        for text in match:
            if all(won[text, other] > won[other, text] for other in match if other != text):
                points[text] += 1
                return text
        return match[0]


def _lot(prompt: str, name: str, text: str) -> bytes:
    return hashlib.sha256(f"{name}\0{prompt}\0{text}".encode()).digest()
