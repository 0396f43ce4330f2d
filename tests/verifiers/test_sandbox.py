"""Hostile programs stay in the sandbox, with namespaces and without them."""

import errno
import json
import os
import secrets
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from urlvr_bench.errors import UsageError
from urlvr_bench.verifiers import sandbox, system_calls
from urlvr_bench.verifiers.sandbox import Isolation, Limits, Outcome

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="programs can be confined on Linux only")


@pytest.fixture(params=["whole", "weak"])
def within(request: pytest.FixtureRequest) -> Isolation:
    kind: Isolation = request.param
    if not works(kind):
        pytest.skip(f"programs cannot be confined here in {kind} isolation")
    return kind


@cache
def works(within: Isolation) -> bool:
    return python("print('inside')", within).output == "inside\n"


def python(code: str, within: Isolation = "whole", **limits: float) -> Outcome:
    command = [sandbox.PYTHON, "-I", "-S", "main.py"]
    return sandbox.run(command, {"main.py": code}, Limits(**limits), within=within)  # type: ignore[arg-type]


def last_line(outcome: Outcome) -> str:
    return (outcome.errors.strip().splitlines() or [""])[-1]


def test_an_honest_program(within: Isolation) -> None:
    code = "import os, sys; print(sys.stdin.read(), os.listdir(), {**os.environ, 'LC_CTYPE': 0}); sys.exit(3)"
    assert python(code, within) == Outcome(3, " ['main.py'] {'LC_CTYPE': 0}\n", "")


@pytest.mark.parametrize("code", ["while True: pass", "import time; time.sleep(60)"])
def test_a_program_without_end_is_killed(code: str, within: Isolation) -> None:
    started = time.monotonic()
    assert python(code, within, seconds=0.5).code is None
    assert time.monotonic() - started < 0.5 * sandbox.PACE + 4


def test_an_escape_from_the_session_is_no_escape(within: Isolation) -> None:
    marker = secrets.token_hex(8)
    code = f"import ctypes, os, time\nprint({marker!r}, ctypes.CDLL(None).prctl(1, 0, 0, 0, 0))\ntime.sleep(60)"
    outcome = sandbox.run([sandbox.PYTHON, "-I", "-S", "-u", "-c", code], {}, limits=Limits(seconds=0.5), within=within)
    assert (outcome.code, outcome.output) == (None, f"{marker} -1\n")
    time.sleep(0.1)
    assert not holders(marker)


def test_a_killed_trainer_leaves_no_program() -> None:
    nap = f"import time; time.sleep(60); {secrets.token_hex(8)!r}"
    sleeper = [sandbox.PYTHON, "-I", "-S", "-c", nap]
    code = f"from urlvr_bench.verifiers import sandbox; sandbox.run({sleeper!r}, {{}}, within='whole')"
    trainer = subprocess.Popen([sys.executable, "-c", code], cwd=Path(__file__).parents[2])
    running = f"-c\0{nap}"  # as the program spells it, not as the trainer does that asks for it
    assert eventually(lambda: bool(holders(running)))
    trainer.kill()
    trainer.wait()
    assert eventually(lambda: not holders(running))


def holders(marker: str) -> list[Path]:
    return [path for path in Path("/proc").glob("[0-9]*/cmdline") if marker in _read(path)]


def eventually(condition: Callable[[], bool]) -> bool:
    end = time.monotonic() + 20
    while not condition() and time.monotonic() < end:
        time.sleep(0.05)
    return condition()


def _read(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""


CALLS = {
    "accept": 43, "acct": 163, "add_key": 248, "adjtimex": 159, "bind": 49, "bpf": 321, "capset": 126, "chown": 92,
    "chroot": 161, "clock_settime": 227, "clone3": 435, "connect": 42, "delete_module": 176, "execveat": 322,
    "fanotify_init": 300, "finit_module": 313, "fork": 57, "fsopen": 430, "get_mempolicy": 239, "init_module": 175,
    "inotify_init1": 294, "io_setup": 206, "io_uring_setup": 425, "ioperm": 173, "iopl": 172, "ioprio_set": 251,
    "kcmp": 312, "kexec_load": 246, "keyctl": 250, "kill": 62, "landlock_create_ruleset": 444, "listen": 50,
    "lookup_dcookie": 212, "memfd_create": 319, "memfd_secret": 447, "migrate_pages": 256, "mknod": 133, "mlock": 149,
    "mlockall": 151, "modify_ldt": 154, "mount": 165, "mount_setattr": 442, "move_mount": 429, "move_pages": 279,
    "mq_open": 240, "msgget": 68, "name_to_handle_at": 303, "nfsservctl": 180, "open_by_handle_at": 304,
    "open_tree": 428, "perf_event_open": 298, "personality": 135, "pidfd_getfd": 438, "pidfd_open": 434,
    "pidfd_send_signal": 424, "pivot_root": 155, "process_madvise": 440, "process_vm_readv": 310,
    "process_vm_writev": 311, "ptrace": 101, "quotactl": 179, "reboot": 169, "remap_file_pages": 216,
    "request_key": 249, "rt_sigqueueinfo": 129, "rt_tgsigqueueinfo": 297, "sched_setaffinity": 203,
    "sched_setattr": 314, "sched_setparam": 142, "sched_setscheduler": 144, "seccomp": 317, "semget": 64,
    "sendmsg": 46, "sendto": 44, "setdomainname": 171, "setgid": 106, "setgroups": 116, "sethostname": 170,
    "setns": 308, "setpgid": 109, "setpriority": 141, "setresuid": 117, "setsid": 112, "settimeofday": 164,
    "setuid": 105, "setxattr": 188, "shmat": 30, "shmget": 29, "signalfd4": 289, "socket": 41, "socketpair": 53,
    "splice": 275, "swapon": 167, "syslog": 103, "tee": 276, "tgkill": 234, "timer_create": 222, "tkill": 200,
    "umount2": 166, "unshare": 272, "userfaultfd": 323, "vfork": 58, "vhangup": 153, "vmsplice": 278,
}  # fmt: skip
"""System calls of x86_64 that no program may make."""
WITH = {
    "clone": "56, 17, 0, 0, 0, 0",
    "clone of a namespace": "56, 0x10000011, 0, 0, 0, 0",
    "fcntl F_SETOWN": "72, 0, 8, 1",
    "fcntl F_SETOWN_EX": "72, 0, 15, 0",
    "fcntl F_SETSIG": "72, 0, 10, 9",
    "fcntl F_SETFL O_ASYNC": "72, 0, 4, 0x2000",
    "fcntl F_NOTIFY": "72, 0, 1026, 1",
    "fcntl F_SETLEASE": "72, 0, 1024, 0",
    "fcntl F_SETPIPE_SZ": "72, 1, 1031, 1 << 20",
    "ioctl FIOASYNC": "16, 0, 0x5452, 0",
    "ioctl FIOSETOWN": "16, 0, 0x8901, 0",
    "ioctl TIOCSTI": "16, 0, 0x5412, 0",
    "prctl PR_SET_PDEATHSIG": "157, 1, 0, 0, 0, 0",
    "prctl PR_SET_DUMPABLE": "157, 4, 0, 0, 0, 0",
    "prctl PR_SET_MM": "157, 35, 1, 0, 0, 0",
    "prctl PR_SET_SECCOMP": "157, 22, 1, 0, 0, 0",
    "prctl PR_SET_CHILD_SUBREAPER": "157, 36, 1, 0, 0, 0",
    "prlimit64 of another": "302, 1, 7, 0, 0",
    "a call of x32": "0x40000000 + 39, 0",
}
ASK = """
import ctypes, json, os
libc = ctypes.CDLL(None, use_errno=True)
def ask(*words):
    ctypes.set_errno(0)
    return [libc.syscall(*map(ctypes.c_long, words)), ctypes.get_errno()]
"""


@cache
def refusals(within: Isolation) -> dict[str, list[int]]:
    """Return the answer and the error of each forbidden system call, asked for by one program."""
    asked = {**{name: f"{number}, 0, 0, 0, 0, 0" for name, number in CALLS.items()}, **WITH}
    code = ASK + "print(json.dumps({" + ", ".join(f"{name!r}: ask({words})" for name, words in asked.items()) + "}))"
    outcome = python(code, within, memory_mb=2048)
    found: dict[str, list[int]] = json.loads(outcome.output)
    return found


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="the numbers of the calls are those of x86_64")
def test_the_kernel_refuses_all_other_system_calls(within: Isolation) -> None:
    assert {name: answer for name, answer in refusals(within).items() if answer != [-1, errno.EPERM]} == {}


ESCAPES = {
    "read the password file": "open('/etc/passwd')",
    "read the shadow file": "open('/etc/shadow')",
    "read the disk": f"open({__file__!r})",
    "list the homes": "os.listdir('/home')",
    "list root's home": "os.listdir('/root/.ssh')",
    "list temporary files": "os.listdir('/tmp')",
    "read /sys": "os.listdir('/sys')",
    "read settings of the kernel": "open('/proc/sys/vm/swappiness')",
    "write settings of the kernel": "open('/proc/sys/vm/swappiness', 'w')",
    "write the core pattern": "open('/proc/sys/kernel/core_pattern', 'w')",
    "write its score": "os.write(os.open('/proc/self/oom_score_adj', os.O_WRONLY), b'-1000')",
    "write its users": "os.write(os.open('/proc/self/uid_map', os.O_WRONLY), b'0 0 1')",
    "trigger": "open('/proc/sysrq-trigger', 'w')",
    "read the kernel's memory": "open('/proc/kcore', 'rb')",
    "read the judge's environment": "open(f'/proc/{os.getppid()}/environ')",
    "read the trainer's environment": f"open('/proc/{os.getpid()}/environ')",
    "read the trainer's memory": f"open('/proc/{os.getpid()}/mem', 'rb')",
    "write the root": "open('/new', 'w')",
    "write a library": "open(os.__file__, 'a')",
    "remove a library": "os.remove(os.__file__)",
    "make a folder in /usr": "os.mkdir('/usr/new')",
    "make a device": "os.mknod('/box/sda', 0o60666, os.makedev(8, 0))",
    "make a pipe": "os.mkfifo('/box/pipe')",
    "read memory": "open('/dev/mem', 'rb')",
    "read messages": "open('/dev/kmsg')",
    "read a terminal": "open('/dev/tty')",
    "share memory": "open('/dev/shm/new', 'w')",
    "read a disk": "open('/dev/' + ({*os.listdir('/dev')} - {'null', 'zero', 'urandom'}).pop())",
    "change owner": "os.chown('main.py', 0, 0)",
    "set a user": "os.setuid(0)",
    "run a program": "os.posix_spawn('/usr/bin/true', ['true'], {})",
    "fork": "os.fork()",
    "start a thread": "threading.Thread(target=print).start()",
    "start a process": "subprocess.run(['/usr/bin/true'])",
    "signal its parent": "os.kill(os.getppid(), 0)",
    "signal the trainer": f"os.kill({os.getpid()}, 0)",
    "signal all": "os.kill(-1, 0)",
    "open a socket": "socket.socket()",
    "open a local socket": "socket.socket(socket.AF_UNIX)",
    "raise its limits": "resource.setrlimit(resource.RLIMIT_AS, (-1, -1))",
    "raise its limit of files": "resource.setrlimit(resource.RLIMIT_NOFILE, (9999, 9999))",
    "slow its parent down": "os.setpriority(os.PRIO_PROCESS, os.getppid(), 19)",
    "slow its user down": "os.setpriority(os.PRIO_USER, os.getuid(), 19)",
    "leave its root": "os.chroot('/box')",
    "load a module": "ctypes.CDLL('/box/../../../../../etc/passwd')",
    "fill memory": "bytearray(10 * 10**9)",
    "map memory": "mmap.mmap(-1, 10 * 10**9)",
    "keep memory in a file": "[open(f'f{i}', 'wb').write(bytes(1 << 20)) for i in range(64)]",
    "keep memory in names": "[open(f'f{i}' + 'x' * 200, 'w').close() for i in range(10**4)]",
    "keep memory in a sparse file": "os.truncate(os.open('f', os.O_CREAT | os.O_RDWR), 1 << 40)",
    "open many files": "[open('main.py') for _ in range(100)]",
    "keep memory in pipes": "[os.write(os.pipe()[1], bytes(1 << 16)) for i in range(10**4)]",
}
WEAK = {
    "read the password file", "read the disk", "list the homes", "list root's home", "list temporary files",
    "read /sys", "read settings of the kernel", "write settings of the kernel", "write the core pattern",
    "read the judge's environment", "read the trainer's environment", "read the trainer's memory", "write its score",
    "trigger", "share memory", "read a disk", "keep memory in a file", "keep memory in names", "read a terminal",
}  # fmt: skip
"""What is not promised without namespaces."""


@cache
def escapes(within: Isolation) -> dict[str, str]:
    """Return how each escape ends; one program tries them all."""
    promised = [(name, act) for name, act in ESCAPES.items() if name not in WEAK]
    code = "import ctypes, json, mmap, os, resource, socket, subprocess, sys, threading\nfound = {}\n"
    for name, act in ESCAPES.items() if within == "whole" else promised:
        code += "for name in os.listdir(): os.remove(name) if name != 'main.py' else 0\n"
        code += f"try:\n    {act}\n    found[{name!r}] = 'done'\n"
        code += f"except BaseException as error: found[{name!r}] = type(error).__name__\n"
    outcome = python(code + "print(json.dumps(found))", within)
    found: dict[str, str] = json.loads(outcome.output)
    return found


REFUSALS = {"PermissionError", "FileNotFoundError", "OSError", "ValueError", "RuntimeError", "MemoryError", "KeyError"}


@pytest.mark.parametrize("name", ESCAPES)
def test_no_escape_works(name: str, within: Isolation) -> None:
    if within == "weak" and name in WEAK:
        pytest.skip("not promised without namespaces")
    assert escapes(within)[name] in REFUSALS


def test_a_program_is_nobody_and_alone() -> None:
    code = """import json, os
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
facts = {name: status[name].strip() for name in ("CapPrm", "CapEff", "CapBnd", "NoNewPrivs", "Seccomp")}
mounts = [line.split() for line in open("/proc/self/mounts")]
print(json.dumps([os.getresuid(), os.getgroups(), os.getpid(), sorted(os.listdir("/dev")), os.listdir("/proc"), facts,
    sorted(mount[1] for mount in mounts if "rw" in mount[3].split(","))]))"""
    users, groups, process, devices, processes, facts, writable = json.loads(python(code).output)
    assert (users, process, devices) == ([os.getuid() or 65534] * 3, 1, ["null", "urandom", "zero"])
    assert {name for name in processes if name.isdigit()} <= {"1"}
    assert facts == {"CapPrm": "0" * 16, "CapEff": "0" * 16, "CapBnd": "0" * 16, "NoNewPrivs": "1", "Seccomp": "2"}
    assert writable == ["/box", "/dev/null", "/dev/urandom", "/dev/zero"]
    assert os.getuid() != 0 or groups == []


def test_memory_is_bounded_whatever_holds_it() -> None:
    fill = """import os
for i in range(10**6):
    with open(f"f{i}", "wb") as file: file.write(bytes(1 << 20))"""
    full = python(fill, file_mb=4)
    assert (full.code, last_line(full)) == (1, "OSError: [Errno 28] No space left on device")
    outcome = python("import mmap\nheld = [mmap.mmap(-1, 1 << 24) for _ in range(100)]", memory_mb=256)
    assert (outcome.code, last_line(outcome)) == (1, "OSError: [Errno 12] Cannot allocate memory")


def test_files_and_output_are_bounded(within: Isolation) -> None:
    assert python("open('big', 'wb').write(bytes(10**8))", within, file_mb=4).code != 0
    flood = python("while True: print('x' * 10000)", within, seconds=5, file_mb=2)
    assert flood.code != 0
    assert len(flood.output) <= sandbox.MOST_OUTPUT


def test_threads_start_where_they_are_asked_for_but_no_process(within: Isolation) -> None:
    code = "import os, threading\nthreading.Thread(target=print, args=('here',)).start()\nos.fork()"
    outcome = python(code, within, threads=8)
    assert (outcome.code, outcome.output) == (1, "here\n")
    assert last_line(outcome) == "PermissionError: [Errno 1] Operation not permitted"


def test_the_network_is_out_of_reach(within: Isolation) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        code = f"import socket; socket.create_connection(('127.0.0.1', {server.getsockname()[1]}), 1)"
        outcome = python(code, within)
        assert (outcome.code, last_line(outcome)) == (1, "PermissionError: [Errno 1] Operation not permitted")
        with pytest.raises(TimeoutError):
            server.accept()


def test_the_parents_secrets_are_out_of_reach(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_TOKEN", "hunter2")
    code = f"""import glob, os
found = str(dict(os.environ))
for path in ["/proc/{os.getpid()}/environ", *glob.glob("/proc/*/environ")]:
    try: found += open(path).read()
    except OSError: pass
print("hunter2" in found, "SECRET_TOKEN" in found)"""
    assert python(code).output == "False False\n"


def test_the_disk_is_out_of_reach_but_for_what_is_named(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    kept = tmp_path / "kept"
    kept.write_text("here")
    kept.chmod(0o666)
    code = f"""import os
open("mine", "w").write("fine")
for act in (lambda: open({str(kept)!r}).read(), lambda: open({str(kept)!r}, "a"), lambda: os.remove({str(kept)!r})):
    try: print(act())
    except OSError as error: print(error.strerror)"""
    command, files = [sandbox.PYTHON, "-I", "-S", "main.py"], {"main.py": code}
    assert sandbox.run(command, files).output == "No such file or directory\n" * 3
    assert sandbox.run(command, files, reads=[str(tmp_path)]).output == "here\n" + "Read-only file system\n" * 2
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]


def test_other_packages_are_out_of_reach() -> None:
    outcome = python("import pytest")
    assert last_line(outcome) == "ModuleNotFoundError: No module named 'pytest'"
    assert not sandbox.passes("import pytest\ndef f(): return 1", "assert f() == 1", {"f": "f"})


@pytest.mark.parametrize("name", sandbox.LIBRARIES)
def test_libraries_can_be_imported(name: str) -> None:
    pytest.importorskip(name)
    more = {"pandas": ".DataFrame([[1]]).sum().sum()", "scipy": ".__name__ and 1", "numpy": ".linalg.inv([[1]]).item()"}
    program = f"import {name}\ndef f(): return int({name}{more.get(name, '.__name__ and 1')})"
    assert sandbox.passes(program, "assert f() == 1", {"f": "f"}, Limits(seconds=20))


def test_the_judge_is_not_counted_as_wrong_when_it_cannot_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("urlvr_bench.verifiers.sandbox.isolation", lambda: "whole")
    monkeypatch.setattr("urlvr_bench.verifiers.sandbox._readable", lambda reads: {**FOUND, "reads": None})
    with pytest.raises(UsageError, match="the sandbox broke: TypeError: "):
        sandbox.passes("", "", {})


FOUND = {"hidden": [], "packages": [], "path": []}


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
        return python(f"import sys; sys.exit({text})").code == 2

    assert sandbox.each(check, texts) == [text == "2" for text in texts]
    assert sorted(calls) == ["1", "2", "3"]


def test_weak_isolation_must_be_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "urlvr_bench.verifiers.sandbox.run",
        lambda *args, within: Outcome(0, "inside\n" if within == "weak" else "", "unshare: no"),
    )
    monkeypatch.delenv(sandbox.VARIABLE, raising=False)
    with pytest.raises(
        UsageError, match=r"cannot be confined here \(unshare: no\): .*, or set URLVR_SANDBOX=weak to run"
    ):
        sandbox.isolation.__wrapped__()
    monkeypatch.setenv(sandbox.VARIABLE, "weak")
    with pytest.warns(UserWarning, match="programs run without namespaces, as URLVR_SANDBOX asks: each it may read"):
        assert sandbox.isolation.__wrapped__() == "weak"
    monkeypatch.setenv(sandbox.VARIABLE, "none")
    with pytest.raises(UsageError, match="URLVR_SANDBOX is 'none'; leave it out, or set it to 'weak'"):
        sandbox.isolation.__wrapped__()


@pytest.mark.parametrize(
    ("numbers", "header"),
    [
        (system_calls.X86_64, "/usr/include/x86_64-linux-gnu/asm/unistd_64.h"),
        (system_calls.AARCH64, "/usr/include/asm-generic/unistd.h"),
    ],
)
def test_system_calls_are_numbered_as_in_the_kernels_headers(numbers: dict[str, int], header: str) -> None:
    if not Path(header).is_file():
        pytest.skip(f"there is no {header}")
    lines = [line.split() for line in Path(header).read_text().splitlines() if line.startswith("#define __NR")]
    known = {words[1]: words[2] for words in lines}
    known = {name.removeprefix("__NR_").removeprefix("__NR3264_"): known.get(to, to) for name, to in known.items()}
    assert {name: str(number) for name, number in numbers.items()}.items() <= known.items()
    named = " ".join([system_calls.FILES, system_calls.MEMORY, system_calls.TIME, system_calls.ITSELF]).split()
    assert set(named) | set(system_calls.WITH) | {"clone", "clone3", "execve", "eventfd2", "kill"} >= set(numbers)
