"""Shared by the tests that train: a command line in a child process, and a small protocol."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture
def command():
    """Run the command line as a user does; return the finished process."""

    def call(*args: str | Path, timeout: float = 120, **environment: str) -> subprocess.CompletedProcess[str]:
        values = {**os.environ, "HF_HUB_OFFLINE": "1", "COLUMNS": "120", "NO_COLOR": "1", **environment}
        arguments = [sys.executable, "-m", "urlvr_bench.cli", *map(str, args)]
        return subprocess.run(arguments, capture_output=True, text=True, timeout=timeout, env=values, cwd=ROOT)

    return call
