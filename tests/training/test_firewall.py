"""The label firewall: no method but a supervised one can tell whether the ground truth it is shown is false."""

import dataclasses
import random
from dataclasses import dataclass

import pytest

from urlvr_bench import Group, Method, methods
from urlvr_bench.errors import UsageError
from urlvr_bench.needs import LABELS
from urlvr_bench.review import rehearsal
from urlvr_bench.training.firewall import guard

EVERY = {name: methods.load(name)() for name in methods.names()}
BLIND = [name for name, method in EVERY.items() if method.family != "supervised"]
SIGHTED = [name for name, method in EVERY.items() if method.family == "supervised"]


def poisoned(method: Method, group: Group, seed: int) -> Group:
    """Return the group with a made-up truth, as if the bridge had let it through; later turns see it too."""
    rng = random.Random(seed)
    truth = {"gold": rng.choice(["7", "3", "-1"]), "correct": [rng.random() < 0.5 for _ in group.answers]}
    return rehearsal.rehearse(method, dataclasses.replace(group, **truth))


@pytest.mark.parametrize("name", BLIND)
def test_a_poisoned_truth_moves_no_reward(name: str) -> None:
    method = EVERY[name]
    for _, group in rehearsal.groups(method):
        clean = method.reward(group)
        assert [method.reward(poisoned(method, group, seed)) for seed in range(3)] == [clean] * 3


@pytest.mark.parametrize("name", SIGHTED)
def test_the_same_poison_moves_a_supervised_method(name: str) -> None:
    method = EVERY[name]
    moved = [
        method.reward(poisoned(method, group, seed)) != method.reward(group)
        for _, group in rehearsal.groups(method)
        for seed in range(3)
    ]
    assert any(moved)


def test_label_users_are_supervised_and_only_they() -> None:
    assert {name for name, method in EVERY.items() if method.uses_labels()} == set(SIGHTED)
    assert {name for name, method in EVERY.items() if LABELS & set(method.needs)} == set(SIGHTED)
    assert set(SIGHTED) == {"ground_truth", "incorrect_label", "nover", "oracle_vote", "rlpr", "verifree"}


@dataclass(frozen=True)
class Thief(Method):
    """Reward the ground truth without saying so."""

    def reward(self, group: Group) -> list[float]:
        return [float(answer == group.gold) for answer in group.answers]


@dataclass(frozen=True)
class Honest(Thief):
    """Reward the ground truth and say so."""

    needs = ("gold",)


def test_reading_what_is_not_declared_fails_loudly() -> None:
    group = Group("q", ["a", "b"], ["7", "3"], gold="7")
    with pytest.raises(UsageError, match="Thief reads gold but declares nothing; add it to `needs`"):
        Thief().reward(guard(group, Thief()))
    assert Honest().reward(guard(group, Honest())) == [1.0, 0.0]


@pytest.mark.parametrize("name", EVERY)
def test_every_method_earns_the_same_behind_the_guard(name: str) -> None:
    method = EVERY[name]
    for _, group in rehearsal.groups(method):
        assert method.reward(guard(group, method)) == method.reward(group)
