"""The stopping rules. To add one, write a function here: columns in, at which steps to end the run out."""

import numpy as np

from urlvr_bench.stopping.rule import rule
from urlvr_bench.stopping.series import Bools, Floats, best, latest, start, trailing

Columns = dict[str, Floats]


@rule("step", source="what a rule that looks at the run must beat", tried={"steps": (20, 40, 60, 100, 140)})
def fixed_length(columns: Columns, steps: int = 140) -> Bools:
    """A number of steps is reached, whatever happens in them."""
    return columns["step"] >= steps


@rule(
    "distinct_answers",
    source="few answers are left where a policy collapses; arXiv 2603.08660",
    tried={"share": (0.8, 0.65, 0.5, 0.35, 0.2)},
)
def distinct_answers(columns: Columns, share: float = 0.35) -> Bools:
    """A group's number of different answers has fallen to a share of its start."""
    return _fallen(columns["distinct_answers"], share)


@rule(
    "entropy",
    source="policies end where their entropy does; arXiv 2505.22617",
    tried={"share": (0.7, 0.5, 0.3, 0.2, 0.1)},
)
def entropy(columns: Columns, share: float = 0.1) -> Bools:
    """The mean token entropy has fallen to a share of its start."""
    return _fallen(columns["entropy"], share)


@rule(
    "majority_ratio",
    source="the study calls a vote of 0.99 saturated; arXiv 2603.08660",
    tried={"ratio": (0.8, 0.9, 0.95, 0.99)},
)
def vote_saturation(columns: Columns, ratio: float = 0.99) -> Bools:
    """The rollouts of a group agree so much that a vote has nothing left to say."""
    return trailing(columns["majority_ratio"]) >= ratio


@rule(
    "first_votes",
    source="sharpening raises the agreement with the first votes, a collapse ends it; arXiv 2603.08660",
    tried={"loss": (0.02, 0.05, 0.1, 0.2)},
)
def first_votes(columns: Columns, loss: float = 0.05) -> Bools:
    """Samples agree less with the votes of the untrained model than they have done, by a share."""
    agreement = latest(columns["first_votes"])
    shown: Bools = agreement <= (1 - loss) * best(np.fmax(agreement, 1.0))
    return shown


@rule(
    "proxy_reward",
    source="patience, as in early stopping on a validation loss: Prechelt 1998, Early Stopping - But When?",
    tried={"patience": (20, 40, 60), "least": (0.02, 0.05, 0.1)},
)
def proxy_plateau(columns: Columns, patience: int = 60, least: float = 0.05) -> Bools:
    """For some steps the proxy reward has risen by less than a share of all that it rose before."""
    means = trailing(columns["proxy_reward"])
    highest, begun = best(means), start(columns["proxy_reward"])
    before = np.full(len(highest), np.nan)
    before[patience:] = highest[:-patience]
    shown: Bools = highest - before <= least * (highest - begun)
    return shown


@rule(
    "length",
    source="rewards are won by length alone; arXiv 2310.03716",
    tried={"factor": (1.05, 1.1, 1.25, 1.5, 2.0)},
)
def length_drift(columns: Columns, factor: float = 1.25) -> Bools:
    """The mean length of completions is a factor above or below its start."""
    means, begun = trailing(columns["length"]), start(columns["length"])
    return (begun > 0) & ((means >= factor * begun) | (means * factor <= begun))


@rule(
    "kl_to_start",
    source="a proxy is over-optimised as a function of the KL to the start; arXiv 2210.10760",
    tried={"budget": (0.01, 0.03, 0.1, 0.3, 1.0)},
)
def kl_budget(columns: Columns, budget: float = 0.3) -> Bools:
    """The KL to the start, in nats a token, has used up a budget."""
    return latest(columns["kl_to_start"]) >= budget


@rule(
    "distinct_answers",
    "entropy",
    "kl_to_start",
    source="a vote among three of the rules above, each with bounds of its own",
    tried={"answers": (0.65, 0.35), "share": (0.5, 0.2), "budget": (0.1, 0.5), "votes": (1, 2, 3)},
)
def combined(columns: Columns, answers: float = 0.35, share: float = 0.5, budget: float = 0.1, votes: int = 2) -> Bools:
    """Some of three signs show: few different answers, little entropy, a large KL to the start."""
    signs = (distinct_answers(columns, answers), entropy(columns, share), kl_budget(columns, budget))
    shown: Bools = np.sum(signs, axis=0) >= votes
    return shown


def _fallen(series: Floats, share: float) -> Bools:
    """Whether a column's trailing mean is at most a share of its start, where that is above 0."""
    begun = start(series)
    return (begun > 0) & (trailing(series) <= share * begun)
