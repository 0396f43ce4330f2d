"""Processes end when they should: on Ctrl-C at any moment, and with those that they serve."""

import multiprocessing
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from tests.conftest import ROOT
from urlvr_bench.system.files import write_atomically
from urlvr_bench.system.processes import EXIT_CODE
from urlvr_bench.system.spreading import spread

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="the kernel ends children with their parent on Linux alone")
PATIENCE = 60
"""Seconds until a command has begun, on a machine under load."""
COMMANDS = {
    "collect": ["collect", "results/pocket@1/pocket-6", "--out", "OUT"],
    "table": ["table", "results/pocket@1"],
    "check": ["check", "results/pocket@1"],
    "board build": ["board", "build", "results/pocket@1", "--out", "OUT"],
}


def start(*arguments: str, **options) -> subprocess.Popen[str]:
    """Start Python in a group of its own, as a shell does; Ctrl-C goes to the whole group."""
    return subprocess.Popen(
        [sys.executable, *arguments],
        cwd=ROOT,
        text=True,
        stderr=subprocess.PIPE,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        **options,
    )


def group(leader: int) -> list[psutil.Process]:
    """Return the processes of a session, those that have ended but are not yet buried left out."""
    found = []
    for process in psutil.process_iter(["status"]):
        try:
            if os.getsid(process.pid) == leader and process.info["status"] != psutil.STATUS_ZOMBIE:
                found.append(process)
        except ProcessLookupError:
            continue
    return found


@pytest.mark.parametrize("name", COMMANDS)
def test_an_interrupt_at_any_moment_ends_a_command_at_once_and_silently(name, tmp_path):
    arguments = ["-m", "urlvr_bench.cli", *(part.replace("OUT", str(tmp_path / "out")) for part in COMMANDS[name])]
    for _ in range(6):
        child = start(*arguments, stdout=subprocess.DEVNULL)
        wait_until(lambda pid=child.pid: is_past_the_start(pid))
        time.sleep(random.uniform(0.05, 3))
        os.killpg(child.pid, signal.SIGINT)
        sent = time.monotonic()
        _, said = child.communicate(timeout=30)
        while group(child.pid) and time.monotonic() - sent < 2:
            time.sleep(0.01)
        assert time.monotonic() - sent < 2
        assert child.returncode in (130, 0) and "Traceback" not in said and "KeyboardInterrupt" not in said, said
        assert not [left for left in tmp_path.rglob(".*") if left.name != ".lock"]


def is_past_the_start(pid: int) -> bool:
    """Return whether a process has loaded what `system.processes` needs; Python itself provides for nothing yet."""
    try:
        return "_ctypes" in Path(f"/proc/{pid}/maps").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return True


def wait_until(condition) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@LINUX
def test_spread_work_ends_with_its_parent(tmp_path):
    imports = "from time import sleep; from urlvr_bench.system.spreading import spread"
    child = start("-c", f"{imports}\nwith spread(lambda i: sleep(99), range(200)): sleep(99)")
    wait_until(lambda: len(group(child.pid)) > 1)
    child.kill()
    child.wait()
    wait_until(lambda: not group(child.pid))


def test_a_process_that_shares_work_and_is_killed_is_an_error_and_no_wait():
    with pytest.raises(RuntimeError, match="ended with -9"), spread(die_at_250, range(500)) as found:
        list(found)


def die_at_250(item: int) -> int:
    if item == 250 and multiprocessing.parent_process():
        os.kill(os.getpid(), signal.SIGKILL)
    return item


def test_a_child_that_follows_a_pipe_ends_in_the_midst_of_its_work():
    follower = "import os, time; from urlvr_bench.system.processes import follow; follow(0, lambda: os._exit(0)); "
    follower += "print(1, flush=True); time.sleep(99)"
    body = (
        f"import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', {follower!r}], stdin=subprocess.PIPE)"
    )
    child = start("-c", f"{body}; time.sleep(99)", stdout=subprocess.PIPE)
    assert child.stdout and child.stdout.readline() and len(group(child.pid)) == 2
    child.kill()
    child.wait()
    killed = time.monotonic()
    wait_until(lambda: not group(child.pid))
    assert time.monotonic() - killed < 2


def test_a_judge_of_formulas_ends_with_its_asker():
    child = start("-c", "from urlvr_bench.verifiers.grading import equivalent; equivalent('1', 'x'); input()")
    wait_until(lambda: len(group(child.pid)) > 1)
    child.kill()
    child.wait()
    wait_until(lambda: not group(child.pid))


def test_a_hangup_that_is_ignored_stays_ignored():
    body = "from urlvr_bench.system.processes import REQUEST, Stopped; import os, signal; REQUEST.listen(); "
    body += "os.kill(os.getpid(), signal.SIGHUP); print('on'); os.kill(os.getpid(), signal.SIGTERM)"
    ignore = "import signal; signal.signal(signal.SIGHUP, signal.SIG_IGN); "
    heeded, ignored = (start("-c", before + body, stdout=subprocess.PIPE) for before in ("", ignore))
    assert heeded.communicate(timeout=PATIENCE)[0] == "" and ignored.communicate(timeout=PATIENCE)[0] == "on\n"
    assert heeded.returncode == ignored.returncode == EXIT_CODE


def test_what_a_killed_process_was_writing_is_swept_and_what_a_living_one_writes_is_not(tmp_path):
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    stale, live = (tmp_path / f".seed0.json.{pid}.tmp" for pid in (gone.pid, os.getppid()))
    for path in (stale, live):
        path.write_text("half")
    write_atomically(tmp_path / "seed0.json", "whole")
    assert not stale.exists() and live.exists() and (tmp_path / "seed0.json").read_text() == "whole"
