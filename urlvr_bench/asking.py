"""Questions that several methods put to the policy as a judge, and how its replies are read."""

import itertools
import re
from collections import Counter
from collections.abc import Sequence

from urlvr_bench.rollouts import Group, Sampled

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
WORKED_YES = re.compile(r"[-\d,]*(y|yes)", re.ASCII)


def duels(group: Group) -> list[tuple[str, str]]:
    """Return every two different completions that have an answer, in both orders: as the judge is shown them."""
    answered = {text for text, answer in zip(group.completions, group.answers, strict=True) if answer is not None}
    return list(itertools.permutations(sorted(answered), 2))


def repeated(questions: Sequence[str], samples: int) -> list[str]:
    """Return each question so often, for answers that are sampled; once and plain, for the likeliest, with 0."""
    return [Sampled(question) for question in questions for _ in range(samples)] if samples else list(questions)


def by_question(replies: Sequence[str], samples: int) -> list[Sequence[str]]:
    """Return the replies to `repeated` questions, question by question."""
    each = max(1, samples)
    return [replies[i : i + each] for i in range(0, len(replies), each)]


def which_is_better(group: Group, samples: int = 0) -> list[str]:
    """Return the question of each duel, for one verdict or so many sampled ones."""
    shown = [BETTER.format(task=group.prompt, first=first, second=second) for first, second in duels(group)]
    return repeated(shown, samples)


def wins(group: Group, samples: int = 0) -> Counter[tuple[str, str]]:
    """Return how often the judge found a completion better than another: by (winner, loser), over both orders."""
    won: Counter[tuple[str, str]] = Counter()
    for (first, second), replies in zip(duels(group), by_question(group.replies or [], samples), strict=True):
        for said in filter(None, map(choice, replies)):
            won[(first, second) if said == 1 else (second, first)] += 1
    return won


def choice(reply: str) -> int | None:
    """Return which of two a judge chose: in its last box or, without a box, as all that it says; None for neither."""
    boxed = CHOICE.findall(reply)
    said = boxed[-1] if boxed else reply.strip()
    return int(said) if said in ("1", "2") else None


def says_yes(reply: str) -> bool:
    """Read a verdict: a box with True wins over one with False; without a box, the word true without the word false.

    `y` and `yes` are verdicts, too, alone or right behind the figures that were worked out.
    """
    said = reply.strip().lower()
    if "\\boxed{true" in said:
        return True
    if "\\boxed{false" in said:
        return False
    return WORKED_YES.fullmatch(said) is not None or ("true" in said and "false" not in said)
