"""Judged clusters: a rollout earns the share of answers that the policy itself finds to mean the same as its own."""

import itertools
from collections import defaultdict
from dataclasses import dataclass

from urlvr_bench import Group, Method
from urlvr_bench.asking import by_question, repeated, says_yes
from urlvr_bench.bounds import FewFrom0
from urlvr_bench.voting import count

QUESTION = """Two answers to one question follow. Find out whether they say the same.

Question:
{question}

First answer:
{first}

Second answer:
{second}

Does the second answer follow from the first? End with \\boxed{{True}} if it does and with \\boxed{{False}} if not."""


@dataclass(frozen=True)
class JudgedClusters(Method):
    """Reward the share of the rollout's cluster, where the policy judges which answers mean the same (EMPO).

    >>> group = Group("Who rules?", ["..."] * 3, ["king", "a king", "nobody"])
    >>> len(JudgedClusters().ask(group))
    6
    >>> import dataclasses
    >>> replies = ["True", "False", "True", "False", "False", "False"]
    >>> [round(reward, 2) for reward in JudgedClusters().reward(dataclasses.replace(group, replies=replies))]
    [0.67, 0.67, 0.33]
    """

    family = "intrinsic/ensemble"
    paper = "https://arxiv.org/abs/2504.05812"
    aliases = ("empo-judge", "semantic-entropy-judge")
    needs = ("replies",)
    formula = "|cluster(a_i)| / G, two answers in one cluster if each is judged to follow from the other"
    differs = (
        "EMPO's general-reasoning code lets a small verifier model compare answers; here the policy does, greedily "
        "or by vote, in both directions as semantic entropy asks. Answers that are linked through a third are one "
        "cluster, so that the order does not matter; EMPO compares with the first member. Its gates on the entropy "
        "are left out. For K different answers the policy is asked K (K - 1) questions. A judge that never says "
        "yes makes this `soft_vote`."
    )

    verdicts: FewFrom0 = 0
    """Verdicts that are sampled per question, more than half of which have to say yes; 0 for the likeliest alone."""

    def ask(self, group: Group) -> list[str]:
        asked = [QUESTION.format(question=group.prompt, first=a, second=b) for a, b in self._pairs(group)]
        return repeated(asked, self.verdicts)

    def _pairs(self, group: Group) -> list[tuple[str, str]]:
        return list(itertools.permutations(sorted(count(group.answers)), 2))

    def reward(self, group: Group) -> list[float]:
        votes = count(group.answers)
        asked = zip(self._pairs(group), by_question(group.replies or [], self.verdicts), strict=True)
        follows = {pair for pair, replies in asked if sum(map(says_yes, replies)) > len(replies) / 2}
        same: defaultdict[str, set[str]] = defaultdict(set)
        for a, b in follows:
            if (b, a) in follows:
                same[a].add(b)
        share = {answer: sum(votes[other] for other in _linked(answer, same)) / len(group) for answer in votes}
        return [0.0 if answer is None else share[answer] for answer in group.answers]


def _linked(answer: str, same: dict[str, set[str]]) -> set[str]:
    """Return the answer and all that a chain of equal ones leads to."""
    found, left = {answer}, [answer]
    while left:
        new = same.get(left.pop(), set()) - found
        found |= new
        left += new
    return found
