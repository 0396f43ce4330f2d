"""Launchers without a cluster: what a job does, what is sent to Hugging Face Jobs, how far runs are, plans."""

import json
import shlex
import subprocess
import sys
import time
from pathlib import Path

import pytest
from fakehub import Fault
from hubdesk import Desk, signed_in
from huggingface_hub import constants
from records import fabricate
from typer.testing import CliRunner

from tests.conftest import ROOT
from urlvr_bench import protocol
from urlvr_bench.commands import program, scaling
from urlvr_bench.errors import UsageError
from urlvr_bench.models import PRIORS
from urlvr_bench.records import record
from urlvr_bench.running import cloud, cluster, footprint, jobs, plan, runner, shapes, worker
from urlvr_bench.training import devices

desk = pytest.fixture(signed_in)
BUCKET = {"bucket": "org/runs"}


def cells(out: Path, seeds: int = 2, **overrides: str) -> list[plan.Cell]:
    return plan.lay_out(plan.grid("smoke", ["majority_vote"], range(seeds), overrides=overrides), out)


@pytest.fixture
def on_the_hub(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setattr(constants, "ENDPOINT", desk.fake.url)
    return desk


def test_a_job_is_one_run_with_its_folder_in_the_bucket(on_the_hub: Desk, tmp_path: Path) -> None:
    first, second = cells(tmp_path, steps="2")
    assert len(cloud.submit([first, second], {**BUCKET, "flavor": "h200", "timeout": "2h"})) == 2
    sent = list(on_the_hub.fake.jobs.values())
    assert sent[1]["command"][:4] == ["uvx", "--from", f"urlvr-bench=={cloud.__version__}", "urlvr-bench"]
    asked = dict(zip(sent[1]["command"][5::2], sent[1]["command"][6::2], strict=True))
    assert asked == {"--protocol": "smoke@1", "--model": "pocket-6", "--task": "chain_addition", "--out": "/runs",
                     "--method": "majority_vote", "--seed": "1", "--set": "steps=2"}  # fmt: skip
    assert sent[0]["volumes"] == [{"type": "bucket", "source": "org/runs", "mountPath": "/runs"}]
    assert (sent[0]["flavor"], sent[0]["timeoutSeconds"], sent[0]["attempts"]) == ("h200", 7200, cloud.ATTEMPTS)
    assert "hf_writer" not in json.dumps(sent)


def test_only_gaps_are_submitted_again_and_status_says_why(on_the_hub: Desk, tmp_path: Path) -> None:
    runs = cells(tmp_path, seeds=4)
    cloud.submit(runs, BUCKET)
    ids = list(on_the_hub.fake.jobs)
    for job, stage in zip(ids, ("RUNNING", "ERROR", "COMPLETED", "SCHEDULING"), strict=True):
        on_the_hub.fake.jobs[job]["stage"] = stage
    found = [(each.state, each.reason) for each in jobs.status(tmp_path)]
    assert found[0] == ("running", "RUNNING") and found[3] == ("queued", "SCHEDULING")
    assert found[2] == ("done", "its folder is in the bucket")
    assert found[1] == ("failed", f"job org/{ids[1]} ended as ERROR; run again to go on")
    assert len(cloud.submit(runs, BUCKET)) == 1 and len(on_the_hub.fake.jobs) == 5
    assert on_the_hub.fake.jobs[list(on_the_hub.fake.jobs)[-1]]["command"] == on_the_hub.fake.jobs[ids[1]]["command"]


def test_what_a_job_cannot_have_is_refused_before_anything_is_sent(on_the_hub: Desk, tmp_path: Path) -> None:
    (cell,) = cells(tmp_path, seeds=1)
    for given, said in (({}, "bucket=OWNER/NAME"), ({**BUCKET, "flavour": "x"}, "did you mean 'flavor'")):
        with pytest.raises(UsageError, match=said):
            cloud.submit([cell], given)
    (prior,) = (path.parent for path in PRIORS.rglob("pocket-6/config.json"))
    with pytest.raises(UsageError, match="push it to the Hub"):
        cloud.request(plan.grid("smoke", ["majority_vote"], [0], [str(prior)])[0], cloud.resources(BUCKET))
    assert not on_the_hub.fake.log
    on_the_hub.fake.faults.append(Fault("POST /api/jobs", 402, message="Payment required"))
    with pytest.raises(UsageError, match=r"refused .*majority_vote/seed0: .*402"):
        cloud.submit([cell], BUCKET)
    assert not cell.folder.exists()


def test_a_dry_run_prints_the_requests_and_sends_nothing(
    on_the_hub: Desk, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(devices.VARIABLE, "")
    devices.use("zero2", 8, found=0)
    scaling.submit("hf-jobs", cells(tmp_path), 2, BUCKET, tmp_path, dry_run=True)
    printed = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert printed[0]["command"][-9:-2] == [
        "0", "--launcher", "accelerate", "--config", "zero2", "--processes", "8"]  # fmt: skip
    assert len(printed) == 2 and not on_the_hub.fake.log and not list(tmp_path.iterdir())


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Let a worker be a process that does what the run folder's file `do` says; return the folders it was given."""
    given: list[Path] = []

    def spawn(folder: Path, device: str | None, own_session: bool = True) -> "subprocess.Popen[bytes]":
        given.append(folder)
        return subprocess.Popen([sys.executable, "-c", (folder / "do").read_text()])

    monkeypatch.setattr(runner, "spawn", spawn)
    return given


def folder(root: Path, name: str, do: str) -> Path:
    (root / name).mkdir()
    (root / name / "do").write_text(do)
    return root / name


def test_a_lane_goes_on_after_a_failure_and_passes_over_what_is_done(stand_in: list[Path], tmp_path: Path) -> None:
    done, fails, works = (
        folder(tmp_path, name, f"raise SystemExit({code})") for name, code in zip("abc", "930", strict=True)
    )
    (done / "record.json").write_text("{}")
    with pytest.raises(RuntimeError, match="b: the process ended with 3"):
        cluster.Lane((done, fails, works))()
    assert stand_in == [fails, works]


def test_a_stopped_lane_begins_no_other_run_and_is_queued_again_as_it_was(stand_in: list[Path], tmp_path: Path) -> None:
    killed, next_ = folder(tmp_path, "a", "import os; os.kill(os.getpid(), 15)"), folder(tmp_path, "b", "")
    with pytest.raises(RuntimeError, match=r"stopped while at .*a; it goes on"):
        cluster.Lane((killed, next_))()
    assert stand_in == [killed]
    lane = cluster.Lane((killed, next_), device="1")
    lane.child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(100)"])
    again = lane.checkpoint().function
    assert lane.child.poll() == -15 and (again.folders, again.device, again.child) == ((killed, next_), "1", None)


@pytest.mark.lab
def test_local_lanes_carry_runs_out_and_a_second_command_has_nothing_to_do(command, tmp_path: Path) -> None:
    pytest.importorskip("submitit")
    arguments = ["run", "--protocol", "smoke", "--set", "steps=2", "--method", "majority_vote", "--seeds", "2"]
    arguments += ["--launcher", "local", "--jobs", "1", "--out", str(tmp_path)]
    for said in ("submitted 1 job", "nothing left to submit"):
        with (tmp_path / "said").open("w+") as terminal:  # the lanes keep it open
            submit = [sys.executable, "-m", "urlvr_bench.cli", *arguments]
            subprocess.run(submit, cwd=ROOT, stdout=terminal, stderr=terminal, check=True, timeout=120)
        assert said in (tmp_path / "said").read_text()
    deadline, seen = time.monotonic() + 300, set()
    while time.monotonic() < deadline:
        states = tuple(each["state"] for each in json.loads(command("status", tmp_path, "--json").stdout))
        seen.add(states)
        if not set(states) & {"queued", "running"}:
            break
        time.sleep(1)
    assert states == ("done", "done"), states
    assert seen & {("running", "queued"), ("queued", "queued")}


def test_what_submitit_cannot_do_is_said_before_anything_is_laid_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("submitit")
    runs = cells(tmp_path / "runs")
    monkeypatch.delenv(devices.VARIABLE, raising=False)
    with pytest.raises(UsageError, match="with --processes how many"):
        cluster.submit(runs, "local", 1, {"nodes": 2}, tmp_path)
    with pytest.raises(UsageError, match="partitio"):
        cluster.submit(runs, "local", 1, {"partitio": "gpu"}, tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UsageError, match=r"--launcher slurm: .*srun"):
        cluster.submit(runs, "slurm", 1, {}, tmp_path)
    assert not (tmp_path / "runs").exists()


def test_watching_ends_when_nothing_is_under_way(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def at(state: str) -> list[jobs.Status]:
        return [jobs.Status("a", state, 1, 4, None, None, None)]  # type: ignore[arg-type]

    left = [at("done"), at("running"), at("queued")]
    monkeypatch.setattr(jobs, "status", lambda _: left.pop())
    monkeypatch.setattr(scaling, "WATCH_SECONDS", 0.0)
    scaling.status(tmp_path, watch=True)
    assert not left


def documented() -> list[str]:
    """Return the commands of docs/scaling.md that plan or start runs."""
    blocks = (ROOT / "docs" / "scaling.md").read_text().split("```")[1::2]
    lines = "\n".join(blocks).replace("\\\n", " ").splitlines()
    return [
        line.partition("#")[0].strip() for line in lines if line.startswith(("urlvr-bench run", "urlvr-bench plan"))
    ]


@pytest.mark.parametrize("line", documented())
def test_documented_commands_are_understood(line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1,2,3,4,5,6,7")
    monkeypatch.setenv(devices.VARIABLE, "")
    monkeypatch.delenv(devices.VARIABLE)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own.yaml").write_text("{}")
    arguments = shlex.split(line)[1:] + (["--dry-run"] if "run" in line.split() else [])
    done = CliRunner().invoke(program.app, arguments)
    assert done.exit_code == 0, done.output
    assert devices.asked() == ("accelerate" in line or "--processes" in line)


def test_status_tells_apart_what_squeue_and_the_folders_say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    runs = cells(tmp_path / "runs", seeds=7)
    for cell in runs:
        worker.prepare(cell.run, cell.folder)
    for number, cell in enumerate(runs[:5]):
        jobs.note(cell.folder, "slurm", f"7_{number}")
    one = fabricate("majority_vote", 0, steps=4, problems=5, samples=4, k=(1, 4))
    record.write(one, runs[0].folder / "record.json")
    rows = [
        {"step": step, "seconds": {"generation": 1.0, "reward": 0.5, "update": 1.5}, "tokens": 80, "length": 10}
        for step in (1, 2)
    ]
    record.write_atomically(runs[1].folder / "steps.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
    record.write_atomically(runs[5].folder / "error.txt", "no memory\n")
    squeue = tmp_path / "squeue"
    lines = ["7_1|RUNNING|None", "7_2|PENDING|Priority", "7_3|TIMEOUT|TimeLimit", "99|RUNNING|None"]
    squeue.write_text("#!/bin/sh\ncat <<'END'\n" + "\n".join(lines) + "\nEND\n")
    squeue.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    found = jobs.status(tmp_path / "runs")
    assert [each.state for each in found] == ["done", "running", "queued", "failed", "stopped", "failed", "stopped"]
    assert (found[1].step, found[1].steps, found[1].seconds_left) == (2, 4, 18.0)  # 3 evaluations: 12
    assert found[2].reason == "Priority" and found[3].reason == "job 7_3 ended as TIMEOUT; run again to go on"
    assert found[4].reason == "job 7_4 is gone; run again to go on" and found[5].reason == "no memory"
    assert jobs.live([cell.folder for cell in runs]) == {runs[1].folder, runs[2].folder}
    assert {each.seconds_left for each in found} == {None, 18.0}
    table = scaling.status_table(found)
    assert table.title == "7 runs: 1 running, 1 queued, 2 failed, 2 stopped, 1 done" and table.row_count == 7


def test_a_run_is_running_as_long_as_its_lock_is_held_and_status_never_takes_it(tmp_path: Path) -> None:
    (cell,) = cells(tmp_path, seeds=1)
    worker.prepare(cell.run, cell.folder)
    hold = "import sys, time, filelock; x = filelock.FileLock(sys.argv[1]); x.acquire(); print(flush=1); time.sleep(99)"
    holder = subprocess.Popen([sys.executable, "-c", hold, str(cell.folder / ".lock")], stdout=subprocess.PIPE)
    assert holder.stdout.readline()
    assert [each.state for each in jobs.status(tmp_path)] == ["running"] and jobs.live([cell.folder]) == {cell.folder}
    holder.kill()
    holder.wait()
    assert [each.state for each in jobs.status(tmp_path)] == ["stopped"] and not jobs.live([cell.folder])


def test_nothing_under_a_folder_is_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no run is under"):
        jobs.status(tmp_path)


def test_a_shape_counts_the_weights_of_a_model_but_its_norms() -> None:
    shape = shapes.shape_of("pocket-6")
    norms = shape.hidden * (2 * shape.layers + 1)
    known = next(iter(record.read_all([Path(__file__).parents[2] / "results" / "pocket@1"])))
    assert shape.parameters + norms == known.model.parameters
    paper = shapes.shape_of("Qwen/Qwen3-1.7B-Base")
    assert paper.parameters == 1_720_451_072 and paper.cache_bytes(2) == 114_688


def test_a_plan_follows_its_formulas() -> None:
    paper, gpu = protocol.load("paper"), footprint.Gpu()
    one, *_ = footprint.table(paper, 1, gpu)
    weights = shapes.shape_of(paper.model).parameters
    assert one.states == 16 * weights and one.start == 4 * weights and one.sampling == 0.3 * gpu.memory
    eight = {found.layout: found for found in footprint.table(paper, 8, gpu)}
    assert eight["fsdp2"].states == 2 * weights and eight["zero2"].states == (2 + 14 / 8) * weights
    assert eight["multi_gpu"].total == one.total and one.fits
    assert one.update_seconds == pytest.approx(8 * eight["fsdp2"].update_seconds)
    assert not footprint.table(paper, 1, footprint.Gpu(memory=40e9))[0].fits
    adapter = protocol.load("paper", {"lora_rank": "16", "backend": "hf"})
    assert footprint.table(adapter, 1, gpu)[0].states < 4.2 * weights
    with pytest.raises(UsageError, match=r"evaluation.backend=hf"):
        protocol.load("paper", {"lora_rank": "16"})
    plain = protocol.load("paper", {"gradient_checkpointing": "false"})
    assert footprint.table(plain, 1, gpu)[0].activations > 5 * one.activations
    with pytest.raises(UsageError, match="48 GPUs would cut groups: prompts_per_step=64"):
        footprint.table(paper, 48, gpu)
