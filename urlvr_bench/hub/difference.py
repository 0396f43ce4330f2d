"""What a Hub repo holds, what it should hold, and the change between the two."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from huggingface_hub.errors import HFValidationError
from huggingface_hub.utils import validate_repo_id  # type: ignore[attr-defined]

from urlvr_bench.errors import UsageError

TOKEN = re.compile(rb"\bhf_(?:[A-Za-z0-9]{30,}|(?:jwt|oauth)_[\w.-]{20,})")
"""What access tokens of the Hub look like: those of people, and those that a CI job or an app is given."""

Files = Mapping[str, bytes | Path]
"""Contents by path in the repo; large files as paths of local files."""


@dataclass(frozen=True)
class Repo:
    """A repo on the Hub."""

    id: str
    kind: Literal["dataset", "space", "model"]

    def __post_init__(self) -> None:
        try:
            validate_repo_id(self.id)
        except HFValidationError as error:
            raise UsageError(f"{self.kind} repo {self.id!r}: {' '.join(str(error).split())}") from error
        if "/" not in self.id:
            raise UsageError(f"{self.kind} repo {self.id!r} lacks its owner: write OWNER/{self.id}")

    def __str__(self) -> str:
        return self.id if self.kind == "model" else f"{self.kind}s/{self.id}"


@dataclass(frozen=True)
class State:
    """What a repo holds at one commit; `commit` is None where there is no repo yet."""

    commit: str | None = None
    files: Mapping[str, str] = field(default_factory=dict)
    """By path, the git id (SHA-1) of the content or, of a large file, its SHA-256."""


@dataclass(frozen=True)
class Change:
    """What brings a repo to the wished state; false where that is nothing."""

    added: Files = field(repr=False)
    changed: Files = field(repr=False)
    deleted: Sequence[str]
    unchanged: int

    def __bool__(self) -> bool:
        return bool(self.added or self.changed or self.deleted)

    def __str__(self) -> str:
        counts = {"new": self.added, "changed": self.changed, "deleted": self.deleted}
        return ", ".join([*(f"{len(part)} {word}" for word, part in counts.items()), f"{self.unchanged} unchanged"])

    @property
    def put(self) -> Files:
        """New and changed files."""
        return {**self.added, **self.changed}

    def lines(self) -> list[str]:
        """Return one line per file that would go: + new, ~ changed, - deleted."""
        marked = [*(("+", *item) for item in self.added.items()), *(("~", *item) for item in self.changed.items())]
        sized = [f"  {mark} {path} ({_size(content):,} bytes)" for mark, path, content in marked]
        return sized + [f"  - {path}" for path in self.deleted]

    def refuse_tokens(self) -> None:
        """Fail where a file that is made here holds an access token: it must not leave this machine."""
        for path, content in self.put.items():
            if isinstance(content, bytes) and TOKEN.search(content):
                raise UsageError(f"{path} holds what looks like a Hub token: revoke it, take it out, push again")


def diff(state: State, files: Files, deleted: Sequence[str] = ()) -> Change:
    """Return what makes `files` part of the repo and takes `deleted` out of it."""
    added = {path: files[path] for path in sorted(files) if path not in state.files}
    shared = [path for path in sorted(files) if path in state.files]
    changed = {path: files[path] for path in shared if not _same(files[path], state.files[path])}
    gone = [path for path in sorted(deleted) if path in state.files and path not in files]
    return Change(added, changed, gone, len(shared) - len(changed))


def _size(content: bytes | Path) -> int:
    return len(content) if isinstance(content, bytes) else content.stat().st_size


def _same(content: bytes | Path, known: str) -> bool:
    """Return whether content has the id that the Hub reports: 64 hex digits for a large file, else git's 40."""
    large = len(known) == 64
    digest = hashlib.sha256() if large else hashlib.sha1(b"blob %d\0" % _size(content), usedforsecurity=False)
    if isinstance(content, bytes):
        digest.update(content)
    else:
        with content.open("rb") as stream:
            while block := stream.read(1 << 20):
                digest.update(block)
    return digest.hexdigest() == known
