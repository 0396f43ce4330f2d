"""Numbers of steps reach a tracker under their own names, and the training does not notice."""

import json
import random
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import torch

from urlvr_bench import protocol
from urlvr_bench.errors import UsageError
from urlvr_bench.protocol import Run
from urlvr_bench.training import reporting

RUN = Run(protocol.load("smoke"), "pocket-6", "chain_addition", "majority_vote", 0)
ROW = {
    "step": 3,
    "proxy_reward": 0.5,
    "train_accuracy": None,
    "tokens": 70,
    "seconds": {"generation": 1.0, "reward": 0.5, "update": 2.0},
    "evidence": "packed",
}


def test_numbers_keep_their_names() -> None:
    parts = {"seconds/generation": 1.0, "seconds/reward": 0.5, "seconds/update": 2.0}
    assert reporting.numbers(ROW) == {"proxy_reward": 0.5, "tokens": 70, **parts}


class Tracker:
    """Draws random numbers at every call, as one that makes up names does, and fails at the second."""

    def __init__(self) -> None:
        self.rows: list[tuple[int, dict[str, float]]] = []

    def log(self, values: dict[str, float], step: int) -> None:
        assert random.random() + np.random.random() + float(torch.rand(1)) > 0
        if self.rows:
            raise ConnectionError("no network")
        self.rows.append((step, values))


def test_a_tracker_changes_no_random_number_and_may_fail(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tracker, said = Tracker(), list[str]()
    monkeypatch.setattr(reporting, "started", lambda *_: tracker)
    monkeypatch.setenv(reporting.VARIABLE, "wandb")
    drawn = []
    for calls in (0, 3):
        random.seed(1), np.random.seed(1), torch.manual_seed(1)
        with reporting.opened(RUN, tmp_path, said.append) as report:
            for _ in range(calls):
                report(ROW)
        drawn.append((random.random(), np.random.random(), float(torch.rand(1))))
    assert drawn[0] == drawn[1]
    assert tracker.rows == [(3, reporting.numbers(ROW))]
    assert said == ["nothing more is reported to wandb: ConnectionError: no network"]


def test_nothing_is_reported_unless_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(reporting.VARIABLE, raising=False)
    monkeypatch.setattr(reporting, "started", None)
    with reporting.opened(RUN, tmp_path, print) as report:
        report(ROW)
    assert not any(tmp_path.iterdir())


def test_a_wrong_name_and_a_missing_package_are_one_line(monkeypatch: pytest.MonkeyPatch, command) -> None:
    with pytest.raises(UsageError, match="did you mean 'tensorboard'"):
        reporting.use("tensor")
    monkeypatch.setattr(reporting, "find_spec", lambda _: None)
    with pytest.raises(UsageError, match=r"needs the package wandb: pip install 'urlvr-bench\[wandb\]'"):
        reporting.use("wandb")


@pytest.mark.lab
@pytest.mark.skipif(find_spec("tensorboard") is None, reason="the package tensorboard is not installed")
def test_tensorboard_has_the_columns_and_the_training_is_the_same(tmp_path: Path, command) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    found = {}
    for name, more in {"with": ["--report-to", "tensorboard"], "without": []}.items():
        arguments = ["--protocol", "smoke", "--method", "random_reward", "--jobs", "1", *more]
        done = command("run", *arguments, "--out", tmp_path / name, timeout=500, PYTHONPATH=":".join(sys.path))
        assert done.returncode == 0, done.stderr
        (steps,) = (tmp_path / name).rglob("steps.jsonl")
        found[name] = [json.loads(line) for line in steps.read_text().splitlines()]
    for ours, theirs in zip(found["with"], found["without"], strict=True):
        assert {**ours, "seconds": None} == {**theirs, "seconds": None}
    (events,) = (tmp_path / "with").rglob("tensorboard")
    read = EventAccumulator(str(events))
    read.Reload()
    for row in found["with"]:
        for column, value in reporting.numbers(row).items():
            assert [one.value for one in read.Scalars(column) if one.step == row["step"]] == [pytest.approx(value)]
