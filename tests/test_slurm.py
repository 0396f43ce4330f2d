"""A sweep on a real Slurm: one job is killed and queued again half-way, and no record is lost or doubled."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
import slurmnode

from tests.conftest import ROOT
from urlvr_bench import record

pytestmark = [pytest.mark.lab, pytest.mark.skipif(bool(slurmnode.missing()), reason=slurmnode.missing())]
PATIENCE = 900
"""Seconds; six runs on two cores that others use too."""
SWEEP = ["run", "--protocol", "smoke", "--set", "steps=8", "--set", "every=8", "--method", "majority_vote", "--seeds"]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    pytest.importorskip("submitit")
    with slurmnode.running(tmp_path_factory.mktemp("slurm") / "node") as environment:
        yield {**environment, "HF_HUB_OFFLINE": "1", "COLUMNS": "200", "PYTHONPATH": str(ROOT)}


def urlvr(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "urlvr_bench.cli", *arguments]
    return subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=120)


def status(environment: dict[str, str], out: Path) -> dict[str, dict]:
    """Return how far the runs are, by seed."""
    done = urlvr(environment, "status", str(out), "--json")
    assert done.returncode == 0, done.stderr
    return {each["folder"][-5:]: each for each in json.loads(done.stdout)}


def wait_for(environment: dict[str, str], out: Path, wanted) -> dict[str, dict]:
    deadline = time.monotonic() + PATIENCE
    while not wanted(found := status(environment, out)):
        assert time.monotonic() < deadline, found
        time.sleep(1)
    return found


def over(found: dict[str, dict]) -> bool:
    return not {each["state"] for each in found.values()} & {"running", "queued"}


def slurm(environment: dict[str, str], *command: str) -> None:
    subprocess.run(command, env=environment, check=True, capture_output=True, timeout=60)


def test_a_sweep_survives_a_requeue_and_a_kill_and_a_second_command_fills_the_gap(cluster, tmp_path):
    sweep = [*SWEEP, "6", "--launcher", "slurm", "--resource", "timeout_min=60", "--out", str(tmp_path)]
    assert "submitted 6 jobs" in urlvr(cluster, *sweep).stderr
    found = wait_for(cluster, tmp_path, lambda now: any(each["step"] >= 3 for each in now.values()))
    assert "nothing left to submit" in urlvr(cluster, *sweep).stderr
    assert sum(each["state"] == "queued" for each in found.values()) >= 3
    requeued, other = (each for each in found.values() if each["state"] == "running")
    assert requeued["steps"] == 8 and (requeued["step"] < 2 or requeued["seconds_left"] > 0)

    slurm(cluster, "scontrol", "requeue", requeued["job"])
    slurm(cluster, "scancel", "--signal", "KILL", other["job"])
    waiting = wait_for(cluster, tmp_path, lambda now: now[requeued["folder"][-5:]]["state"] == "queued")
    assert waiting[requeued["folder"][-5:]]["reason"] == "BeginTime"
    slurm(cluster, "scontrol", "update", f"JobId={requeued['job']}", "StartTime=now")
    ended = wait_for(cluster, tmp_path, over)
    states = {seed: each["state"] for seed, each in ended.items()}
    assert states.pop(other["folder"][-5:]) == "failed" and set(states.values()) == {"done"}
    assert "run again to go on" in ended[other["folder"][-5:]]["reason"]
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("record.json")}

    assert "submitted 1 jobs" in urlvr(cluster, *sweep).stderr
    wait_for(cluster, tmp_path, over)
    records = sorted(tmp_path.rglob("record.json"))
    assert len(records) == 6 and sorted(record.read(path).seed for path in records) == list(range(6))
    assert all(path.stat().st_mtime_ns == before[path] for path in before)
    assert all(record.read(path).steps.step == list(range(1, 9)) for path in records)
    continued = (tmp_path / requeued["folder"] / "log.txt").read_text()
    assert "continuing after step" in continued
    assert "nothing left to submit" in urlvr(cluster, *sweep).stderr

    alone = tmp_path / "alone"
    seed = requeued["folder"][-1]
    once = [*SWEEP, "1", "--seed", seed, "--out", str(alone)]
    assert urlvr({**os.environ, "HF_HUB_OFFLINE": "1"}, *once).returncode == 0
    (same,) = (record.read(path) for path in alone.rglob("record.json"))
    again = record.read(tmp_path / requeued["folder"] / "record.json")
    assert (again.steps, again.evals) == (same.steps, same.evals)
