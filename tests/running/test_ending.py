"""However `run` ends, its workers end with it and the folder can be continued; and nobody makes a run twice."""

import json
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.conftest import ROOT

pytestmark = pytest.mark.lab
LONG = ["run", "--protocol", "smoke", "--set", "steps=4000", "--set", "every=4000", "--method", "majority_vote"]
PATIENCE = 120
"""Seconds until a worker is at work, on a machine under load."""
LEAVE_SECONDS = 5


class Command:
    """The command line as a child in a session of its own, whose descendants are known by a mark."""

    def __init__(self, arguments: list[str]) -> None:
        self.mark = uuid.uuid4().hex
        self.process = subprocess.Popen(
            [sys.executable, "-m", "urlvr_bench.cli", *arguments],
            env={**os.environ, "HF_HUB_OFFLINE": "1", "URLVR_TEST_MARK": self.mark},
            cwd=ROOT,
            stderr=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL),  # the tests may run under nohup
        )

    def family(self) -> list[psutil.Process]:
        """Return the command and all that came of it."""
        found = []
        for process in psutil.process_iter(["status"]):
            try:
                if process.info["status"] != psutil.STATUS_ZOMBIE and self.mark in process.environ().values():
                    found.append(process)
            except psutil.Error:
                continue
        return found

    def wait_until(self, condition) -> None:
        deadline = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < deadline and self.process.poll() is None
            time.sleep(0.05)

    def ends(self, how: signal.Signals, whole_group: bool = False) -> int:
        """Send a signal; return the exit code once the command and all its descendants have ended in time."""
        sent = time.monotonic()
        (os.killpg if whole_group else os.kill)(self.process.pid, how)
        code = self.process.wait(LEAVE_SECONDS)
        while self.family():
            assert time.monotonic() - sent < LEAVE_SECONDS, self.family()
            time.sleep(0.05)
        return code


@pytest.fixture
def begin() -> Iterator:
    begun = []

    def start(*arguments: str) -> Command:
        begun.append(Command(list(arguments)))
        return begun[-1]

    yield start
    for command in begun:
        for process in command.family():
            process.kill()


def steps_under(out: Path) -> int:
    return sum(path.read_bytes().count(b"\n") for path in out.rglob("steps.jsonl"))


def state(command, out: Path) -> str:
    (found,) = json.loads(command("status", out, "--json").stdout)
    return found["state"]


def test_a_second_command_says_where_the_run_is_and_both_leave_it_whole(begin, command, tmp_path):
    first = begin(*LONG, "--out", str(tmp_path))
    first.wait_until(lambda: steps_under(tmp_path) > 2)
    second = command(*LONG, "--out", tmp_path)
    assert second.returncode == 1 and f"1 run under way in process {first.process.pid}" in second.stderr
    assert "running" in second.stderr and "failed" not in second.stderr and state(command, tmp_path) == "running"

    assert first.ends(signal.SIGTERM, whole_group=True) == 143  # as `timeout` sends it
    assert state(command, tmp_path) == "stopped" and not list(tmp_path.rglob("error.txt"))
    (folder,) = (path.parent for path in tmp_path.rglob("run.json"))
    assert "stopped on request after step" in (folder / "log.txt").read_text()
    again = command(*LONG, "--out", tmp_path, "--dry-run", "--json")
    assert [row["state"] for row in json.loads(again.stdout)["runs"]] == ["begun"]


@pytest.mark.parametrize("how", [signal.SIGHUP, signal.SIGKILL])
def test_workers_end_with_their_command_and_a_rerun_goes_on(begin, tmp_path, how):
    first = begin(*LONG, "--out", str(tmp_path))
    first.wait_until(lambda: steps_under(tmp_path) > 2)
    if how == signal.SIGKILL:
        os.kill(first.process.pid, how)
        time.sleep(0.2)
    else:
        assert first.ends(how) == 143
    second = begin(*LONG, "--out", str(tmp_path))  # while the worker may still be leaving
    (folder,) = (path.parent for path in tmp_path.rglob("run.json"))
    second.wait_until(lambda: "continuing after step" in (folder / "log.txt").read_text())
    assert not first.family()
    assert second.ends(signal.SIGINT) == 130


def test_a_command_that_is_killed_while_its_engines_are_imported_leaves_nothing(begin, tmp_path):
    first = begin(*LONG, "--out", str(tmp_path))
    first.wait_until(lambda: any("forkserver" in " ".join(process.cmdline()) for process in first.family()))
    time.sleep(0.3)
    assert first.ends(signal.SIGKILL) == -signal.SIGKILL
