"""What the pocket lab's records say of one pre-training's checkpoints, pushed with the vote and with noise."""

import itertools
from collections.abc import Mapping

import numpy as np

from urlvr_bench.reports.readme import VOTE
from urlvr_bench.science.claims import Claim, Runs, by_model, collapses, ends, listed, mean, median_collapse, starts
from urlvr_bench.statistics.collapse import step_curve
from urlvr_bench.statistics.verdicts import NOISE

Arms = Mapping[str, Runs]
"""The runs of a method, by the name of the model."""


def priors(records: Runs) -> list[Claim]:
    """Return how the vote falls on each rung, what it is paid for then, and when noise falls there."""
    votes, noise = (by_model(records, name) for name in (VOTE, NOISE))
    ladder = sorted(votes.values(), key=lambda runs: mean(runs, starts))
    known = [median for runs in ladder if (median := median_collapse(runs)) is not None]
    steps = [collapses(runs) for runs in ladder]
    pairs = list(itertools.pairwise(steps))
    meet = sum(max(weak) >= min(strong) for weak, strong in pairs)
    peaks = {runs[0].model.name: _rise(runs) for runs in ladder}
    risen = {name: f"{name} by {rise:.2f}" for name, rise in peaks.items() if rise > 0.05}
    paid = [runs[0].model.name for runs in ladder if mean(runs, proxies) > 0.98]
    return [
        Claim(
            f"Yes: the median collapse step rises with the accuracy of the prior on every rung "
            f"({listed(f'{median:g}' for median in known)}), though the single runs of neighbours overlap in {meet} of "
            f"{len(pairs)} pairs.",
            len(known) == len(ladder) and known == sorted(set(known)),
        ),
        Claim(
            "The rungs are checkpoints of one pre-training run, so this is one family of models, not six.",
            len(ladder) == 6,
        ),
        Claim(
            f"Before it falls, train accuracy rises above its first steps on the strong rungs ({listed(risen.values())}"
            "; 5-step means, oracle-picked); base and final in the table are of the few evaluations of this protocol.",
            bool(risen) and list(risen) == list(peaks)[-len(risen) :],
        ),
        Claim(
            f"As where a reward is hacked, the proxy is above 0.98 at the end on {listed(paid)} while next to nothing "
            "is right.",
            len(paid) >= 4 and all(max(ends(runs)) < 0.16 for runs in ladder),
        ),
        *_sooner_than_votes(votes, noise),
    ]


def _sooner_than_votes(votes: Arms, noise: Arms) -> list[Claim]:
    """Return when noise alone collapses, where it was trained."""
    if not noise:
        return []
    each = listed(f"{listed(collapses(runs))} on {name}" for name, runs in noise.items())
    sooner = all(mean(runs, _steps) < mean(votes[name], _steps) for name, runs in noise.items())
    return [
        Claim(
            f"But so high a rate destroys a policy whatever is paid: noise alone collapses at {each}, sooner than the "
            "vote in the mean. The step says how long a prior withstands the vote at this rate, not that the vote is "
            "what fells it.",
            sooner,
        )
    ]


def _steps(runs: Runs) -> list[float]:
    return [float(step) for step in collapses(runs)]


def proxies(runs: Runs) -> list[float]:
    """Return the mean proxy reward of the last steps of each run."""
    return [float(step_curve(run, "proxy_reward")[1][-1]) for run in runs]


def _rise(runs: Runs) -> float:
    return float(np.mean([curve.max() - curve[0] for curve in (step_curve(run, "train_accuracy")[1] for run in runs)]))
