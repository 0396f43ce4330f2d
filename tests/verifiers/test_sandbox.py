"""Hostile programs stay in the sandbox, with namespaces and without them."""

import os
import secrets
import socket
import sys
import threading
import time
from pathlib import Path

import pytest

from urlvr_bench.errors import UsageError
from urlvr_bench.verifiers import sandbox, shown_tests
from urlvr_bench.verifiers.sandbox import Isolation, Limits, Outcome

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="programs can be confined on Linux only")
BARE = Isolation(drop_root=False, namespaces=False)


@pytest.fixture(params=["strongest", "bare"])
def within(request: pytest.FixtureRequest) -> Isolation:
    return sandbox.isolation() if request.param == "strongest" else BARE


def python(code: str, within: Isolation, stdin: str = "", **limits: float) -> Outcome:
    command = [sys.executable, "-I", "-S", "main.py"]
    return sandbox.run(command, {"main.py": code}, stdin, Limits(**limits), within)  # type: ignore[arg-type]


def last_line(outcome: Outcome) -> str:
    return (outcome.errors.strip().splitlines() or [""])[-1]


def test_an_honest_program(within: Isolation) -> None:
    code = "import os, sys; print(sys.stdin.read(), os.listdir(), {**os.environ, 'LC_CTYPE': 0}); sys.exit(3)"
    assert python(code, within, stdin="given") == Outcome(3, "given ['main.py'] {'LC_CTYPE': 0}\n", "")


@pytest.mark.parametrize("code", ["while True: pass", "import time; time.sleep(60)"])
def test_a_program_without_end_is_killed(code: str, within: Isolation) -> None:
    started = time.monotonic()
    assert python(code, within, seconds=0.5).code is None
    assert time.monotonic() - started < 0.5 + sandbox.PATIENCE + 2


def test_a_fork_bomb_does_not_go_off(within: Isolation) -> None:
    marker = secrets.token_hex(8)
    outcome = python(f"import os\nwhile True: os.fork() or {marker!r}", within, seconds=2)
    assert (outcome.code, last_line(outcome)) == (1, "PermissionError: [Errno 1] Operation not permitted")
    threads = python("import threading; threading.Thread(target=print).start()", within)
    assert (threads.code, last_line(threads)) == (1, "RuntimeError: can't start new thread")


def test_an_escape_from_the_session_is_no_escape(within: Isolation) -> None:
    marker = secrets.token_hex(8)
    code = (
        f"import os, time\ntry: os.setsid()\nexcept OSError: pass\nmarker = {marker!r}\nprint(marker)\ntime.sleep(60)"
    )
    outcome = sandbox.run([sys.executable, "-I", "-S", "-u", "-c", code], {}, limits=Limits(seconds=0.5), within=within)
    assert (outcome.code, outcome.output) == (None, f"{marker}\n")
    time.sleep(0.1)
    assert not [path for path in Path("/proc").glob("[0-9]*/cmdline") if marker in _read(path)]


def _read(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""


def test_memory_is_bounded(within: Isolation) -> None:
    outcome = python("x = bytearray(10 * 10**9)", within)
    assert (outcome.code, last_line(outcome)) == (1, "MemoryError")


def test_files_and_output_are_bounded(within: Isolation) -> None:
    outcome = python("open('big', 'wb').write(bytes(10**8))", within, file_mb=4)
    assert outcome.code != 0
    flood = python("while True: print('x' * 10000)", within, seconds=5, file_mb=2)
    assert flood.code != 0
    assert len(flood.output) <= sandbox.MOST_OUTPUT
    assert python("held = [open('f', 'w') for _ in range(100)]", within).code == 1


def test_the_network_is_out_of_reach(within: Isolation) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        code = f"import socket; socket.create_connection(('127.0.0.1', {server.getsockname()[1]}), 1)"
        outcome = python(code, within)
        assert (outcome.code, last_line(outcome)) == (1, "PermissionError: [Errno 1] Operation not permitted")
        with pytest.raises(TimeoutError):
            server.accept()
    assert python("import socket; socket.socket(socket.AF_UNIX)", within).code == 1


def test_other_processes_are_out_of_reach(within: Isolation) -> None:
    refused = "try: os.kill({pid}, 0); print('reached')\nexcept PermissionError: print('refused')\n"
    code = "import os\n" + refused.format(pid=os.getpid()) + refused.format(pid="os.getppid()") + refused.format(pid=-1)
    assert python(code, within).output == "refused\n" * 3


def test_the_parents_secrets_are_out_of_reach(monkeypatch: pytest.MonkeyPatch) -> None:
    within = sandbox.isolation()
    if not (within.namespaces or within.drop_root):
        pytest.skip(f"not promised here: {within.gaps}")
    monkeypatch.setenv("SECRET_TOKEN", "hunter2")
    code = f"""import glob, os
found = str(dict(os.environ))
for path in ["/proc/{os.getpid()}/environ", *glob.glob("/proc/*/environ")]:
    try: found += open(path).read()
    except OSError: pass
print("hunter2" in found, "SECRET_TOKEN" in found)"""
    assert python(code, within).output == "False False\n"


def test_the_disk_is_read_only_but_for_the_box(tmp_path: Path) -> None:
    within = sandbox.isolation()
    if not within.namespaces:
        pytest.skip(f"not promised here: {within.gaps}")
    tmp_path.chmod(0o777)
    kept = tmp_path / "kept"
    kept.write_text("here")
    kept.chmod(0o666)
    code = f"""import os
open("mine", "w").write("fine")
new, kept = {str(tmp_path / "new")!r}, {str(kept)!r}
for act in (lambda: open(new, "w"), lambda: os.remove(kept), lambda: open(kept, "a")):
    try: act(); print("done")
    except OSError as error: print(error.strerror)
print(open("mine").read())"""
    *refused, mine = python(code, within).output.splitlines()
    assert len(refused) == 3
    assert set(refused) <= {"Read-only file system", "Permission denied"}
    assert mine == "fine"
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]


def test_the_way_out_is_not_undone() -> None:
    within = sandbox.isolation()
    if not within.namespaces:
        pytest.skip(f"not promised here: {within.gaps}")
    code = """import ctypes
libc = ctypes.CDLL(None)
print(libc.umount2(b"/proc", 2), libc.mount(None, b"/", None, 32 | 4096, None), libc.setuid(0), libc.setns(0, 0))"""
    tried = python(code, within, memory_mb=2048).output.split()
    assert tried[:2] == ["-1", "-1"]
    assert tried[3] == "-1"


def test_nothing_is_left_behind(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, within: Isolation) -> None:
    tmp_path.chmod(0o777)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    python("import os; os.makedirs('a/b'); open('a/b/c', 'w').write('x'); os.chmod('a', 0)", within)
    assert list(tmp_path.iterdir()) == []


def test_the_sandbox_serves_many_threads() -> None:
    texts = ["1", "2", "3", "2", "1"] * 2
    calls: list[str] = []
    lock = threading.Lock()

    def check(text: str) -> bool:
        with lock:
            calls.append(text)
        return python("import sys; sys.exit(int(sys.stdin.read()))", sandbox.isolation(), text).code == 2

    assert sandbox.each(check, texts) == [text == "2" for text in texts]
    assert sorted(calls) == ["1", "2", "3"]


PROMPT = """Write a function.

def add(a, b):
    '''
    >>> add(1, 2)
    3
    '''
Your code must pass:
assert add(3, 4) == 7
assert add(-1, 1) == 0"""

SOLUTIONS = {
    "```python\ndef add(a, b):\n    return a + b\n```": 1,
    "First\n```python\ndef add(a, b): return a\n```\nbut better:\n```py\ndef add(a, b): return a + b\n```": 1,
    "```\nfrom __future__ import annotations\nadd = lambda a, b: a + b\nprint('noise')\n```": 1,
    "```python\ndef add(a, b): return 7\n```": 0,
    "```python\ndef add(a, b): return 3 if (a, b) == (1, 2) else 7 if a == 3 else 0\n```": 1,
    "```python\ndef add(a, b): return a + b if a > 1 else 0\n```": 0,  # fails the >>> example only
    "def add(a, b): return a + b": 0,  # no code block
    "```python\n\n```": 0,
    "```python\ndef add(a, b) return\n```": 0,
    "```python\nimport sys; sys.exit(0)\n```": 0,
    "```python\nimport os; os._exit(0)\n```": 0,
    "```python\nraise SystemExit\n```": 0,
    "```python\nimport sys; print(sys.stdin.read()); sys.exit(0)\n```": 0,  # the key is gone before the code runs
    "```python\ndef add(a, b):\n    while True: pass\n```": 0,
}


def test_shown_tests() -> None:
    verdicts = shown_tests.passed(PROMPT, list(SOLUTIONS), Limits(seconds=2))
    assert verdicts == [bool(right) for right in SOLUTIONS.values()]


def test_shown_tests_see_names_that_start_with_an_underscore() -> None:
    good, bad = (f"```python\ndef _add(a, b): return a {sign} b\n```" for sign in "+-")
    assert shown_tests.passed("Write _add(a, b).\nassert _add(3, 4) == 7", [good, bad]) == [True, False]


def test_a_prompt_without_tests_is_an_error() -> None:
    with pytest.raises(UsageError, match="shows no `assert` line and no `>>>` example"):
        shown_tests.passed("Write code.", ["```\n1\n```"])
    with pytest.raises(UsageError, match="shows a test that is no Python: assert that it works"):
        shown_tests.passed("Write code and\nassert that it works", ["```\n1\n```"])


def test_what_remains_open_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    run = sandbox.run
    monkeypatch.setattr(
        "urlvr_bench.verifiers.sandbox.run",
        lambda *args, within, **more: Outcome(1, "", "") if within.namespaces else run(*args, within=within, **more),
    )
    with pytest.warns(UserWarning, match="not perfect: namespaces cannot be used here, so a program may read the disk"):
        assert not sandbox.isolation.__wrapped__().namespaces
