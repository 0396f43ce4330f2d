"""Whether a record's method is one that is registered here, and whether the record says of it what its source says."""

import hashlib
import json
import subprocess
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from urlvr_bench import methods
from urlvr_bench.errors import UsageError
from urlvr_bench.records.described import MethodInfo
from urlvr_bench.review.findings import Remark


def remarks(info: MethodInfo) -> Iterator[Remark]:
    """Yield (problem, fix[, level]) for what is wrong with a record's method."""
    source = _present(info.name)
    if source is None:
        yield f"method {info.name} is not registered", f"add methods/{info.name}.py"
        return
    if methods.version(info.name, info.source_sha256) != source:
        yield from _of_another_source(info)
        return
    try:
        true = _card(info.name, json.dumps(info.params))
    except UsageError as error:
        yield f"its hyper-parameters do not fit: {error}", "make the run again"
        return
    said = (info.family, tuple(info.signals), info.uses_labels, info.binary, info.paper)
    for name, ours, theirs in zip(("family", "signals", "uses_labels", "binary", "paper"), said, true, strict=True):
        if ours != theirs:
            yield f"says {name} = {ours!r}, the method's source says {theirs!r}", "make the run again"


@lru_cache(maxsize=1000)
def _present(name: str) -> str | None:
    return methods.source_hash(name) if name in methods.names() else None


@lru_cache(maxsize=1000)
def _card(name: str, params: str) -> tuple[object, ...]:
    """Return family, signals, whether it uses labels, whether it is binary, and paper, as the source has them."""
    method = methods.configure(name, json.loads(params))
    return method.family, tuple(method.needs), method.uses_labels(), method.binary, method.paper


def generates(info: MethodInfo) -> bool:
    """Return whether a method samples more than the rollouts that it pays, as far as that is known here."""
    if _present(info.name) != methods.version(info.name, info.source_sha256):
        return bool({"extra_answers", "extra_texts", "replies"} & {*info.signals})
    try:
        return _samples(info.name, json.dumps(info.params))
    except UsageError:  # said of its hyper-parameters
        return True


@lru_cache(maxsize=1000)
def _samples(name: str, params: str) -> bool:
    method = methods.configure(name, json.loads(params))
    return "replies" in method.needs or bool(method.extras())


def _of_another_source(info: MethodInfo) -> Iterator[Remark]:
    known = _committed(info.name)
    if known is None or info.source_sha256 in known:
        yield f"made with another version of the method {info.name}", "make the run again to compare it", "warning"
    else:
        problem = f"the source of its method {info.name} ({info.source_sha256}) was never committed here"
        yield problem, f"commit methods/{info.name}.py as it was run, or make the run again"


@lru_cache(maxsize=256)
def _committed(name: str) -> frozenset[str] | None:
    """Return the hashes of all committed versions of a method's file, None outside of a full clone."""
    try:
        if not whole_history():
            return None
        commits = git("log", "--diff-filter=AMR", "--format=%H", "--", f"{name}.py").decode().split()
        found = {hashlib.sha256(git("show", f"{commit}:./{name}.py")).hexdigest()[:16] for commit in commits}
    except (OSError, subprocess.CalledProcessError):
        return None
    return frozenset(found) if found else None


def whole_history() -> bool:
    """Whether the methods lie in a clone with all of its history."""
    return _is_whole(methods.FOLDER)


@lru_cache(maxsize=8)
def _is_whole(folder: Path) -> bool:
    try:
        return git("rev-parse", "--is-shallow-repository").strip() == b"false"
    except (OSError, subprocess.CalledProcessError):
        return False


@lru_cache(maxsize=256)
def held(commit: str, path: str) -> bool:
    """Whether a commit is known here and has a file, named from the root of the repository."""
    try:
        git("cat-file", "-e", f"{commit}:{path}")
        return True
    except (OSError, subprocess.CalledProcessError):
        return False


def git(*args: str) -> bytes:
    """Return what a git command says of the repository that the methods lie in."""
    command = ["git", "-C", str(methods.FOLDER), *args]
    return subprocess.run(command, capture_output=True, check=True).stdout  # noqa: S603
