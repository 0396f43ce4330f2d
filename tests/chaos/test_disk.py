"""What a disk may do to a run: be full, be read-only, lose or change bytes, have a clock that jumps."""

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.chaos.lab import Fault

pytestmark = pytest.mark.lab


@pytest.fixture
def disk(tmp_path):
    """Mount a small file system of its own; its size and rights can be changed."""

    def mount(options: str) -> bool:
        command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(place)]
        return subprocess.run(command, capture_output=True, check=False).returncode == 0

    place = tmp_path / "disk"
    place.mkdir()
    if os.getuid() != 0 or not mount("size=200k"):
        pytest.skip("only root may mount a small file system, and not in every container")
    mount.place = place
    yield mount
    subprocess.run(["umount", "--lazy", str(place)], check=True)


def test_a_full_disk_ends_a_run_with_its_reason_and_room_continues_it(lab, disk):
    folder = lab.begin("full", disk.place)
    for size in ("800k", "2500k"):
        disk(f"remount,size={size}")
        assert lab.attempt(folder) == 1
        reason = lab.said(folder).splitlines()[-1]
        assert "No space left on device" in reason and "run the same command again" in reason
        assert not list(folder.glob(".*.tmp")) and not (folder / "record.json").exists()
    disk("remount,size=64m")
    lab.finish(folder)


def test_a_folder_that_became_read_only_says_so_and_stays_as_it_is(lab, disk, command):
    disk("remount,size=64m")
    folder = lab.begin("read-only", disk.place)
    assert lab.attempt(folder, Fault("reward", 4)) == -signal.SIGKILL
    before = sorted(folder.rglob("*"))
    disk("remount,ro")
    assert lab.attempt(folder) == 1
    assert "Read-only file system" in lab.said(folder).splitlines()[-1]
    assert sorted(folder.rglob("*")) == before
    done = command("run", "--protocol", "smoke", "--method", "majority_vote", "--out", disk.place)
    assert done.returncode == 2 and "Read-only file system" in done.stderr and "Traceback" not in done.stderr
    disk("remount,rw")
    lab.finish(folder)


def flip(path: Path) -> None:
    """Change one bit in the middle of a file; its length and times stay."""
    times, content = path.stat(), bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


def cut(path: Path) -> None:
    """Lose the last third of a file."""
    os.truncate(path, path.stat().st_size * 2 // 3)


def jump(folder: Path) -> None:
    """Let the files of a folder come from tomorrow, as after a clock that was set back."""
    tomorrow = time.time() + 86400
    for path in (folder, *folder.rglob("*")):
        os.utime(path, (tomorrow, tomorrow))


TRAINING = {
    "a bit of the newest checkpoint": (lambda f: flip(f / "checkpoints/checkpoint-4/optimizer.pt"), 2, "passed over"),
    "its seal": (lambda f: flip(f / "checkpoints/checkpoint-4/SHA256SUMS"), 2, "checkpoint-4 is not whole"),
    "the steps": (lambda f: cut(f / "steps.jsonl"), 4, "steps.jsonl is damaged"),
    "all checkpoints": (lambda f: [cut(path) for path in f.glob("checkpoints/*/model.safetensors")], 0, "from step 0"),
    "the clock": (lambda f: jump(f / "checkpoints"), 4, ""),
}
"""What is damaged in the middle of a training, the step to go on from, and what is to be said."""
OVER = {
    "the steps": (lambda f: cut(f / "steps.jsonl"), "steps.jsonl is not as the training left it"),
    "the facts": (lambda f: flip(f / "train.json"), "train.json is damaged"),
    "an evaluation": (lambda f: cut(f / "evals/step-000000.json"), "step-000000.json is damaged"),
    "the samples": (lambda f: cut(f / "evals/step-000002/samples.jsonl"), ""),
}
"""The same once the training is over, in the middle of an evaluation."""


@pytest.fixture(scope="module")
def broken_off(lab):
    """Two runs that were killed, one in its last step, one in its second evaluation."""
    folders = []
    for name, moment, number in (("training", "reward", 5), ("over", "evaluation", 2)):
        folders.append(lab.begin(name))
        assert lab.attempt(folders[-1], Fault(moment, number)) == -signal.SIGKILL
    assert (folders[1] / "evals/step-000000.json").exists() and not (folders[1] / "evals/step-000002.json").exists()
    (folders[1] / "evals/step-000002").mkdir(exist_ok=True)
    (folders[1] / "evals/step-000002/samples.jsonl").write_text('{"key": "half a line')
    return folders


@pytest.mark.parametrize("what", TRAINING)
def test_damage_in_the_middle_of_a_training_is_found_and_mended(lab, broken_off, what):
    damage, step, said = TRAINING[what]
    folder = shutil.copytree(broken_off[0], lab.root / f"training {what}")
    damage(folder)
    lab.finish(folder)
    assert said in lab.said(folder)
    assert (f"continuing after step {step}" if step else "starts again") in lab.said(folder)


@pytest.mark.parametrize("what", OVER)
def test_damage_after_the_training_is_found_and_mended(lab, broken_off, what):
    damage, said = OVER[what]
    folder = shutil.copytree(broken_off[1], lab.root / f"over {what}")
    damage(folder)
    lab.finish(folder)
    assert said in lab.said(folder)


def test_damaged_weights_are_never_judged(lab, broken_off):
    folder = shutil.copytree(broken_off[1], lab.root / "weights")
    flip(folder / "weights/step-000002/model.safetensors")
    assert lab.attempt(folder) == 1
    assert "weights/step-000002 is damaged: delete the run folder" in (folder / "error.txt").read_text()
