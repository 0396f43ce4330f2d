"""How a process gives up all that it does not need: users, disk, network, processes, memory. Standard library only."""

from __future__ import annotations

import ctypes
import math
import os
import resource
import struct

from urlvr_bench.verifiers.system_calls import call, libc

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

CLONE_NEWNS, CLONE_NEWUTS, CLONE_NEWIPC = 0x00020000, 0x04000000, 0x08000000
CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET = 0x10000000, 0x20000000, 0x40000000
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_BIND, MS_REC, MS_PRIVATE = 1, 2, 4, 4096, 16384, 1 << 18
MOUNT_SETATTR, PIVOT_ROOT = 442, {"x86_64": 155, "aarch64": 41}
AT_FDCWD, AT_RECURSIVE, MNT_DETACH = -100, 0x8000, 2
PR_SET_PDEATHSIG, PR_CAPBSET_DROP, SIGKILL = 1, 24, 9
CAPABILITY_VERSION = 0x20080522
NOBODY = 65534
ROOT = "/proc"
"""Where the new root is put together: of all folders the one that holds nothing of what goes into it."""
BOX = "/box"
DEVICES = ("/dev/null", "/dev/zero", "/dev/urandom")
SYSTEM = ("/bin", "/lib", "/lib32", "/lib64", "/usr")
SETTINGS = ("/etc/ld.so.cache", "/etc/alternatives", "/etc/localtime", "/etc/ocamlfind.conf")


def mount(source: str, target: str, kind: bytes | None, flags: int, data: bytes | None = None) -> None:
    call("mount", os.fsencode(source), os.fsencode(target), kind, ctypes.c_ulong(flags), data)


def enter_namespaces() -> None:
    """Move into a user namespace, and all else of this process and its children into ones that it owns.

    Root also takes along the user `nobody`, whom only a process that stays outside can let in.
    """
    user, group = os.geteuid(), os.getegid()
    flags = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS
    if user:
        call("unshare", flags)
        _write_maps("self", f"{user} {user} 1", f"{group} {group} 1", "deny")
        return
    waiting, ready = os.pipe()
    outside = os.fork()
    if not outside:
        os.close(ready)
        entered, both = os.read(waiting, 1), f"0 0 1\n{NOBODY} {NOBODY} 1"
        if entered:
            _write_maps(str(os.getppid()), both, both, "allow")
        os._exit(0)
    call("unshare", flags)
    os.write(ready, b"x")
    os.waitpid(outside, 0)
    os.close(ready)
    os.close(waiting)


def _write_maps(process: str, users: str, groups: str, setgroups: str) -> None:
    for file, text in (("setgroups", setgroups), ("uid_map", users), ("gid_map", groups)):
        with open(f"/proc/{process}/{file}", "w") as stream:  # noqa: PTH123 (pathlib would double the start-up time)
            stream.write(text)


def leave_the_disk(reads: Iterable[str], hidden: Iterable[str], packages: Iterable[str], megabytes: int) -> None:
    """Change to a root that holds the system's libraries, `reads` without `hidden`, and `packages`, all read-only.

    Only /box, a small folder in memory, can be written.
    /proc shows the processes of this namespace and no settings of the kernel, or nothing where a container forbids it.
    """
    os.umask(0o022)
    mount("none", "/", None, MS_REC | MS_PRIVATE)
    mount("root", ROOT, b"tmpfs", MS_NOSUID | MS_NODEV, b"mode=0755,size=1m")
    for folder in ("proc", "box", "dev"):
        os.mkdir(f"{ROOT}/{folder}")  # noqa: PTH102
    for device in DEVICES:
        _touch(ROOT + device)
    for path in dict.fromkeys((*SYSTEM, *SETTINGS, *reads)):
        _show(path)
    for path in hidden:
        if os.path.isdir(ROOT + path):  # noqa: PTH112
            mount("hidden", ROOT + path, b"tmpfs", MS_NOSUID | MS_NODEV, b"mode=0755,size=1m")
    for path in packages:
        _show(path)
    attributes = struct.pack("QQQQ", MS_RDONLY | MS_NOSUID | MS_NODEV, 0, 0, 0)
    call("syscall", MOUNT_SETATTR, AT_FDCWD, os.fsencode(ROOT), AT_RECURSIVE, attributes, len(attributes))
    for device in DEVICES:
        mount(device, ROOT + device, None, MS_BIND)
    owner = NOBODY if os.geteuid() == 0 else os.geteuid()
    limits = f"mode=0700,uid={owner},size={megabytes}m,nr_inodes=4096"
    mount("box", ROOT + BOX, b"tmpfs", MS_NOSUID | MS_NODEV, limits.encode())
    for options in (b"subset=pid", None):
        if not libc.mount(b"proc", os.fsencode(f"{ROOT}/proc"), b"proc", MS_RDONLY | MS_NOSUID | MS_NODEV, options):
            break
    os.chdir(ROOT)
    call("syscall", PIVOT_ROOT[os.uname().machine], b".", b".")
    call("umount2", b".", MNT_DETACH)
    os.chdir(BOX)


def move_into(box: str) -> None:
    """Change to a folder of the disk, which becomes that of `nobody` if this is root."""
    if os.geteuid() == 0:
        os.chown(box, NOBODY, NOBODY)
    os.chdir(box)


def _touch(path: str) -> None:
    os.makedirs(os.path.dirname(path), exist_ok=True)  # noqa: PTH103, PTH120
    os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o644))


def _show(path: str) -> None:
    """Show a file or folder of the disk under the new root; a link stays one."""
    there = ROOT + path
    if os.path.islink(path) and os.path.dirname(path) == "/":  # noqa: PTH114, PTH120
        os.symlink(os.readlink(path), there)  # noqa: PTH115, PTH211
    elif os.path.exists(path) and not os.path.exists(there):  # noqa: PTH110
        if os.path.isdir(path):  # noqa: PTH112
            os.makedirs(there)  # noqa: PTH103
        else:
            _touch(there)
        mount(path, there, None, MS_BIND | MS_REC)


def become_nobody() -> None:
    """Give up root for the user that owns nothing, and every capability for good."""
    for capability in range(64):
        libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)
    if os.geteuid() == 0:
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)
    call("capset", struct.pack("Ii", CAPABILITY_VERSION, 0), bytes(24))
    end_with_the_parent()


def end_with_the_parent() -> None:
    """Let the kernel kill this process when its parent ends; a change of user makes it forget."""
    call("prctl", PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0)


def limit(seconds: float, memory_mb: int, file_mb: int, files: int, threads: int) -> None:
    """Set the resource limits, which can only be lowered afterwards."""
    mega = 1 << 20
    for kind, amount in (
        (resource.RLIMIT_CPU, math.ceil(seconds)),
        (resource.RLIMIT_AS, memory_mb * mega),
        (resource.RLIMIT_FSIZE, file_mb * mega),
        (resource.RLIMIT_NOFILE, files),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NPROC, threads),
        (resource.RLIMIT_MEMLOCK, 0),
        (resource.RLIMIT_MSGQUEUE, 0),
    ):
        resource.setrlimit(kind, (amount, amount))
