"""The tests pass on a machine that has Python alone: what else one needs it names, and is skipped without."""

import os
import re
import shutil
import subprocess
import sys

import programs
import pytest

from tests.conftest import ROOT


@pytest.mark.parametrize("program", sorted(programs.NAMES))
def test_a_test_that_names_no_program_sees_none(program):
    assert shutil.which(program) is None and shutil.which("sh")


def test_all_tests_are_collected_without_any_program(tmp_path):
    command = [sys.executable, "-m", "pytest", "-n", "0", "--collect-only", "-m", "", "-p", "no:cacheprovider"]
    environment = {**os.environ, "PATH": str(tmp_path), "CHROMIUM": ""}
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=environment, timeout=300)
    assert done.returncode == 0, done.stdout[-2000:]


def test_those_that_name_a_program_are_skipped_without_it_and_say_how_to_get_it(tmp_path):
    files = ["tests/verifiers/test_proofs.py", "tests/tasks/test_tasks.py", "tests/review/test_check.py"]
    command = [sys.executable, "-m", "pytest", "-n", "0", "-k", "coq or lemma or lean or proof or history", *files]
    done = subprocess.run(
        command, capture_output=True, text=True, cwd=ROOT, env={**os.environ, "PATH": str(tmp_path)}, timeout=300
    )
    assert done.returncode == 0, done.stdout[-2000:]
    for package in ("coq", "lean", "git"):
        assert f"no {package} on the PATH: {programs.OPTIONAL[package][1]}" in done.stdout


def test_the_readme_says_what_is_skipped_without_which_package():
    text = (ROOT / "README.md").read_text()
    rows = re.findall(r'^\| (\w+) \| `needs\("(\w+)"\)`', text, re.MULTILINE)
    assert [mark for _, mark in rows] == [package for package, _ in rows] == list(programs.OPTIONAL)
