"""Runs on a real Slurm: killed, queued again, at their time limit, on two nodes; no record is lost or doubled."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import slurmnode

from tests.conftest import ROOT
from urlvr_bench.records import record
from urlvr_bench.records.run_folder import HOLDER

pytestmark = [pytest.mark.slurm, pytest.mark.needs("slurm")]
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


def half_way(found: dict[str, dict]) -> list[str]:
    return [seed for seed, each in found.items() if each["state"] == "running" and 3 <= each["step"] < 8]


def test_no_record_of_a_sweep_is_lost_or_doubled_whatever_ends_its_jobs(cluster, tmp_path):
    sweep = [*SWEEP, "6", "--launcher", "slurm", "--resource", "timeout_min=60", "--out", str(tmp_path)]
    assert "submitted 6 jobs" in urlvr(cluster, *sweep).stderr
    assert "nothing left to submit" in urlvr(cluster, *sweep).stderr
    ends = {
        "requeued": lambda job, _: slurm(cluster, "scontrol", "requeue", job),
        "timed out": lambda job, _: slurm(cluster, "scancel", "--signal", "USR2", job),  # sent before the limit
        "killed": lambda _, folder: os.kill(json.loads((folder / HOLDER).read_text())["pid"], signal.SIGKILL),
    }
    ended: dict[str, str] = {}
    for how, end in ends.items():
        found = wait_for(cluster, tmp_path, lambda now: set(half_way(now)) - set(ended.values()))
        ended[how] = min(set(half_way(found)) - set(ended.values()))
        assert found[ended[how]]["seconds_left"] > 0
        end(found[ended[how]]["job"], tmp_path / found[ended[how]]["folder"])
    again = [ended["requeued"], ended["timed out"]]
    for seed in again:
        waiting = wait_for(cluster, tmp_path, lambda now, seed=seed: now[seed]["state"] == "queued")[seed]
        assert waiting["reason"] == "BeginTime"
        slurm(cluster, "scontrol", "update", f"JobId={waiting['job']}", "StartTime=now")
    after = wait_for(cluster, tmp_path, over)
    failed = after.pop(ended["killed"])
    assert failed["state"] == "failed" and "run again to go on" in failed["reason"]
    assert {each["state"] for each in after.values()} == {"done"}
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("record.json")}

    assert "submitted 1 job" in urlvr(cluster, *sweep).stderr
    last = wait_for(cluster, tmp_path, over)
    records = {path.parent: record.read(path) for path in tmp_path.rglob("record.json")}
    assert sorted(each.seed for each in records.values()) == list(range(6))
    assert all(each.steps.step == list(range(1, 9)) for each in records.values())
    assert all(path.stat().st_mtime_ns == before[path] for path in before)
    for seed in ended.values():
        assert "continuing after step" in (tmp_path / last[seed]["folder"] / "log.txt").read_text()
    assert "nothing left to submit" in urlvr(cluster, *sweep).stderr

    seed = ended["timed out"]
    once = [*SWEEP, "1", "--seed", seed[-1], "--out", str(tmp_path / "alone")]
    assert urlvr({**os.environ, "HF_HUB_OFFLINE": "1"}, *once).returncode == 0
    (same,) = (record.read(path) for path in (tmp_path / "alone").rglob("record.json"))
    continued = records[tmp_path / last[seed]["folder"]]
    assert (continued.steps, continued.evals) == (same.steps, same.evals)


def test_one_run_takes_the_processes_of_two_nodes(cluster, tmp_path):
    one = ["run", "--protocol", "smoke", "--set", "steps=2", "--method", "majority_vote", "--out", str(tmp_path)]
    two_nodes = ["--launcher", "slurm", "--processes", "1", "--resource", "nodes=2"]
    assert "submitted 1 job" in urlvr(cluster, *one, *two_nodes).stderr
    (ended,) = wait_for(cluster, tmp_path, over).values()
    assert ended["state"] == "done", ended
    assert record.read(tmp_path / ended["folder"] / "record.json").provenance.processes == 2
