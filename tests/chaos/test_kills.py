"""Whatever ends a run, and however often, the continued one is the uninterrupted one, bit for bit."""

import os
import signal
import time
from pathlib import Path

import pytest
from fakehub import serving
from hubstate import Fault as HubFault
from records import fabricate

from tests.chaos.conftest import uninterrupted
from tests.chaos.lab import TINY, Fault, Lab, outcome, push_to
from urlvr_bench.records import record
from urlvr_bench.running import plan, worker

pytestmark = pytest.mark.lab

TRAINING = [
    ("generation", 2),
    ("weights", 1),
    ("sealing", 1),
    ("checkpoint write", 2),
    ("sealing", 2),
    ("reward", 4),
    ("row of steps.jsonl", 1),
    ("optimizer step", 2),
    ("sealing", 4),
]
"""Moments at which one training is killed, one attempt after another; the first five leave no whole checkpoint."""


def test_a_run_that_is_killed_at_every_moment_ends_as_if_it_were_not(lab):
    folder = lab.begin("killed")
    for moment, number in [*TRAINING, ("evaluation", 2), ("evaluation", 1), ("record write", 1), ("write", 2)]:
        assert lab.attempt(folder, Fault(moment, number)) == -signal.SIGKILL, f"{moment} was not reached"
        assert not (folder / "record.json").exists()
    lab.finish(folder)
    before = (folder / "record.json").stat().st_mtime_ns
    lab.finish(folder)
    assert (folder / "record.json").stat().st_mtime_ns == before, "a finished run was written again"


@pytest.mark.parametrize(
    ("method", "changes"),
    [
        ("spo", {"unique_prompts": "2"}),
        ("distri_ttrl", {}),
        ("spine", {}),
        ("kl_cov(share=0.2)", {"mini_batches": "2"}),
    ],
)
def test_what_is_remembered_and_weighed_token_by_token_survives_a_kill(lab, tmp_path, method, changes):
    own = uninterrupted(method, tmp_path, changes)
    folder = own.begin("killed")
    assert own.attempt(folder, Fault("reward", 4)) == -signal.SIGKILL  # after the checkpoint of step 2
    own.finish(folder)
    assert "continuing after step 2" in own.said(folder)


ASKING = ["sharpening(teacher_decay=0.9,kl=0.5)+voted_verification(verdicts=2)", "scope(votes=2,separator='*')"]
"""Methods that ask for likelihoods under a teacher and sampled replies, and for the texts of further rollouts."""


@pytest.mark.parametrize("method", ASKING)
def test_what_a_method_asks_the_policy_is_the_same_after_a_kill(lab, tmp_path, method):
    (run,) = plan.grid("smoke", [method], [0], ["pocket-countdown"], ["countdown_pocket"], TINY)
    asking = Lab(run, tmp_path, {})
    whole = asking.begin("whole")
    assert asking.attempt(whole) == 0, asking.said(whole)
    asking.expected = outcome(whole)
    folder = asking.begin("killed")
    for moment, number in (("reward", 4), ("optimizer step", 2), ("sealing", 2)):
        assert asking.attempt(folder, Fault(moment, number)) == -signal.SIGKILL, f"{moment} was not reached"
    asking.finish(folder)


@pytest.mark.parametrize("asked", [signal.SIGTERM, signal.SIGUSR2])
def test_a_run_that_is_asked_to_stop_seals_its_step_and_exits_with_143(lab, asked):
    folder = lab.begin(f"asked-{asked}")
    assert lab.attempt(folder, Fault("reward", 3, signal=asked)) == 143
    assert [path.name for path in (folder / "checkpoints").glob("*/SHA256SUMS")] and "after step 3" in lab.said(folder)
    assert lab.attempt(folder, Fault("evaluation", 2, signal=asked)) == 143
    assert "continuing after step 3" in lab.said(folder) and not (folder / "error.txt").exists()
    lab.finish(folder)


def test_a_second_process_says_who_holds_the_folder_and_harms_nothing(lab):
    folder = lab.begin("held")
    first = lab.start(folder, Fault("reward", 3, signal=signal.SIGSTOP))
    while Path(f"/proc/{first.pid}/stat").read_text().rpartition(")")[2].split()[0] != "T":
        time.sleep(0.05)
    try:
        assert lab.attempt(folder) == worker.OCCUPIED
    finally:
        os.kill(first.pid, signal.SIGCONT)
    assert f"is in use by process {first.pid} on {os.uname().nodename} since 2" in lab.said(folder)
    assert not (folder / "error.txt").exists()  # the folder is not its own
    first.join(300)
    assert first.exitcode == 0
    lab.finish(folder)


COMMIT = "POST .*/commit/"


@pytest.mark.parametrize("landed", [False, True], ids=["before the commit", "after the commit"])
def test_a_push_that_is_killed_and_repeated_makes_one_commit(lab, tmp_path, landed):
    """Kill a push while the Hub holds its commit back, or before the answer to a commit that is made arrives."""
    record.write(fabricate(), tmp_path / "runs" / "record.json")

    def start():
        child = lab.context.Process(target=push_to, args=(hub.url, tmp_path / "runs", tmp_path))
        child.start()
        return child

    with serving() as hub:
        child = start()
        hub.faults = [HubFault(COMMIT, 500, after=landed, before_answer=lambda: os.kill(child.pid, signal.SIGKILL))]
        child.join(60)
        assert child.exitcode == -signal.SIGKILL
        child = start()
        child.join(60)
        assert child.exitcode == 0
        (repo,) = hub.repos.values()
        assert len(repo.refs["main"]) == 2, "more than the first commit and ours"
        assert sum(path.startswith("records/") for path in repo.head().tree) == 1
