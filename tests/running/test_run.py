"""Whole runs in child processes: they repeat, they continue after a kill, they fail with a reason."""

import json
import os
import random
import signal
import subprocess
import sys
import time

import pytest

from tests.conftest import ROOT
from urlvr_bench.records import record

pytestmark = pytest.mark.lab
SMALL = ["--protocol", "smoke", "--set", "steps=8", "--set", "every=4"]


def deterministic(folder):
    """Return what must not change between repetitions: the steps and the counts of the evaluations."""
    found = record.read(folder / "record.json")
    return found.steps.model_dump_json(), [counts.model_dump_json() for counts in found.evals]


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """Two methods, run to the end."""
    out = tmp_path_factory.mktemp("finished")
    arguments = ["run", *SMALL, "--method", "majority_vote", "--method", "token_entropy", "--out", str(out)]
    environment = {**os.environ, "HF_HUB_OFFLINE": "1"}
    command = [sys.executable, "-m", "urlvr_bench.cli", *arguments, "--json"]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=ROOT, timeout=200)
    assert done.returncode == 0, done.stderr
    return out, json.loads(done.stdout)


def folder_of(out, method):
    (found,) = out.glob(f"*/*/*/{method}/seed0")
    return found


def test_a_run_leaves_a_valid_record_with_full_provenance(finished):
    out, summary = finished
    assert len(summary["runs"]) == len(summary["done"]) == 2 and not summary["failed"]
    found = record.read(folder_of(out, "majority_vote") / "record.json")
    assert len(found.steps.step) == 8
    assert sorted({(counts.step, counts.task) for counts in found.evals}) == [(s, "chain_addition") for s in (0, 4, 8)]
    assert found.provenance.trainer_config["beta"] == 0.0
    assert {"torch", "trl", "lm-eval"} <= set(found.provenance.packages)
    assert str(out) not in found.model_dump_json() and os.uname().nodename not in found.model_dump_json()
    assert found.steps.kl_to_start[0] == pytest.approx(0.0, abs=1e-6)
    assert not (folder_of(out, "majority_vote") / "checkpoints").exists()


def test_a_finished_run_is_skipped(finished, command):
    out, _ = finished
    before = (folder_of(out, "majority_vote") / "record.json").stat().st_mtime_ns
    done = command("run", *SMALL, "--method", "majority_vote", "--out", out)
    assert done.returncode == 0 and "nothing left to do" in done.stderr
    assert (folder_of(out, "majority_vote") / "record.json").stat().st_mtime_ns == before


def test_the_same_command_gives_the_same_steps(finished, command, tmp_path):
    assert command("run", *SMALL, "--method", "token_entropy", "--out", tmp_path).returncode == 0
    assert deterministic(folder_of(tmp_path, "token_entropy")) == deterministic(folder_of(finished[0], "token_entropy"))


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_a_stopped_run_continues_to_the_same_steps(finished, command, tmp_path, how):
    """Stop a run at a random step, by force or as Ctrl-C does, then run the same command again."""
    arguments = ["run", *SMALL, "--method", "majority_vote", "--out", str(tmp_path)]
    assert command(*arguments, "--dry-run").returncode == 0
    child = subprocess.Popen(
        [sys.executable, "-m", "urlvr_bench.cli", *arguments],
        env={**os.environ, "HF_HUB_OFFLINE": "1"},
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a shell's `&` may have it ignored
    )
    wanted, deadline = random.randint(2, 4), time.monotonic() + 120
    while time.monotonic() < deadline and child.poll() is None:
        steps = list(tmp_path.glob("**/steps.jsonl"))
        if steps and steps[0].read_bytes().count(b"\n") >= wanted:
            break
        time.sleep(0.02)
    os.killpg(child.pid, how)
    _, said = child.communicate(timeout=60)
    if how == signal.SIGINT:
        assert child.returncode == 130 and "run the same command again" in said.splitlines()[-1]
    folder = folder_of(tmp_path, "majority_vote")
    assert not (folder / "record.json").exists()
    assert command(*arguments).returncode == 0
    assert deterministic(folder) == deterministic(folder_of(finished[0], "majority_vote"))


def test_a_failing_method_ends_with_its_reason_and_exit_code_1(command, tmp_path):
    """A folder whose steps were cut below its checkpoint cannot go on: it says so and exits with 1."""
    arguments = ["run", *SMALL, "--method", "verifier_that_is_not_there", "--out", tmp_path]
    assert command(*arguments).returncode == 2
    arguments = ["run", *SMALL, "--method", "majority_vote", "--set", "unique_prompts=99999", "--out", tmp_path]
    done = command(*arguments)
    assert done.returncode == 1
    assert "unique_prompts=99999, but the task has 16384 training problems" in done.stderr


def test_a_folder_of_another_run_is_refused(finished, command, tmp_path):
    out, _ = finished
    folder = folder_of(out, "token_entropy")
    values = json.loads((folder / "run.json").read_text())
    clone = tmp_path / folder.relative_to(out)
    clone.mkdir(parents=True)
    (clone / "run.json").write_text(json.dumps({**values, "seed": 7}))
    done = command("run", *SMALL, "--method", "token_entropy", "--out", tmp_path)
    assert done.returncode == 2 and "holds another run" in done.stderr
