"""Self-verification against the quality of the verifier: what the policy's own verdicts win that its votes do not.

A verdict is a binary reward, whose optimum keeps, problem by problem, what is accepted. The share of right answers
among the accepted ones is shown beside what came; it is no forecast, for problems and kinds of mistakes are unlike.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from urlvr_bench.records.measured import Frozen
from urlvr_bench.records.schema import Record
from urlvr_bench.science.sharpening import reached
from urlvr_bench.statistics.intervals import Interval, difference, two_way
from urlvr_bench.statistics.metrics import scores

OWN, CHECKED, REWARDS = "self_verification", "verifier", ("majority_vote", "trajectory_entropy")
"""The reward in question, the external one that bounds it, and those from the rollouts alone that it is to beat."""
FIRST_STEPS = 3
"""Training steps whose rollouts say how good the verifier is at the start; the learning rate still warms up."""
ENDS_OVER = 10
"""Training steps over which reward accuracy is averaged at the end, and for its lowest."""


class Criteria(Frozen):
    """By which numbers a prior is said to escape; in the study's YAML since before its runs."""

    share: float
    """Least gain of self-verification as a share of what the external checker gains."""


@dataclass(frozen=True)
class Quality:
    """How often a verifier accepts right and wrong solutions of its own policy, at the start of training."""

    tpr: float
    fpr: float
    precision: float
    """Share of right solutions among the accepted ones; NaN where none is accepted."""

    @property
    def informed(self) -> float:
        """Return `tpr - fpr`, Youden's J: 0 for a verifier that does not look, 1 for one that is always right."""
        return self.tpr - self.fpr


def quality(records: Sequence[Record]) -> Quality:
    """Return the quality of the verifier whose verdicts paid these runs, from their first steps.

    Paid is a share r of the rollouts, right a share a, and rightly judged a share q, so `(q + r + a - 1) / 2` are both.
    """
    columns = ("proxy_reward", "train_accuracy", "reward_accuracy")
    first = [
        row
        for record in records
        for row in zip(*(getattr(record.steps, name)[:FIRST_STEPS] for name in columns), strict=True)
        if None not in row  # where no answer could be read, what was earned is not known
    ]
    paid, right, agreed = np.mean(first, axis=0) if first else (math.nan,) * 3
    both = (agreed + paid + right - 1) / 2
    return Quality(
        both / right if right else math.nan,
        (paid - both) / (1 - right) if right < 1 else math.nan,
        both / paid if paid else math.nan,
    )


@dataclass(frozen=True)
class Prior:
    """What the runs of one prior say, accuracy being that on test problems at the last step."""

    name: str
    quality: Quality
    start: float
    voted: float
    """maj@N of the start, where the vote would end if it only sharpened."""
    ahead_of_start: Interval
    """Accuracy of self-verification less that vote's."""
    gains: dict[str, Interval]
    """Per reward, accuracy less that of step 0."""
    ahead: dict[str, Interval]
    """Accuracy of self-verification less that of each of REWARDS."""
    checked_ahead: dict[str, Interval]
    """Accuracy of the external checker less that of each of REWARDS."""
    reward_accuracy: tuple[float, float, float]
    """Of self-verification: at the start, lowest and at the end."""

    @property
    def closes(self) -> float:
        """Return the gain of self-verification as a share of the external checker's."""
        return self.gains[OWN].mean / self.gains[CHECKED].mean if self.gains[CHECKED].mean > 0 else math.nan

    def verdict(self, criteria: Criteria) -> str:
        """Return whether self-verification escapes what votes and certainty reach, harms, or does neither."""
        if all(found.low > 0 for found in (self.gains[OWN], *self.ahead.values())) and self.closes >= criteria.share:
            return "escapes"
        return "harms" if self.gains[OWN].high < 0 else "neither"


def priors(records: Sequence[Record]) -> list[Prior]:
    """Return what is known of every prior that was trained with all the rewards, the best informed verifier first."""
    runs: dict[str, dict[str, list[Record]]] = {}
    for record in records:
        runs.setdefault(record.model.name, {}).setdefault(record.method.id, []).append(record)
    whole = {name: by_reward for name, by_reward in runs.items() if by_reward.keys() >= {OWN, CHECKED, *REWARDS}}
    found = [_prior(name, by_reward) for name, by_reward in whole.items()]
    return sorted(found, key=lambda prior: -np.nan_to_num(prior.quality.informed, nan=-1.0))


def _prior(name: str, runs: dict[str, list[Record]]) -> Prior:
    own = runs[OWN]
    vote = scores(own, f"maj@{own[0].protocol.evaluation.samples}", 0)
    return Prior(
        name=name,
        quality=quality(own),
        start=float(reached(own, 0).mean()),
        voted=float(vote.mean()),
        ahead_of_start=two_way(reached(own) - vote, (-1.0, 1.0)),
        gains={reward: two_way(reached(part) - reached(part, 0), (-1.0, 1.0)) for reward, part in runs.items()},
        ahead={reward: difference(reached(own), reached(runs[reward])) for reward in REWARDS},
        checked_ahead={reward: difference(reached(runs[CHECKED]), reached(runs[reward])) for reward in REWARDS},
        reward_accuracy=_dip(own),
    )


def _dip(records: Sequence[Record]) -> tuple[float, float, float]:
    """Return the mean reward accuracy of the first steps, of the lowest stretch, and of the last steps."""
    courses = [record.steps.known("reward_accuracy") for record in records]
    if not all(courses):
        return math.nan, math.nan, math.nan
    shortest = min(map(len, courses))
    course = np.mean([one[:shortest] for one in courses], axis=0)
    width = min(ENDS_OVER, len(course))
    smooth = np.convolve(course, np.ones(width) / width, "valid")
    return float(course[:FIRST_STEPS].mean()), float(smooth.min()), float(smooth[-1])
