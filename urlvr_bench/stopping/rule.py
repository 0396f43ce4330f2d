"""What a stopping rule is: a function of columns of steps that no label was needed for, with its parameters."""

import inspect
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from urlvr_bench.errors import UsageError, unknown
from urlvr_bench.stopping.series import Bools, Floats

FIRST_VOTES = "first_votes"
"""Share of the judged samples that give their problem's first vote, as a multiple of what it was at step 0; known at
evaluated steps only, and so not while a run trains."""
LOGGED = (
    "step",
    "proxy_reward",
    "proxy_reward_std",
    "majority_ratio",
    "distinct_answers",
    "batch_answers",
    "unparsed",
    "truncated",
    "length",
    "repetition",
    "entropy",
    "kl_to_start",
    "grad_norm",
    "learning_rate",
    "tokens",
    "reward_likelihood",
)
"""Columns of `records.Steps` that need no label."""
LABEL_FREE = (*LOGGED, FIRST_VOTES)
Series = Sequence[float | None] | Floats
Shows = Callable[..., Bools]
Params = Mapping[str, float]


@dataclass(frozen=True)
class StopRule:
    """A rule by name: the columns that it is handed, what it was taken from, and which parameters were tried."""

    name: str
    about: str
    """First line of the function's docstring."""
    reads: tuple[str, ...]
    source: str
    """Where the idea comes from."""
    tried: Mapping[str, tuple[float, ...]]
    """Values of each parameter that docs/stopping.md chooses from."""
    defaults: Params
    shows: Shows

    @property
    def live(self) -> bool:
        """Whether it can end a run that is still training."""
        return FIRST_VOTES not in self.reads

    def flags(self, columns: Mapping[str, Series], params: Params | None = None) -> Bools:
        """Return at which steps the rule would have a run end; no column reaches it but those that it reads."""
        handed = {name: _numbers(columns[name]) for name in self.reads}
        with np.errstate(all="ignore"):  # what is not known compares as false
            return np.asarray(self.shows(handed, **(params or self.defaults)), dtype=bool)

    def first(self, columns: Mapping[str, Series], params: Params | None = None) -> int | None:
        """Return the step (counted from 1) after which a run ends, None if it goes on to its last."""
        shown = np.flatnonzero(self.flags(columns, params))
        return int(shown[0]) + 1 if len(shown) else None

    def spec(self, params: Params | None = None) -> str:
        """Return the rule with all of its parameters, as protocols and records name it."""
        given = ", ".join(f"{key}={value!r}" for key, value in (params or self.defaults).items())
        return f"{self.name}({given})"

    def choices(self) -> list[dict[str, float]]:
        """Return every combination of the values that were tried."""
        return [dict(zip(self.tried, values, strict=True)) for values in product(*self.tried.values())]


def _numbers(series: Series) -> Floats:
    """Return a column as numbers, NaN for whatever is none."""
    values = np.asarray(series, dtype=np.float64)
    return np.where(np.isfinite(values), values, math.nan)


RULES: dict[str, StopRule] = {}
"""By name, in the order of their definition: the simplest first."""


def rule(*reads: str, source: str, tried: Mapping[str, tuple[float, ...]]) -> Callable[[Shows], Shows]:
    """Register a function of columns as a stopping rule under its own name; its keyword defaults are its parameters."""
    for column in reads:
        if column not in LABEL_FREE:
            raise unknown("label-free column", column, LABEL_FREE)

    def registered(shows: Shows) -> Shows:
        name = shows.__name__
        defaults = {key: one.default for key, one in list(inspect.signature(shows).parameters.items())[1:]}
        if set(tried) != set(defaults) or not (shows.__doc__ and reads) or name in RULES:
            raise UsageError(f"stopping rule {name}: needs a docstring, columns, and tried values of each parameter")
        about = shows.__doc__.strip().splitlines()[0]
        RULES[name] = StopRule(name, about, reads, source, dict(tried), defaults, shows)
        return shows

    return registered
