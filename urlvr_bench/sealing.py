"""Seal a folder with the checksums of its files: the seal's presence means it is whole, its match that it stayed so."""

import hashlib
from pathlib import Path

from urlvr_bench.writing import write_atomically

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
