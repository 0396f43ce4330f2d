"""What the pocket lab's records say of one pre-training's checkpoints, pushed with the vote and with noise."""

import itertools
from collections.abc import Mapping, Sequence

import numpy as np

from urlvr_bench.reports.readme import VOTE
from urlvr_bench.science.claims import (
    Claim,
    Runs,
    by_model,
    collapses,
    ends,
    listed,
    mean,
    median_collapse,
    span,
    starts,
)
from urlvr_bench.statistics.cells import cells
from urlvr_bench.statistics.collapse import step_curve
from urlvr_bench.statistics.verdicts import NOISE, OUTCOMES, verdict

Arms = Mapping[str, Runs]
"""The runs of a method, by the name of the model."""
NOTHING = 0.05
"""Below this share of right answers next to nothing is right."""


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
    paid = [mean(runs, proxies) for runs in ladder]
    lost = [runs[0].model.name for runs in ladder if max(ends(runs)) < NOTHING]
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
            "; 5-step means, oracle-picked).",
            bool(risen) and list(risen) == list(peaks)[-len(risen) :],
        ),
        *_judged(ladder),
        Claim(
            f"As where a reward is hacked, the votes agree at the end (the proxy is {span(paid, '.2f')} in the mean of "
            f"a rung) while next to nothing is right on {listed(lost)}.",
            len(lost) >= 4 and min(paid) > 0.85,
        ),
        *_sooner_than_votes(votes, noise),
    ]


def _judged(ladder: Sequence[Runs]) -> list[Claim]:
    """Return what became of the test accuracy on each rung, by the rule of all outcomes."""
    found = {cell.model: verdict(cell, rows[VOTE]) for cell, rows in cells(itertools.chain(*ladder)).items()}
    told = {
        name: f"{name} ({one.accuracies[0]:.2f}, {one.peak:.2f} at step {one.peak_step}, {one.end:.2f})"
        for name, one in found.items()
    }
    each = [
        f"{word} on {listed(names)}"
        for word in OUTCOMES
        if (names := [text for name, text in told.items() if found[name].word == word])
    ]
    every = ladder[0][0].protocol.evaluation.every
    return [
        Claim(
            f"The accuracy on test problems, judged every {every} steps (start, peak, end; named by the rule of "
            f"docs/statistics.md), {'; '.join(each)}.",
            {one.word for one in found.values()} == {"rose, then fell", "fell"},
        )
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
