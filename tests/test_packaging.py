"""A wheel brings one top-level name and everything that the commands need, wherever it is installed."""

import json
import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    out = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", str(out), str(ROOT)]
    subprocess.run(build, check=True, capture_output=True)
    (found,) = out.glob("*.whl")
    return found


def test_a_wheel_has_one_top_level_name(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0] for name in names if ".dist-info" not in name} == {"urlvr_bench"}


def test_a_wheel_has_every_module(wheel):
    inside = set(zipfile.ZipFile(wheel).namelist())
    found = {path.relative_to(ROOT).as_posix() for path in (ROOT / "urlvr_bench").rglob("*.py")}
    found |= {
        f"urlvr_bench/{path.relative_to(ROOT).as_posix()}"
        for name in ("methods", "tasks")
        for path in (ROOT / name).glob("*.py")
    }
    assert found - inside == set()


def test_an_unpacked_wheel_lists_and_plans_what_the_checkout_does(wheel, tmp_path):
    zipfile.ZipFile(wheel).extractall(tmp_path / "installed")
    outputs = []
    for root in (ROOT, tmp_path / "installed"):
        text = []
        for arguments in (["list", "methods"], ["list", "tasks"], ["list", "models"], ["run", "--dry-run"]):
            command = [sys.executable, "-m", "urlvr_bench.cli", *arguments, "--json"]
            environment = {**os.environ, "PYTHONPATH": str(root)}
            done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=environment)
            assert done.returncode == 0, done.stderr
            text.append(done.stdout)
        outputs.append(text)
    assert outputs[0] == outputs[1]


@pytest.mark.lab
def test_an_installed_wheel_trains(wheel, tmp_path):
    """Install into a fresh environment that borrows this one's dependencies, and run its own command elsewhere."""
    venv.create(tmp_path / "elsewhere", with_pip=False)
    python = tmp_path / "elsewhere" / "bin" / "python"
    inside = sysconfig.get_path("purelib", vars={"base": str(tmp_path / "elsewhere")})
    install = [sys.executable, "-m", "pip", "--python", str(python), "install", "-q", "--no-deps", "--no-index"]
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    subprocess.run([*install, str(wheel)], check=True, capture_output=True, env=environment)
    Path(inside, "borrowed.pth").write_text(sysconfig.get_path("purelib"))
    settings = ["--set", "steps=3", "--set", "problems=4", "--set", "prompts_per_step=2"]
    command = [
        tmp_path / "elsewhere" / "bin" / "urlvr-bench",
        "run",
        "--protocol",
        "smoke",
        "--method",
        "majority_vote",
    ]
    environment |= {"HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
    done = subprocess.run([*command, *settings], capture_output=True, text=True, cwd=tmp_path, env=environment)
    assert done.returncode == 0, done.stderr
    (path,) = tmp_path.glob("runs/**/record.json")
    found = json.loads(path.read_text())
    assert found["steps"]["step"] == [1, 2, 3] and found["provenance"]["git_commit"] is None
