"""Which system calls a confined program may make; the kernel refuses all others (seccomp). Standard library only."""

import ctypes
import errno
import os
import struct

ABI = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
"""The machines whose calls are numbered here, and the kernel's names of them (AUDIT_ARCH)."""
FILES = (
    "access chdir chmod close close_range copy_file_range dup dup2 dup3 epoll_create1 epoll_ctl epoll_pwait epoll_wait "
    "faccessat faccessat2 fadvise64 fallocate fchdir fchmod fchmodat fdatasync flock fstat fstatfs fsync ftruncate "
    "getcwd getdents64 link linkat lseek lstat mkdir mkdirat newfstatat open openat pipe pipe2 poll ppoll pread64 "
    "pselect6 pwrite64 read readlink readlinkat readv rename renameat renameat2 rmdir select sendfile stat statfs "
    "statx symlink symlinkat truncate umask unlink unlinkat utimensat write writev"
)
MEMORY = "brk madvise mincore mmap mprotect mremap msync munmap"
"""Without `shmget` and `memfd_create`, whose pages no limit on the address space counts."""
TIME = "alarm clock_getres clock_gettime clock_nanosleep getitimer gettimeofday nanosleep setitimer time times"
ITSELF = (
    "arch_prctl exit exit_group futex get_robust_list getcpu getegid geteuid getgid getgroups getpgid getpgrp getpid "
    "getppid getrandom getresgid getresuid getrlimit getrusage getsid gettid getuid membarrier pause restart_syscall "
    "rseq rt_sigaction rt_sigpending rt_sigprocmask rt_sigreturn rt_sigsuspend rt_sigtimedwait sched_getaffinity "
    "sched_getparam sched_getscheduler sched_yield set_robust_list set_tid_address sigaltstack sysinfo uname wait4 "
    "waitid"
)
WITH = {
    "fcntl": (0, 1, 2, 3, 1030),  # F_DUPFD, F_GETFD, F_SETFD, F_GETFL, F_DUPFD_CLOEXEC; none that sends a signal
    "ioctl": (0x5401, 0x5413, 0x5421, 0x5450, 0x5451),  # TCGETS, TIOCGWINSZ, FIONBIO, FIONCLEX, FIOCLEX
    "prctl": (15, 16, 0x53564D41),  # PR_SET_NAME, PR_GET_NAME, PR_SET_VMA
    "prlimit64": (0,),  # of the program itself
}
"""Calls that are allowed with one of these values only: of the second argument, of prctl and prlimit64 the first."""
X86_64 = {
    "access": 21, "alarm": 37, "arch_prctl": 158, "brk": 12, "chdir": 80, "chmod": 90, "clock_getres": 229,
    "clock_gettime": 228, "clock_nanosleep": 230, "clone": 56, "clone3": 435, "close": 3, "close_range": 436,
    "copy_file_range": 326, "dup": 32, "dup2": 33, "dup3": 292, "epoll_create1": 291, "epoll_ctl": 233,
    "epoll_pwait": 281, "epoll_wait": 232, "eventfd2": 290, "execve": 59, "exit": 60, "exit_group": 231,
    "faccessat": 269, "faccessat2": 439, "fadvise64": 221, "fallocate": 285, "fchdir": 81, "fchmod": 91,
    "fchmodat": 268, "fcntl": 72, "fdatasync": 75, "flock": 73, "fstat": 5, "fstatfs": 138, "fsync": 74,
    "ftruncate": 77, "futex": 202, "get_robust_list": 274, "getcpu": 309, "getcwd": 79, "getdents64": 217,
    "getegid": 108, "geteuid": 107, "getgid": 104, "getgroups": 115, "getitimer": 36, "getpgid": 121, "getpgrp": 111,
    "getpid": 39, "getppid": 110, "getrandom": 318, "getresgid": 120, "getresuid": 118, "getrlimit": 97,
    "getrusage": 98, "getsid": 124, "gettid": 186, "gettimeofday": 96, "getuid": 102, "ioctl": 16, "kill": 62,
    "link": 86, "linkat": 265, "lseek": 8, "lstat": 6, "madvise": 28, "membarrier": 324, "mincore": 27, "mkdir": 83,
    "mkdirat": 258, "mmap": 9, "mprotect": 10, "mremap": 25, "msync": 26, "munmap": 11, "nanosleep": 35,
    "newfstatat": 262, "open": 2, "openat": 257, "pause": 34, "pipe": 22, "pipe2": 293, "poll": 7, "ppoll": 271,
    "prctl": 157, "pread64": 17, "prlimit64": 302, "pselect6": 270, "pwrite64": 18, "read": 0, "readlink": 89,
    "readlinkat": 267, "readv": 19, "rename": 82, "renameat": 264, "renameat2": 316, "restart_syscall": 219,
    "rmdir": 84, "rseq": 334, "rt_sigaction": 13, "rt_sigpending": 127, "rt_sigprocmask": 14, "rt_sigreturn": 15,
    "rt_sigsuspend": 130, "rt_sigtimedwait": 128, "sched_getaffinity": 204, "sched_getparam": 143,
    "sched_getscheduler": 145, "sched_yield": 24, "select": 23, "sendfile": 40, "set_robust_list": 273,
    "set_tid_address": 218, "setitimer": 38, "sigaltstack": 131, "stat": 4, "statfs": 137, "statx": 332,
    "symlink": 88, "symlinkat": 266, "sysinfo": 99, "time": 201, "times": 100, "truncate": 76, "umask": 95,
    "uname": 63, "unlink": 87, "unlinkat": 263, "utimensat": 280, "wait4": 61, "waitid": 247, "write": 1, "writev": 20,
}  # fmt: skip
AARCH64 = {
    "brk": 214, "chdir": 49, "clock_getres": 114, "clock_gettime": 113, "clock_nanosleep": 115, "clone": 220,
    "clone3": 435, "close": 57, "close_range": 436, "copy_file_range": 285, "dup": 23, "dup3": 24,
    "epoll_create1": 20, "epoll_ctl": 21, "epoll_pwait": 22, "eventfd2": 19, "execve": 221, "exit": 93,
    "exit_group": 94, "faccessat": 48, "faccessat2": 439, "fadvise64": 223, "fallocate": 47, "fchdir": 50,
    "fchmod": 52, "fchmodat": 53, "fcntl": 25, "fdatasync": 83, "flock": 32, "fstat": 80, "fstatfs": 44, "fsync": 82,
    "ftruncate": 46, "futex": 98, "get_robust_list": 100, "getcpu": 168, "getcwd": 17, "getdents64": 61,
    "getegid": 177, "geteuid": 175, "getgid": 176, "getgroups": 158, "getitimer": 102, "getpgid": 155, "getpid": 172,
    "getppid": 173, "getrandom": 278, "getresgid": 150, "getresuid": 148, "getrlimit": 163, "getrusage": 165,
    "getsid": 156, "gettid": 178, "gettimeofday": 169, "getuid": 174, "ioctl": 29, "kill": 129, "linkat": 37,
    "lseek": 62, "madvise": 233, "membarrier": 283, "mincore": 232, "mkdirat": 34, "mmap": 222, "mprotect": 226,
    "mremap": 216, "msync": 227, "munmap": 215, "nanosleep": 101, "newfstatat": 79, "openat": 56, "pipe2": 59,
    "ppoll": 73, "prctl": 167, "pread64": 67, "prlimit64": 261, "pselect6": 72, "pwrite64": 68, "read": 63,
    "readlinkat": 78, "readv": 65, "renameat": 38, "renameat2": 276, "restart_syscall": 128, "rseq": 293,
    "rt_sigaction": 134, "rt_sigpending": 136, "rt_sigprocmask": 135, "rt_sigreturn": 139, "rt_sigsuspend": 133,
    "rt_sigtimedwait": 137, "sched_getaffinity": 123, "sched_getparam": 121, "sched_getscheduler": 120,
    "sched_yield": 124, "sendfile": 71, "set_robust_list": 99, "set_tid_address": 96, "setitimer": 103,
    "sigaltstack": 132, "statfs": 43, "statx": 291, "symlinkat": 36, "sysinfo": 179, "times": 153, "truncate": 45,
    "umask": 166, "uname": 160, "unlinkat": 35, "utimensat": 88, "wait4": 260, "waitid": 95, "write": 64,
    "writev": 66,
}  # fmt: skip
"""Older calls such as `open` do not exist there."""
LOAD, EQUAL, ANY_BIT, ANSWER = 0x20, 0x15, 0x45, 0x06
ALLOW, REFUSE, KILL = 0x7FFF0000, 0x00050000, 0x80000000
CLONE_THREAD = 0x00010000
PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS = 22, 38

libc = ctypes.CDLL(None, use_errno=True)


def call(function: str, *args: object) -> None:
    """Call libc; a failure is an OSError that names the function."""
    if getattr(libc, function)(*args) < 0:
        raise OSError(ctypes.get_errno(), f"{function}: {os.strerror(ctypes.get_errno())}")


def rules(machine: str, more: str = "", threads: bool = False) -> list[tuple[int, int, int, int]]:
    """Return the filter as BPF instructions; `more` names calls that are allowed beyond those of any program."""
    numbers = X86_64 if machine == "x86_64" else AARCH64
    code = [(LOAD, 0, 0, 4), (EQUAL, 1, 0, ABI[machine]), (ANSWER, 0, 0, KILL), (LOAD, 0, 0, 0)]
    for name in f"{FILES} {MEMORY} {TIME} {ITSELF} {more}".split():
        if name in numbers:
            code += [(EQUAL, 0, 1, numbers[name]), (ANSWER, 0, 0, ALLOW)]
    for name, values in WITH.items():
        code += [(EQUAL, 0, 2 * len(values) + 2, numbers[name]), (LOAD, 0, 0, 16 if name.startswith("pr") else 24)]
        for value in values:
            code += [(EQUAL, 0, 1, value), (ANSWER, 0, 0, ALLOW)]
        code += [(ANSWER, 0, 0, REFUSE | errno.EPERM)]
    if threads:  # the flags of clone3 lie in memory, out of reach of a filter, so libc is sent back to clone
        code += [(EQUAL, 0, 1, numbers["clone3"]), (ANSWER, 0, 0, REFUSE | errno.ENOSYS)]
        code += [(EQUAL, 0, 3, numbers["clone"]), (LOAD, 0, 0, 16), (ANY_BIT, 0, 1, CLONE_THREAD)]
        code += [(ANSWER, 0, 0, ALLOW)]
    return [*code, (ANSWER, 0, 0, REFUSE | errno.EPERM)]


def allow_only(more: str = "", threads: bool = False) -> None:
    """Let the kernel refuse all other system calls, for this process and all that come of it."""
    code = rules(os.uname().machine, more, threads)
    program = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *line) for line in code))
    header = ctypes.create_string_buffer(struct.pack("HxxxxxxP", len(code), ctypes.addressof(program)))
    call("prctl", PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    call("prctl", PR_SET_SECCOMP, 2, header, 0, 0)
