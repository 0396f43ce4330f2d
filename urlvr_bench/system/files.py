"""Write files that a crash leaves old or new, and seal folders with the checksums of their files."""

import errno
import fcntl
import glob
import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from urlvr_bench.errors import UsageError
from urlvr_bench.system.processes import assured, is_alive

FULL = (errno.ENOSPC, errno.EDQUOT)
"""What a disk answers that has no more room, for anybody or for us."""


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn what the disk refuses (it is full, read-only, or not ours) into one line with what to do."""
    try:
        yield
    except OSError as error:
        why, mend = error.strerror or error, "make room" if error.errno in FULL else "mend that"
        raise UsageError(f"cannot write {path}: {why}; {mend} and run the same command again") from error


def temporary_name(path: Path, ending: str = "tmp") -> Path:
    """Return the hidden name under which this process makes what is to become `path`."""
    return path.with_name(f".{path.name}.{os.getpid()}.{ending}")


def sweep(path: Path, ending: str = "tmp") -> None:
    """Delete what processes that are gone were making of `path`."""
    for left in path.parent.glob(f".{glob.escape(path.name)}.*.{ending}"):
        pid = left.name.removeprefix(f".{path.name}.").removesuffix(f".{ending}")
        if pid.isdecimal() and not is_alive(int(pid)):
            remove(left)


def remove(path: Path) -> None:
    """Delete a file or a folder, if it is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def is_locked(path: Path) -> bool:
    """Return whether a process holds a lock on a file, on whichever machine that shares the disk."""
    try:
        with path.open("rb") as stream:
            fcntl.flock(stream, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except FileNotFoundError:
        pass
    return False


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary name for what takes the place of `path` when the block ends well; no reader meets half."""
    temporary = temporary_name(path)
    with explained(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        sweep(path)
        with assured(partial(remove, temporary)):
            yield temporary
            temporary.replace(path)


def write_atomically(path: Path, text: str) -> None:
    """Write a file under a temporary name, then rename it."""
    with replacing(path) as temporary, temporary.open("w", encoding="utf-8") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())  # else a power cut may leave the new name with no content


def append(path: Path, text: str) -> None:
    """Add text to the end of a file. A crash may leave a part of it, so readers take whole lines only."""
    with explained(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as stream:
            stream.write(text)


SEAL = "SHA256SUMS"
"""Written last, in the format of the command `sha256sum`."""


def seal(folder: Path) -> None:
    """Write the checksums of a folder's files beside them."""
    write_atomically(folder / SEAL, _sums(folder))


def is_whole(folder: Path) -> bool:
    """Return whether a folder holds exactly what it was sealed with."""
    path = folder / SEAL
    return path.is_file() and path.read_bytes() == _sums(folder).encode()


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file in hex digits, empty where there is none."""
    if not path.is_file():
        return ""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _sums(folder: Path) -> str:
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != SEAL)
    return "".join(f"{sha256(path)}  {path.relative_to(folder).as_posix()}\n" for path in files)
