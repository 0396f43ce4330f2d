"""DuPO: a rollout earns when its answer allows the policy to find a number that was hidden from the question."""

import hashlib
import re
from dataclasses import dataclass
from fractions import Fraction

from urlvr_bench import Group, Method
from urlvr_bench.bounds import Count
from urlvr_bench.voting import count

QUESTION = """In the following question a number is hidden behind [?]. Its answer is known. Find the hidden number.

Question:
{question}

Answer:
{answer}

End with \\boxed{{the hidden number}}."""
NUMBER = re.compile(r"\d+(?:\.\d+)?")


@dataclass(frozen=True)
class Dupo(Method):
    """Reward answers from which the policy rebuilds what was hidden of the question (DuPO, arXiv 2508.14460).

    >>> group = Group("What is 3+4?", ["..."] * 3, ["7", "7", "9"], replies=[r"\\\\boxed{3}", "it was 5"])
    >>> Dupo(hidden=1).reward(group)
    [1.0, 1.0, 0.0]
    """

    family = "external/unlabeled-data"
    paper = "https://arxiv.org/abs/2508.14460"
    aliases = ("dual-reconstruction",)
    needs = ("replies",)
    formula = "share of the hidden numbers x that the policy, shown the question without x and a_i, names"
    differs = (
        "From abstract and summaries of the paper; there is no code. DuPO lets a model write the dual questions of a "
        "mathematical problem beforehand and keeps those that can be answered; here numbers of the prompt's last "
        "line that has some, where a few-shot prompt asks, are hidden one by one, chosen by a hash, whether or not "
        "they can be found. It pays translations by the likeness of a back translation, which is left out. A prompt "
        "without a number, and a rollout without an answer, earn 0."
    )

    hidden: Count = 2
    """Most numbers that are hidden, one at a time."""

    def ask(self, group: Group) -> list[str]:
        return [QUESTION.format(question=question, answer=a) for question, _, a in self._duals(group)]

    def _duals(self, group: Group) -> list[tuple[str, str, str]]:
        """Return every question with a gap, what is missing there, and an answer to go with it."""

        def lot(place: re.Match[str]) -> bytes:
            return hashlib.sha256(f"{group.prompt}\0{place.start()}".encode()).digest()

        chosen = sorted(_asked(group.prompt), key=lot)[: self.hidden]
        gaps = [(f"{group.prompt[: m.start()]}[?]{group.prompt[m.end() :]}", m[0]) for m in chosen]
        return [(question, number, a) for question, number in gaps for a in sorted(count(group.answers))]

    def reward(self, group: Group) -> list[float]:
        duals = self._duals(group)
        found = dict.fromkeys(count(group.answers), 0)
        for (_, number, answer), reply in zip(duals, group.replies or [], strict=True):
            found[answer] += named(reply) == Fraction(number)
        asked = max(1, len({question for question, _, _ in duals}))
        return [0.0 if answer is None else found[answer] / asked for answer in group.answers]


def _asked(prompt: str) -> list[re.Match[str]]:
    """Return the numbers of the last line that has some."""
    found = list(NUMBER.finditer(prompt))
    begins = prompt.rfind("\n", 0, found[-1].start()) if found else 0
    return [one for one in found if one.start() > begins]


def named(reply: str) -> Fraction | None:
    """Return the number in the last box of a reply, without a box its last number; None without any."""
    numbers = NUMBER.findall(reply.rpartition("\\boxed{")[2].partition("}")[0] if "\\boxed{" in reply else reply)
    return Fraction(numbers[-1]) if numbers else None
