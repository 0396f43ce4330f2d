"""One run on two processes: the groups, rewards and numbers of one process, also where a process was killed."""

import json
import os
import signal
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest
import torch
from safetensors.torch import load_file

from tests.conftest import ROOT
from urlvr_bench import protocol
from urlvr_bench.errors import UsageError
from urlvr_bench.records import record
from urlvr_bench.records.run_folder import HOLDER, read_steps
from urlvr_bench.running import again
from urlvr_bench.training import configuration, devices, parallel

SMALL = ["--protocol", "smoke", "--set", "steps=10", "--set", "every=10", "--set", "draws=rollout"]
PATIENCE = 500
"""Seconds; a machine under load takes a while to import torch seven times."""
LAST = "weights/step-000010/model.safetensors"


def ranks_of(folder: Path) -> dict[int, psutil.Process]:
    """Return the processes that train the run in `folder`, by rank."""
    found = {}
    for process in psutil.process_iter(["cmdline"]):
        line = process.info["cmdline"] or []
        if "urlvr_bench.training.ranks" in line and str(folder) in line:
            found[int(process.environ()["RANK"])] = process
    return found


def numbers(row: dict) -> dict[str, float]:
    """Return a step's numbers, times and packed evidence left out; a number that is undefined counts as -1."""
    left_out = ("seconds", "evidence")
    return {name: -1.0 if value is None else value for name, value in row.items() if name not in left_out}


def until_step(step: int, arguments: list[str], out: Path) -> tuple[subprocess.Popen, Path]:
    """Start a command and return when its run has made `step` steps; with the run's folder."""
    child = subprocess.Popen(
        [sys.executable, "-m", "urlvr_bench.cli", *arguments],
        env={**os.environ, "HF_HUB_OFFLINE": "1", "COLUMNS": "400"},
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and child.poll() is None:
        folder = next((path.parent for path in out.rglob("steps.jsonl")), None)
        if folder and len(read_steps(folder / "steps.jsonl")) >= step:
            return child, folder
        time.sleep(0.02)
    raise AssertionError(f"step {step} was not reached: {child.communicate()[1]}")


@pytest.mark.lab
def test_two_processes_killed_and_stopped_on_the_way_give_what_one_process_gives(command, tmp_path):
    arguments = ["run", *SMALL, "--method", "spine"]
    alone, out = tmp_path / "alone", tmp_path / "two"
    assert command(*arguments, "--out", alone, timeout=PATIENCE).returncode == 0
    shared = [*arguments, "--out", str(out), "--launcher", "accelerate", "--processes", "2"]

    child, folder = until_step(3, shared, out)
    ranks = ranks_of(folder)
    assert set(ranks) == {0, 1}
    ranks[1].send_signal(signal.SIGKILL)
    _, said = child.communicate(timeout=PATIENCE)
    assert child.returncode == 1 and "process 1 was ended by SIGKILL. Run the same command again" in said
    assert not (folder / "record.json").exists() and not ranks_of(folder)

    child, _ = until_step(6, shared, out)
    os.kill(json.loads((folder / HOLDER).read_text())["pid"], signal.SIGTERM)
    assert child.wait(PATIENCE) == 1 and not ranks_of(folder)
    assert "stopped on request after step" in (folder / "log.txt").read_text()

    child, _ = until_step(1, shared, out)
    while len(ranks_of(folder)) < 2:
        assert child.poll() is None
        time.sleep(0.1)
    child.kill()
    child.wait()
    killed = time.monotonic()
    while ranks_of(folder):
        assert time.monotonic() - killed < 5
        time.sleep(0.1)

    done = command(*shared, timeout=PATIENCE)
    assert done.returncode == 0, done.stderr
    assert (folder / "log.txt").read_text().count("continuing after step") >= 2
    (one,) = (path.parent for path in alone.rglob("record.json"))
    for ours, theirs in zip(read_steps(folder / "steps.jsonl"), read_steps(one / "steps.jsonl"), strict=True):
        assert numbers(ours) == pytest.approx(numbers(theirs), rel=1e-4, abs=1e-6)
    weights, wanted = load_file(folder / LAST), load_file(one / LAST)
    update = protocol.load("smoke").training.learning_rate  # Adam makes whole updates of what rounding leaves
    assert all((weights[name] - wanted[name]).abs().max() < update / 2 for name in wanted)
    two, single = record.read(folder / "record.json"), record.read(one / "record.json")
    assert two.evals == single.evals
    assert (two.provenance.processes, single.provenance.processes) == (2, 1)
    assert two.provenance.train_tokens == single.provenance.train_tokens


def agree(folder: Path, other: Path) -> None:
    """Two runs made the same rollouts, rewards and numbers, up to what another order of additions changes."""
    ours, theirs = (read_steps(next(path.rglob("steps.jsonl"))) for path in (folder, other))
    for one, two in zip(ours, theirs, strict=True):
        assert numbers(one) == pytest.approx(numbers(two), rel=1e-4, abs=1e-6)


@pytest.mark.lab
def test_a_sharded_run_with_a_teacher_is_continued_and_gives_what_whole_copies_give(command, tmp_path):
    arguments = ["run", "--protocol", "smoke", "--set", "draws=rollout", "--method", "co_rewarding_2"]
    shared = [*arguments, "--launcher", "accelerate", "--processes", "2"]
    sharded = [*shared, "--config", "fsdp2", "--out", str(tmp_path / "fsdp2")]
    child, folder = until_step(3, sharded, tmp_path / "fsdp2")
    ranks_of(folder)[1].send_signal(signal.SIGKILL)
    child.communicate(timeout=PATIENCE)
    done = command(*sharded, timeout=PATIENCE)
    assert done.returncode == 0 and "continuing after step 2" in (folder / "log.txt").read_text(), done.stderr
    assert command(*shared, "--out", tmp_path / "ddp", timeout=PATIENCE).returncode == 0
    agree(tmp_path / "fsdp2", tmp_path / "ddp")


@pytest.mark.lab
@pytest.mark.parametrize("config", ["fsdp2", "zero2", "zero3"])
def test_shards_of_a_model_with_an_adapter_give_its_certainties(config, command, tmp_path):
    if config != "fsdp2" and find_spec("deepspeed") is None:
        pytest.skip("deepspeed is not installed; it is installed apart, see docs/scaling.md")
    arguments = [
        "run",
        *SMALL,
        "--set",
        "steps=2",
        "--set",
        "every=2",
        "--set",
        "lora_rank=2",
        "--method",
        "spine",
    ]
    assert command(*arguments, "--out", tmp_path / "one", timeout=PATIENCE).returncode == 0
    asked = ["--launcher", "accelerate", "--config", config, "--processes", "2", "--out", tmp_path / "two"]
    done = command(*arguments, *asked, timeout=PATIENCE)
    assert done.returncode == 0, done.stderr
    agree(tmp_path / "two", tmp_path / "one")


@pytest.mark.lab
@pytest.mark.skipif(torch.cuda.is_available(), reason="needs a machine without a GPU")
def test_sharding_that_only_gpus_have_is_refused_where_there_is_none(command, tmp_path):
    asked = ["--launcher", "accelerate", "--config", "fsdp1", "--processes", "2", "--out", tmp_path]
    done = command("run", *SMALL, "--method", "majority_vote", *asked, timeout=PATIENCE)
    assert done.returncode == 1 and "--config asks for FSDP1, which shards among GPUs" in done.stderr


@pytest.mark.lab
def test_an_adapter_is_trained_saved_and_judged(command, tmp_path):
    settings = ["--set", "lora_rank=2", "--set", "steps=2", "--set", "gradient_checkpointing=true"]
    done = command("run", *SMALL, *settings, "--method", "majority_vote", "--out", tmp_path, timeout=PATIENCE)
    assert done.returncode == 0, done.stderr
    (folder,) = (path.parent for path in tmp_path.rglob("record.json"))
    assert (folder / "weights/step-000002/adapter_model.safetensors").is_file()
    assert [counts.step for counts in record.read(folder / "record.json").evals] == [0, 2]


def test_a_process_that_was_killed_is_the_reason_and_not_what_the_others_say():
    def failed(code, timestamp, message=""):
        return SimpleNamespace(exitcode=code, timestamp=timestamp, message=message)

    broken = failed(1, 5, "RuntimeError: connection\nclosed")
    assert devices.reason({0: broken, 1: failed(-9, 9)}) == "process 1 was ended by SIGKILL"
    assert devices.reason({0: failed(-15, 4), 1: broken}).startswith("process 0")
    traced = {"message": "RuntimeError: no room", "extraInfo": {"py_callstack": "Traceback ..."}}
    assert devices.reason({0: failed(1, 5, traced)}) == "process 0: RuntimeError: no room"
    assert devices.reason({1: failed(1, 6, "UsageError: groups"), 0: failed(1, 7)}) == "process 1: groups"


def test_the_launch_options_follow_the_protocol_and_the_machines(monkeypatch, tmp_path):
    monkeypatch.setenv(devices.VARIABLE, "")
    devices.use("fsdp2", 8, found=0)
    one = devices.options("bfloat16", "first")
    assert one[:2] == ["--mixed_precision", "bf16"] and Path(one[3]).name == "fsdp2.yaml"
    assert one[-6:] == ["--num_processes", "8", "--num_machines", "1", "--main_process_port", "0"]
    assert devices.command(tmp_path)[0] == sys.executable
    for name, value in {"SLURM_JOB_NUM_NODES": "8", "SLURM_JOB_ID": "12345", "SLURM_NODEID": "3"}.items():
        monkeypatch.setenv(name, value)
    many = devices.options("float32", "first")
    assert many[:2] == ["--mixed_precision", "no"]
    assert many[many.index("--num_processes") + 1] == "64" and many[many.index("--machine_rank") + 1] == "3"
    assert many[many.index("--main_process_ip") + 1] == "first"
    assert devices.command(tmp_path)[:4] == ["srun", "--overlap", "--nodes", "8"]


def test_configurations_are_found_by_name_or_file(tmp_path, monkeypatch):
    own = tmp_path / "own.yaml"
    own.write_text("{}")
    assert devices.config_file(str(own)) == own and devices.config_file(None).name == "multi_gpu.yaml"
    with pytest.raises(UsageError, match=r"'fsdp3'.*fsdp2.*zero3"):
        devices.config_file("fsdp3")
    with pytest.raises(UsageError, match="no such file"):
        devices.config_file("none.yaml")
    with pytest.raises(UsageError, match="--processes"):
        devices.use(None, None, found=0)


def test_a_number_of_processes_that_would_cut_a_group_is_refused_at_once(command, tmp_path):
    done = command("run", *SMALL, "--launcher", "accelerate", "--processes", "3", "--out", tmp_path)
    assert done.returncode == 2 and not list(tmp_path.iterdir())
    assert "4 x group_size 4 = 16 rollouts in 1 mini-batches on 3 processes: groups would be cut" in done.stderr
    done = command("run", *SMALL, "--processes", "2", "--out", tmp_path)
    assert done.returncode == 2 and "are for --launcher accelerate, local, slurm or hf-jobs" in done.stderr


def test_vllm_and_adapters_are_set_as_the_protocol_says(tmp_path, monkeypatch):
    monkeypatch.delenv(parallel.VLLM_SERVER, raising=False)
    settings = protocol.load("smoke", {"vllm": "colocate", "vllm_memory": "0.4", "lora_rank": "8"}).training
    config = configuration.trainer_config(settings, tmp_path, 0, 1, use_cpu=True)
    assert (config.use_vllm, config.vllm_mode, config.vllm_gpu_memory_utilization) == (True, "colocate", 0.4)
    assert config.vllm_importance_sampling_mode == "token_truncate" and not config.vllm_enable_sleep_mode
    lora = parallel.adapter(settings)
    assert (lora.r, lora.lora_alpha, lora.target_modules) == (8, 16, "all-linear")
    plain = protocol.load("smoke").training
    assert parallel.vllm_settings(plain) == {} and parallel.adapter(plain) is None
    with pytest.raises(UsageError, match="set URLVR_VLLM_SERVER"):
        parallel.vllm_settings(settings.model_copy(update={"vllm": "server"}))
    monkeypatch.setenv(parallel.VLLM_SERVER, "http://far:8000")
    served = parallel.vllm_settings(settings.model_copy(update={"vllm": "server"}))
    assert served["vllm_server_base_url"] == "http://far:8000"
    with pytest.raises(UsageError, match="vLLM draws from its own generator"):
        parallel.vllm_settings(settings.model_copy(update={"draws": "rollout"}))


def test_settings_added_later_leave_the_hashes_of_committed_records_as_they_were():
    found = record.read_all([ROOT / "results"])
    assert found and all(each.protocol.hash() == each.protocol_hash for each in found)


def test_every_committed_run_of_the_pocket_lab_can_be_made_again_as_benchmarks_remake_does():
    found = [each for each in record.read_all([ROOT / "results"]) if each.protocol.name.startswith("pocket")]
    assert [again.run_of(each).record_path for each in found] == [each.path for each in found]


def test_a_launcher_that_says_nothing_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(devices, "command", lambda folder: [sys.executable, "-c", "raise SystemExit(7)"])
    with pytest.raises(UsageError, match=r"launcher of its processes ended with 7.*Run the same command again"):
        devices.train(tmp_path)
