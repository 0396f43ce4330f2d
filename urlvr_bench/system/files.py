"""Write files that a crash leaves old or new, and seal folders with the checksums of their files."""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from urlvr_bench.errors import UsageError


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn what the disk refuses (it is full, read-only, or not ours) into one line with what to do."""
    try:
        yield
    except OSError as error:
        why = error.strerror or error
        raise UsageError(f"cannot write {path}: {why}; mend that and run the same command again") from error


def write_atomically(path: Path, text: str) -> None:
    """Write a file under a temporary name, then rename it, so that no reader ever meets half of it."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    with explained(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with temporary.open("w", encoding="utf-8") as stream:
                stream.write(text)
                stream.flush()
                os.fsync(stream.fileno())  # else a power cut may leave the new name with no content
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise


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
