"""What runs inside the sandbox before the program: lock the doors, then become it. Standard library only.

Started as `python -I -S -c <this file> <specification>` by sandbox.py. With namespaces the program is process 1 of
its own world: no network, no other processes, nothing writable but a small folder in memory.
"""

import ctypes
import json
import os
import platform
import resource
import signal
import struct
import sys

CLONE_NEWNS, CLONE_NEWUTS, CLONE_NEWIPC, CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET = (
    0x00020000,
    0x04000000,
    0x08000000,
    0x10000000,
    0x20000000,
    0x40000000,
)
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_REC, MS_PRIVATE = 1, 2, 4, 16384, 1 << 18
MOUNT_SETATTR, AT_FDCWD, AT_RECURSIVE, MOUNT_ATTR_RDONLY = 442, -100, 0x8000, 1
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_SECCOMP, PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS = 1, 4, 22, 24, 38
ABI = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
REACH = {
    "x86_64": [41, 425, 62, 200, 234, 129, 297, 424, 101, 310, 311],
    "aarch64": [198, 425, 129, 130, 131, 138, 240, 424, 117, 270, 271],
}
"""System calls that reach beyond the program: `socket` and `io_uring_setup`; `kill`, `tkill`, `tgkill`,
`rt_sigqueueinfo`, `rt_tgsigqueueinfo` and `pidfd_send_signal`; `ptrace`, `process_vm_readv` and `process_vm_writev`.
"""
FORK = {"x86_64": [56, 57, 58, 435], "aarch64": [220, 435]}
"""The system calls `clone`, `fork`, `vfork` and `clone3`, without which there are no processes and no threads."""
NOBODY = 65534
TIMED_OUT = 124

libc = ctypes.CDLL(None, use_errno=True)


def call(function: str, *args: object) -> None:
    """Call libc; a failure is an OSError that names the function."""
    if getattr(libc, function)(*args) < 0:
        raise OSError(ctypes.get_errno(), f"{function}: {os.strerror(ctypes.get_errno())}")


def mount(source: bytes, target: bytes, kind: bytes | None, flags: int, data: bytes | None = None) -> None:
    call("mount", source, target, kind, ctypes.c_ulong(flags), data)


def become_nobody() -> None:
    """Give up root for the user that owns nothing."""
    os.setgroups([])
    os.setresgid(NOBODY, NOBODY, NOBODY)
    os.setresuid(NOBODY, NOBODY, NOBODY)
    call("prctl", PR_SET_DUMPABLE, 1, 0, 0, 0)  # or /proc/self would stay root's


def _end(child: int) -> None:
    os.kill(child, signal.SIGKILL)
    os._exit(TIMED_OUT)


def enter_namespaces(seconds: float) -> None:
    """Go on as process 1 of new namespaces; the process outside waits, and ends them all at the time limit."""
    user, group = os.geteuid(), os.getegid()
    call("unshare", CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS)
    for file, text in (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1")):
        with open(f"/proc/self/{file}", "w") as stream:  # noqa: PTH123 (pathlib would double the start-up time)
            stream.write(text)
    child = os.fork()
    if child:
        signal.signal(signal.SIGALRM, lambda *_: _end(child))
        signal.setitimer(signal.ITIMER_REAL, seconds)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        os._exit(code if code >= 0 else 128 - code)
    os.setsid()  # signals to the group must not reach the process outside
    call("prctl", PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def close_the_disk(box: str, megabytes: int) -> None:
    """Make everything read-only but the box, which moves into memory, and hide the other processes."""
    kept = {}
    for name in os.listdir(box):  # noqa: PTH208
        with open(os.path.join(box, name), "rb") as stream:  # noqa: PTH118, PTH123
            kept[name] = stream.read()
    mount(b"none", b"/", None, MS_REC | MS_PRIVATE)
    read_only = struct.pack("QQQQ", MOUNT_ATTR_RDONLY, 0, 0, 0)
    call("syscall", MOUNT_SETATTR, AT_FDCWD, b"/", AT_RECURSIVE, read_only, len(read_only))
    mount(b"box", os.fsencode(box), b"tmpfs", MS_NOSUID | MS_NODEV, b"mode=0700,size=%dm" % megabytes)
    for name, content in kept.items():
        with open(os.path.join(box, name), "wb") as stream:  # noqa: PTH118, PTH123
            stream.write(content)
    try:
        mount(b"proc", b"/proc", b"proc", MS_NOSUID | MS_NODEV)
    except OSError:  # a container that masks parts of /proc forbids a whole one
        mount(b"none", b"/proc", b"tmpfs", MS_RDONLY)
    for capability in range(64):
        libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)


def forbid(calls: list[int]) -> None:
    """Let the kernel refuse system calls, for this process and all that come of it (a seccomp filter)."""
    load, equal, at_least, answer = 0x20, 0x15, 0x35, 0x06
    refuse, allow, kill = 0x00050001, 0x7FFF0000, 0x80000000
    code = [(load, 0, 0, 4), (equal, 1, 0, ABI[platform.machine()]), (answer, 0, 0, kill), (load, 0, 0, 0)]
    for number in calls:
        code += [(equal, 0, 1, number), (answer, 0, 0, refuse)]
    code += [(at_least, 0, 1, 0x40000000), (answer, 0, 0, refuse), (answer, 0, 0, allow)]
    program = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *line) for line in code))
    header = ctypes.create_string_buffer(struct.pack("HxxxxxxP", len(code), ctypes.addressof(program)))
    call("prctl", PR_SET_SECCOMP, 2, header, 0, 0)


def limit(spec: dict[str, int]) -> None:
    """Set the resource limits; the program can only lower them."""
    mega = 1 << 20
    for kind, amount in (
        (resource.RLIMIT_CPU, spec["cpu_seconds"]),
        (resource.RLIMIT_AS, spec["memory_mb"] * mega),
        (resource.RLIMIT_FSIZE, spec["file_mb"] * mega),
        (resource.RLIMIT_NOFILE, spec["files"]),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NPROC, spec["processes"]),
    ):
        resource.setrlimit(kind, (amount, amount))


def main() -> None:
    spec = json.loads(sys.argv[1])
    if spec["drop_root"]:
        become_nobody()
    if spec["namespaces"]:
        enter_namespaces(spec["seconds"])
        close_the_disk(spec["box"], spec["file_mb"])
    call("prctl", PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    os.chdir(spec["box"])
    limit(spec)
    machine = platform.machine()
    if machine in ABI or not spec["namespaces"]:
        forbid(REACH[machine] + (FORK[machine] if spec["processes"] == 1 else []))
    os.execve(spec["argv"][0], spec["argv"], {})  # noqa: S606


main()
