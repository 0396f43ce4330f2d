"""For all tests: a command line in a child process, and the programs of the system that a test says it needs."""

import os
import subprocess
import sys
from pathlib import Path

import programs
import pytest

ROOT = Path(__file__).parents[1]


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a test whose programs are not here; hide them from the others, which else would fail on other machines."""
    needed = [name for mark in item.iter_markers("needs") for name in mark.args]
    for why in filter(None, map(programs.missing, needed)):
        pytest.skip(why)
    os.environ["PATH"] = programs.PATH if needed else programs.without_optional()


@pytest.fixture(scope="session", autouse=True)
def nothing_is_kept(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Have what our code keeps for the user be kept elsewhere."""
    os.environ["URLVR_CACHE"] = str(tmp_path_factory.mktemp("cache"))


@pytest.fixture
def command():
    """Run the command line as a user does; return the finished process."""

    def call(*args: str | Path, timeout: float = 120, **environment: str) -> subprocess.CompletedProcess[str]:
        values = {**os.environ, "HF_HUB_OFFLINE": "1", "COLUMNS": "120", "NO_COLOR": "1", **environment}
        arguments = [sys.executable, "-m", "urlvr_bench.cli", *map(str, args)]
        return subprocess.run(arguments, capture_output=True, text=True, timeout=timeout, env=values, cwd=ROOT)

    return call
