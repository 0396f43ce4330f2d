"""The state of a Hugging Face Hub in memory: repos, commits, pull requests, tokens and faults to answer with."""

import hashlib
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

CI_IDENTITY = "identity-of-a-ci-job"
CREATED = "2026-01-01T00:00:00.000Z"
DEFAULT_CARD = b"---\nsdk: static\n---\nA new Space.\n"


@dataclass(frozen=True)
class Blob:
    """A file: small ones are git blobs, large ones are known by their SHA-256."""

    content: bytes
    large: bool = False

    @property
    def oid(self) -> str:
        """The git id of what git stores: the content, or the pointer to a large file."""
        stored = self.content
        if self.large:
            stored = f"version https://git-lfs.github.com/spec/v1\noid sha256:{self.sha256}\n".encode()
        return hashlib.sha1(b"blob %d\0" % len(stored) + stored, usedforsecurity=False).hexdigest()

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()


@dataclass(frozen=True)
class Commit:
    oid: str
    tree: dict[str, Blob]
    summary: str
    description: str = ""


@dataclass(frozen=True)
class PullRequest:
    number: int
    title: str
    author: str
    status: str = "open"
    comments: list[str] = field(default_factory=list)
    """The opening description first."""


@dataclass
class Repo:
    sdk: str | None
    refs: dict[str, list[Commit]]
    pull_requests: list[PullRequest] = field(default_factory=list)

    def head(self, revision: str = "main") -> Commit | None:
        """Return the commit that a branch, a pull request or a commit id stands for."""
        if revision in self.refs:
            return self.refs[revision][-1]
        return next((commit for line in self.refs.values() for commit in line if commit.oid == revision), None)

    def append(self, ref: str, tree: dict[str, Blob], summary: str, description: str = "") -> Commit:
        parent = self.refs[ref][-1].oid if self.refs.get(ref) else ""
        names = sorted((path, blob.sha256) for path, blob in tree.items())
        digest = hashlib.sha1(repr((parent, names, summary)).encode(), usedforsecurity=False).hexdigest()
        self.refs.setdefault(ref, []).append(Commit(digest, tree, summary, description))
        return self.refs[ref][-1]


@dataclass
class Fault:
    """An answer that the Hub gives `times` times to requests that match, instead of, or `after`, doing the work."""

    request: str
    status: int
    times: int = 1
    headers: dict[str, str] = field(default_factory=dict)
    after: bool = False
    message: str = "injected"
    drop: bool = False
    """Close the connection without an answer."""
    before_answer: Callable[[], None] | None = None


@dataclass
class FakeHub:
    """The Hub's whole state. `tokens` maps a token to its account and to what it may write: all, none, or one repo."""

    url: str = ""
    tokens: dict[str, tuple[str, str]] = field(default_factory=lambda: {"hf_writer": ("org", "all")})
    repos: dict[str, Repo] = field(default_factory=dict)
    large_above: int = 10_000_000
    page: int = 1000
    log: list[str] = field(default_factory=list)
    agents: set[str] = field(default_factory=set)
    faults: list[Fault] = field(default_factory=list)
    stored: dict[str, bytes] = field(default_factory=dict)
    """Large files that were uploaded, by SHA-256."""
    jobs: dict[str, dict[str, Any]] = field(default_factory=dict)
    """What was asked of each job, and its stage."""
    lock: threading.RLock = field(default_factory=threading.RLock)

    def files(self, name: str, revision: str = "main") -> dict[str, bytes]:
        """Return what a repo such as `datasets/org/name` holds."""
        commit = self.repos[name].head(revision)
        assert commit is not None, f"{name} has no {revision}"
        return {path: blob.content for path, blob in commit.tree.items()}

    def commits(self, name: str, revision: str = "main") -> list[Commit]:
        """Return the commits after the one that created the repo."""
        return self.repos[name].refs[revision][1:]

    def create(self, name: str, sdk: str | None = None) -> Repo:
        """Make a repo as the Hub does: with its first commit."""
        tree = {".gitattributes": Blob(b"*.safetensors filter=lfs\n")}
        if sdk:
            tree |= {"README.md": Blob(DEFAULT_CARD), "style.css": Blob(b"body {}")}
        self.repos[name] = Repo(sdk, {})
        self.repos[name].append("main", tree, "initial commit")
        return self.repos[name]

    def put(self, name: str, path: str, content: bytes) -> None:
        """Commit one file, as somebody else would do meanwhile."""
        repo = self.repos[name]
        tree = repo.refs["main"][-1].tree
        repo.append("main", {**tree, path: Blob(content)}, f"somebody writes {path}")

    def count(self, pattern: str) -> int:
        """Return how many requests so far match."""
        return sum(bool(re.search(pattern, line)) for line in self.log)

    def fault(self, line: str, after: bool) -> Fault | None:
        for fault in self.faults:
            if fault.times and fault.after == after and re.search(fault.request, line):
                fault.times -= 1
                return fault
        return None
