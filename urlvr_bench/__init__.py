"""Benchmark of unsupervised reinforcement learning with verifiable rewards."""

from urlvr_bench.rollouts import Family, Group, Method, Signal

__version__ = "0.1.0"
__all__ = ["Family", "Group", "Method", "Signal", "__version__"]
