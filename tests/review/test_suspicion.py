"""Rewards that know the labels are flagged by their numbers alone, and honest ones are not."""

import random
from collections import defaultdict
from functools import cache
from pathlib import Path

import pytest
from records import fabricate

from urlvr_bench import Method, methods, tasks
from urlvr_bench.records.schema import Record
from urlvr_bench.review import check, suspicion
from urlvr_bench.review.stage import Policy
from urlvr_bench.training.bridge import PREFIX, RewardBridge

ROOT = Path(__file__).parents[2]
DISHONEST = sorted((ROOT / "tests" / "fixtures" / "dishonest").glob("*.py"))
STEPS, PROMPTS, GROUP = 10, 16, 8


@cache
def problems() -> tuple[tasks.Task, list[tasks.Doc]]:
    task = tasks.load("chain_addition")
    return task, task.docs("train")[: STEPS * PROMPTS]


def trained(method: Method, name: str, strength: float) -> Record:
    """Return a record of a method that takes its turns in the trainer's process, of a policy of some strength."""
    rng, columns = random.Random(0), defaultdict(list)
    task, docs = problems()
    bridge = RewardBridge(method, name, task, docs, GROUP, seed=0)
    for step in range(STEPS):
        rows = [step * PROMPTS + prompt for prompt in range(PROMPTS) for _ in range(GROUP)]
        chances = [rng.betavariate(2 * strength, 2 * (1 - strength)) for _ in range(PROMPTS)]
        texts = [
            f"#{docs[row]['gold'] if rng.random() < chances[row % PROMPTS] else rng.choice('1234567')}" for row in rows
        ]
        ids = [[*map(ord, text), 0] for text in texts]
        bridge.rollouts = Policy([len(tokens) for tokens in ids])
        bridge(texts, ids, rows, lambda metric, value: columns[metric.removeprefix(PREFIX)].append(value))
    one = fabricate(name, steps=STEPS, params={})
    known = {column: columns[column] for column in type(one.steps).model_fields if columns[column]}
    info = one.method.model_copy(update={"binary": method.binary, "uses_labels": False, "signals": list(method.needs)})
    return one.model_copy(update={"steps": one.steps.model_copy(update=known), "method": info})


@pytest.mark.parametrize("path", DISHONEST, ids=lambda path: path.stem)
@pytest.mark.parametrize("strength", [0.25, 0.75])
def test_a_method_that_reads_labels_is_flagged(path: Path, strength: float) -> None:
    one = trained(methods.load_file(path)(), path.stem, strength)
    assert set(one.steps.reward_accuracy) == {1.0}
    found = list(suspicion.remarks(path, one))
    assert found
    for problem, fix, level in found:
        assert "wrong" in problem
        assert fix == f"read methods/{path.stem}.py: how does it know?"
        assert level == "warning"


@pytest.mark.parametrize("strength", [0.05, 0.25, 0.75, 0.95])
@pytest.mark.parametrize(
    "name", ["majority_vote", "soft_vote", "scrl", "token_entropy", "format_only", "random_reward"]
)
def test_an_honest_method_is_not(name: str, strength: float) -> None:
    assert list(suspicion.remarks(Path(), trained(methods.load(name)(), name, strength))) == []


def test_a_checker_may_always_be_right() -> None:
    one = trained(methods.load_file(DISHONEST[0])(), "verifier", 0.5)
    checked = one.method.model_copy(update={"signals": ["verified"]})
    assert list(suspicion.remarks(Path(), one)) != []
    assert list(suspicion.remarks(Path(), one.model_copy(update={"method": checked}))) == []


def test_no_published_record_is_flagged() -> None:
    for name in ("majority_vote", "self_harmony", "trajectory_entropy", "covo"):
        for folder in sorted((ROOT / "results").glob(f"*/*/*/{name}*"))[:4]:
            assert [one for one in check.check(folder) if "how does it know" in one.fix] == []
