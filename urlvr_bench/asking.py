"""Questions that several methods put to the policy as a judge, and how its replies are read."""

import itertools
import re
from collections import defaultdict
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
Wins = defaultdict[tuple[str, str], float]
"""By (winner, loser); 0 where there was no such duel."""
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
    """Return the question of each duel, for one verdict or so many sampled ones.

    Where the task has a question of its own whether a completion is right, that of each completion is asked instead.
    """
    if group.verification_prompts is not None:
        return repeated(group.verification_prompts, samples)
    shown = [BETTER.format(task=group.prompt, first=first, second=second) for first, second in duels(group)]
    return repeated(shown, samples)


def wins(group: Group, samples: int = 0) -> Wins:
    """Return how often the judge found a completion better than another: by (winner, loser), over both orders.

    Where the task asks in its own words, that is how often the one is called right and the other is not.
    """
    if group.verification_prompts is not None:
        return _wins_by_verdicts(group, samples)
    won: Wins = defaultdict(float)
    for (first, second), replies in zip(duels(group), by_question(group.replies or [], samples), strict=True):
        for said in filter(None, map(choice, replies)):
            won[(first, second) if said == 1 else (second, first)] += 1
    return won


def _wins_by_verdicts(group: Group, samples: int) -> Wins:
    verdicts = defaultdict[str, list[bool]](list)
    for text, replies in zip(group.completions, by_question(group.replies or [], samples), strict=True):
        verdicts[text] += map(says_yes, replies)
    right = {text: sum(said) / len(said) for text, said in verdicts.items()}
    won: Wins = defaultdict(float)
    for first, second in duels(group):
        won[first, second] = 2 * max(1, samples) * right[first] * (1 - right[second])
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
