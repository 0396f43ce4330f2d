"""Runs that stop at their collapse, and what evaluations and training log for the theory of sharpening."""

import json
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace

import pytest
from transformers import TrainerControl, TrainerState

from urlvr_bench import tasks
from urlvr_bench.evaluation.counting import followed
from urlvr_bench.records import record
from urlvr_bench.review.check import check
from urlvr_bench.statistics.collapse import first_below
from urlvr_bench.stopping.known import asked
from urlvr_bench.training.rollout_metrics import likelihood_rank
from urlvr_bench.training.steplog import EarlyStop, at_collapse, by_rule


class Saver:
    """Notes the steps whose weights were kept."""

    def __init__(self) -> None:
        self.kept: list[int] = []

    def keep(self, step: int, state: TrainerState) -> None:
        self.kept.append(step)


def feed(
    callback: EarlyStop, values: Sequence[float | None], updates: int, column: str = "train_accuracy"
) -> int | None:
    """Log updates as the trainer does, the metrics with each step's first; return the update that stopped it."""
    for update in range(1, updates * len(values) + 1):
        control = TrainerControl(should_save=True)
        logs = {"grad_norm": 1.0}
        if update % updates == 1 or updates == 1:
            logs[f"urlvr/{column}"] = values[(update - 1) // updates]
        control = callback.on_log(SimpleNamespace(), TrainerState(global_step=update), control, logs)
        if control.should_training_stop:
            assert not control.should_save
            return update
        assert control.should_save
    return None


@pytest.mark.parametrize("updates", [1, 2])
def test_training_stops_after_the_last_update_of_the_step_that_shows_collapse(updates: int) -> None:
    def stop(saver: Saver, earlier: list[dict[str, float]]) -> EarlyStop:
        return EarlyStop(["train_accuracy"], at_collapse("train_accuracy", 8), updates, saver, earlier)

    series = [0.5, 0.4, 0.2, 0.1, 0.0, 0.0, 0.0, 0.0, 0.0]
    step = first_below(series, 0.1, 5)
    saver = Saver()
    assert feed(stop(saver, []), series, updates) == step * updates
    assert saver.kept == [step]
    assert feed(stop(Saver(), []), [0.5] * 9, updates) is None
    earlier = [{"train_accuracy": value} for value in series[:5]]
    assert feed(stop(Saver(), earlier), series[5:], updates) == (step - 5) * updates


@pytest.mark.parametrize("updates", [1, 2])
def test_training_stops_by_a_rule_at_the_step_that_the_rule_says_of_the_record(updates: int) -> None:
    spec = "distinct_answers(share=0.5)"
    series = [4.0, 4.0, 4.0, 4.0, 4.0, 3.0, 2.0, 1.0, 1.0, 1.0, 1.0, 1.0]
    rule, params = asked(spec)
    step = rule.first({"distinct_answers": series}, params)
    assert step == 10  # (4 + 3 + 2 + 1 + 1) / 5 is above a half of 4, (3 + 2 + 1 + 1 + 1) / 5 is not
    saver = Saver()
    assert feed(EarlyStop(*by_rule(spec), updates, saver, []), series, updates, "distinct_answers") == step * updates
    assert saver.kept == [step]
    unmeasured = EarlyStop(*by_rule("kl_budget(budget=0.3)"), updates, Saver(), [])
    kls = [0.0, None, float("nan"), None, 0.3, None]
    assert feed(unmeasured, kls, updates, "kl_to_start") == 5 * updates
    fixed = EarlyStop(*by_rule("fixed_length(steps=4)"), updates, Saver(), [{"step": 1}])
    assert feed(fixed, series, updates, "length") == 4 * updates


def test_first_votes_are_followed_by_their_answer(tmp_path: Path) -> None:
    def write(name: str, answers: dict[str, list[str | None]]) -> Path:
        lines = [json.dumps({"id": key, "samples": [{"answer": one} for one in row]}) for key, row in answers.items()]
        (tmp_path / name).write_text("\n".join(lines) + "\n")
        return tmp_path / name

    first = write("first", {"p": ["7", "3", "7", None], "q": ["1", "2", "2", "1"], "r": [None] * 4})
    later = write("later", {"p": ["3", "3", "7", "9"], "q": ["2", "2", "2", "1"], "r": ["5", None, None, None]})
    task = tasks.load("chain_addition")
    assert followed(task, first, first) == [2, 2, 0]
    assert followed(task, first, later) == [1, 1, 0]  # of 1 and 2, the first given leads


def test_rewards_are_ranked_with_the_likelihood_of_their_rollouts() -> None:
    assert likelihood_rank([1, 0, 0.5], [-1.0, -9.0, -4.0]) == pytest.approx(1.0)
    assert likelihood_rank([1, 1, 0, 0], [-4.0, -3.0, -2.0, -1.0]) == pytest.approx(-(0.8**0.5))
    assert likelihood_rank([1, 1, 1], [-3.0, -2.0, -1.0]) is None
    assert likelihood_rank([1, 0], [-2.0, -2.0]) is None


@pytest.mark.lab
def test_probe_stops_prints_the_step_and_leaves_a_record_that_passes_the_check(command, tmp_path):
    settings = ["steps=60", "every=60", "learning_rate=3e-3", "problems=16", "samples=8"]
    overrides = [part for setting in settings for part in ("--set", setting)]
    done = command(
        "probe", "pocket-1", "--protocol", "smoke", "--seeds", "1", *overrides, "--out", tmp_path, "--json", timeout=400
    )
    assert done.returncode == 0, done.stderr
    ((row,),) = (json.loads(done.stdout),)
    (path,) = tmp_path.rglob("record.json")
    one = record.read(path)
    assert row["median"] == one.last_step < 60
    assert [e.step for e in one.evals] == [0, one.last_step]
    assert one.evals[0].initial == [votes[0][0] if votes else 0 for votes in one.evals[0].votes]
    assert any(rank is not None for rank in one.steps.reward_likelihood)
    assert [finding for finding in check(tmp_path) if finding.level == "error"] == []

    cut = json.loads(path.read_text())
    cut["steps"]["train_accuracy"] = [0.5] * one.last_step  # as if it had been stopped at will
    path.write_text(json.dumps(cut))
    assert any("without a collapse in train_accuracy" in finding.problem for finding in check(tmp_path))
