"""SARL: a rollout earns for a chain of thought whose steps form a small world, whatever they lead to."""

import re
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean

from urlvr_bench import Group, Method
from urlvr_bench.bounds import Count, NotNegative, Pattern, Share
from urlvr_bench.likeness import cosine, grams

Graph = dict[int, set[int]]


@dataclass(frozen=True)
class Sarl(Method):
    """Reward clustering and short paths in the graph of the thought's steps (SARL, arXiv 2603.27977).

    >>> thought = "Sum the tens. Carry it over. Look again! Sum the tens."
    >>> [round(reward, 3) for reward in Sarl().reward(Group("13+49?", [thought, "62"], ["62", "62"]))]
    [1.0, 0.0]
    """

    family = "intrinsic/ensemble"
    paper = "https://arxiv.org/abs/2603.27977"
    aliases = ("reasoning-topology",)
    formula = "clustering C + 1 / (1 + L), C and L the mean clustering and path length in the graph of kinds of steps"
    differs = (
        "From the abstract and notes on the paper, which agree on the terms but not on the weight of C; no code was "
        "found. SARL embeds the steps and groups them by k-means; here a step is of the first kind whose first step "
        "shares enough character n-grams with it. Two kinds are linked where one follows the other. A thought with "
        "fewer than `least` kinds earns 0, as a single step would be the smallest world of all."
    )
    same_as = ("d5bf035b431c8fff",)

    clustering: NotNegative = 0.5
    """Weight of the mean clustering coefficient."""
    alike: Share = 0.5
    """Least cosine of the n-grams of two steps of one kind."""
    least: Count = 3
    """Fewest kinds of steps that are paid for."""
    ends: Pattern = r"\n+|(?<=[.!?])\s+"
    """Pattern of what ends a step."""
    steps: Count = 256
    """Most steps that are looked at, from the first one on."""
    ngram: Count = 3
    """Length of the character n-grams."""

    def reward(self, group: Group) -> list[float]:
        return [self._small_world(text) for text in group.completions]

    def _small_world(self, text: str) -> float:
        thought = text.rpartition("</think>")[0] or text
        said = [step.strip() for step in re.split(self.ends, thought) if step and step.strip()]
        graph = _graph(self._kinds(said[: self.steps]))
        if len(graph) < max(2, self.least):
            return 0.0
        return self.clustering * fmean(_clustering(graph, node) for node in graph) + 1 / (1 + _mean_path(graph))

    def _kinds(self, steps: list[str]) -> list[int]:
        """Return the number of each step's kind."""
        kinds: list[int] = []
        firsts: list[Counter[str]] = []
        for one in (grams(step, self.ngram) for step in steps):
            kind = next((k for k, first in enumerate(firsts) if cosine(one, first) >= self.alike), len(firsts))
            if kind == len(firsts):
                firsts.append(one)
            kinds.append(kind)
        return kinds


def _graph(kinds: list[int]) -> Graph:
    """Return the neighbours of each kind of step."""
    graph: Graph = {kind: set() for kind in kinds}
    for one, other in pairwise(kinds):
        if one != other:
            graph[one].add(other)
            graph[other].add(one)
    return graph


def _clustering(graph: Graph, node: int) -> float:
    """Return the share of a node's pairs of neighbours that are neighbours themselves."""
    near = graph[node]
    linked = sum(len(graph[other] & near) for other in near)
    return linked / (len(near) * (len(near) - 1)) if len(near) > 1 else 0.0


def _mean_path(graph: Graph) -> float:
    """Return the mean length of the shortest paths between two nodes; all are linked, for the thought is one path."""
    total = sum(sum(_distances(graph, start).values()) for start in graph)
    return total / (len(graph) * (len(graph) - 1))


def _distances(graph: Graph, start: int) -> dict[int, int]:
    """Return the length of the shortest path from a node to each."""
    found, reached = {start: 0}, [start]
    for node in reached:  # grows as it is read
        for new in graph[node]:
            if new not in found:
                found[new] = found[node] + 1
                reached.append(new)
    return found
