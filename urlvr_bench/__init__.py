"""Benchmark of unsupervised reinforcement learning with verifiable rewards."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from urlvr_bench.needs import Family, Signal
from urlvr_bench.rollouts import Extra, Group, Method, Query, Sampled

if TYPE_CHECKING:
    from urlvr_bench.api.results import Results, load, table
    from urlvr_bench.api.rewards import reward_function, verl_reward_function
    from urlvr_bench.api.runs import run
    from urlvr_bench.training.bridge import RewardBridge
    from urlvr_bench.training.trainer import PolicyTrainer

__version__ = "0.1.0"
__all__ = [
    "Extra",
    "Family",
    "Group",
    "Method",
    "PolicyTrainer",
    "Query",
    "Results",
    "RewardBridge",
    "Sampled",
    "Signal",
    "__version__",
    "load",
    "reward_function",
    "run",
    "table",
    "verl_reward_function",
]
LATER = {
    "Results": "api.results",
    "load": "api.results",
    "table": "api.results",
    "reward_function": "api.rewards",
    "verl_reward_function": "api.rewards",
    "run": "api.runs",
    "RewardBridge": "training.bridge",
    "PolicyTrainer": "training.trainer",
}
"""Where the names lie that are imported when they are first asked for: pandas and torch take seconds."""


def __getattr__(name: str) -> Any:
    if name not in LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{LATER[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
