"""CoVo: an answer earns when the steps that lead to it point to it early and do not turn away again."""

import cmath
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate
from statistics import fmean

from urlvr_bench import Group, Method
from urlvr_bench.bounds import Count, Share, Text
from urlvr_bench.rollouts import Query

ROUNDING = 1e-9
"""A mean vector that is as long as the threshold is not to fall short of it by the order of a sum."""


@dataclass(frozen=True)
class Covo(Method):
    """Reward answers whose reasoning is consistent with them and not volatile (CoVo, arXiv 2506.08745).

    >>> group = Group("3+4?", ["7: #7", "3: #3"], ["7", "3"], answer_cue="#")
    >>> [query.prefix + "|" + query.continuation for query in Covo().queries(group)]
    ['3+4?7: #|3', '3+4?7: #|7', '3+4?3: #|3', '3+4?3: #|7']
    >>> import dataclasses
    >>> Covo().reward(dataclasses.replace(group, likelihoods=[[-2.0], [-0.1], [-3.0], [-0.5]]))
    [1.0, 0.0]
    """

    family = "intrinsic/ensemble"
    paper = "https://arxiv.org/abs/2506.08745"
    needs = ("answer_cue", "likelihoods")
    binary = True
    formula = "1[|mean over rollouts with a_i of Con exp(i Vol)| >= threshold], over states s of the reasoning"
    differs = (
        "Con is the share of states after which the own answer is the likeliest of the group's, Vol the share before "
        "it stays so. As in the released code the reward is binary, and a group of one answer earns 0; the paper's "
        "graded reward and curiosity term are computed there but not paid. Likelihoods are means over the answer's "
        "tokens; the code adds the token after it. States end where a line that is not blank does, before the task's "
        "answer cue, and the late ones are merged first, as in the code; it also merges displayed formulas and lines "
        "after a colon, and asks with `The answer is:`."
    )

    separator: Text = "\n"
    """What ends a step of the reasoning."""
    states: Count = 15
    """Most states of one rollout; of more steps, the last ones are merged."""
    threshold: Share = 0.5
    """Least length of the answer's mean vector."""

    def queries(self, group: Group) -> list[Query]:
        return list(dict.fromkeys(query for _, row in self._asked(group) for queries in row for query in queries))

    def reward(self, group: Group) -> list[float]:
        known = dict(zip(self.queries(group), map(fmean, group.likelihoods or []), strict=True))
        vectors: dict[str, list[complex]] = {}
        for answer, row in self._asked(group):
            leads = [
                known[own] - max(known[query] for query in queries if query != own)
                for queries in row
                for own in queries
                if own.continuation == answer
            ]
            steady = next((i for i, lead in enumerate(reversed(leads)) if lead < 0), len(leads))
            turn = cmath.rect(fmean(lead > 0 for lead in leads), 1 - steady / len(leads))
            vectors.setdefault(answer, []).append(turn)
        good = {answer for answer, row in vectors.items() if abs(sum(row)) / len(row) >= self.threshold - ROUNDING}
        return [float(answer in good) for answer in group.answers]

    def _asked(self, group: Group) -> Iterator[tuple[str, list[list[Query]]]]:
        """Yield, per rollout with an answer, the answer and after each state one query per answer of the group."""
        answers = sorted({answer for answer in group.answers if answer is not None})
        cue = group.answer_cue or ""
        for completion, answer in zip(group.completions, group.answers, strict=True):
            if answer is not None and len(answers) > 1:
                states = self._states(completion.rpartition(cue)[0] if cue else completion)
                yield answer, [[Query(group.prompt + state + cue, other) for other in answers] for state in states]

    def _states(self, reasoning: str) -> list[str]:
        """Return the beginnings of the reasoning at the ends of its steps, at most `states`; late ones merge."""
        steps = reasoning.split(self.separator)
        ends = accumulate(len(step) + len(self.separator) for step in steps)
        said = [min(end, len(reasoning)) for step, end in zip(steps, ends, strict=True) if step.strip()]
        said = said or [len(reasoning)]
        kept = min(self.states, len(said))
        short, longer = divmod(len(said), kept)
        last = accumulate([short] * (kept - longer) + [short + 1] * longer)
        return [reasoning[: said[i - 1]] for i in last]
