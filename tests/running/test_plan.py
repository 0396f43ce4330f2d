"""What a plan refuses before anything is trained, and how long it says that runs take."""

from pathlib import Path

import pytest

from urlvr_bench.errors import UsageError
from urlvr_bench.running import estimates, plan


@pytest.mark.parametrize("method", ["proof", "next_token", "python_tests", "verifier"])
def test_a_method_that_a_task_cannot_pay_is_refused(method: str) -> None:
    with pytest.raises(UsageError, match=f"chain_addition does not give {method} what it needs"):
        plan.grid("smoke", [method], [0])


@pytest.mark.parametrize("spec", ["majority_vote", "TTRL", "majority_vote()"])
def test_a_method_is_named_once(spec: str) -> None:
    with pytest.raises(UsageError, match="are the same: name it once"):
        plan.grid("smoke", ["majority_vote", spec], [0])


def test_a_rule_whose_column_is_not_measured_is_refused() -> None:
    with pytest.raises(UsageError, match="reads kl_to_start, which kl_every=0 leaves out"):
        plan.grid("smoke", ["majority_vote"], [0], overrides={"stop_rule": "kl_budget(budget=0.3)", "kl_every": "0"})


def test_a_list_is_asked_for_as_one() -> None:
    with pytest.raises(UsageError, match=r"write a list, such as \[math500\]"):
        plan.grid("smoke", ["majority_vote"], [0], overrides={"ood": "math500"})


def test_runs_go_into_a_folder(tmp_path: Path) -> None:
    (tmp_path / "taken").touch()
    with pytest.raises(UsageError, match="is a file, not a folder for runs"):
        plan.lay_out(plan.grid("smoke", ["majority_vote"], [0]), tmp_path / "taken")


def test_a_shorter_run_is_said_to_take_less(tmp_path: Path) -> None:
    whole, tenth = (
        plan.lay_out(plan.grid("pocket", ["majority_vote"], [0], overrides=changed), tmp_path)
        for changed in ({}, {"steps": "30"})
    )
    minutes = [estimates.estimated_minutes(cells, tmp_path, 1) for cells in (whole, tenth)]
    assert minutes[0] and minutes[1] == pytest.approx(minutes[0] / 10)
