"""Questions that several methods put to the policy as a judge, and how its replies are read."""

import itertools
import re
from collections import Counter

from urlvr_bench.rollouts import Group

BETTER = """Two solutions of one task follow. Find out which of them is better.

Task:
{task}

Solution 1:
{first}

Solution 2:
{second}

Compare how far each is right, complete and to the point; neither its place nor its length is a merit.
End with \\boxed{{1}} if solution 1 is better and with \\boxed{{2}} if solution 2 is."""
CHOICE = re.compile(r"\\boxed\{\s*([12])\s*\}")


def duels(group: Group) -> list[tuple[str, str]]:
    """Return every two different completions that have an answer, in both orders: as the judge is shown them."""
    answered = {text for text, answer in zip(group.completions, group.answers, strict=True) if answer is not None}
    return list(itertools.permutations(sorted(answered), 2))


def which_is_better(group: Group) -> list[str]:
    """Return the question of each duel."""
    return [BETTER.format(task=group.prompt, first=first, second=second) for first, second in duels(group)]


def wins(group: Group) -> Counter[tuple[str, str]]:
    """Return how often, of two times, the judge found a completion better than another: by (winner, loser)."""
    won: Counter[tuple[str, str]] = Counter()
    for (first, second), reply in zip(duels(group), group.replies or [], strict=True):
        if said := choice(reply):
            won[(first, second) if said == 1 else (second, first)] += 1
    return won


def choice(reply: str) -> int | None:
    """Return which of two a judge chose: in its last box or, without a box, as all that it says; None for neither."""
    boxed = CHOICE.findall(reply)
    said = boxed[-1] if boxed else reply.strip()
    return int(said) if said in ("1", "2") else None


def says_yes(reply: str) -> bool:
    """Read a verdict: a box with True wins over one with False; without a box, the word true without the word false."""
    said = reply.strip().lower()
    if "\\boxed{true" in said:
        return True
    if "\\boxed{false" in said:
        return False
    return said in ("y", "yes") or ("true" in said and "false" not in said)
