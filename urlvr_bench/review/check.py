"""Check a folder of records: everything that is wrong at once, each with its fix. No stored metric is trusted."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path

from urlvr_bench import protocol, tasks
from urlvr_bench.errors import UsageError
from urlvr_bench.records import record
from urlvr_bench.records.attestation import Attestation
from urlvr_bench.records.schema import Record
from urlvr_bench.review import consistency, derivation, provenance, sources, suspicion, texts
from urlvr_bench.review.between import Facts, compare, facts_of
from urlvr_bench.review.findings import REDO, Finding, Remark, failed
from urlvr_bench.statistics import stopped

__all__ = ["Finding", "beside", "check", "examine", "failed"]

HOMES = ("/home/", "/Users/", "/root/", ":\\\\Users")
TOKEN = re.compile(r"\bhf_[A-Za-z0-9]{20,}")


def check(*folders: Path, held: Sequence[Record] = ()) -> list[Finding]:
    """Return everything that is wrong with the records under some folders, beside those that the board holds."""
    findings, facts = examine(*folders)
    return findings + beside(facts, held)


def examine(*folders: Path) -> tuple[list[Finding], list[Facts]]:
    """Return what is wrong with each record by itself, and what is kept of it to compare it with others."""
    findings, facts = [], []
    for folder in folders:
        try:
            files = record.find([folder])
        except UsageError as error:
            findings.append(Finding(folder, str(error), "name a folder of runs or results"))
            continue
        for file in files:
            try:
                one, content = record.load(file)
            except UsageError as error:
                findings.append(Finding(file, str(error).removeprefix(f"{file}: "), REDO))
                continue
            findings += [Finding(file, *remark) for test in TESTS for remark in test(file, one)]
            findings += [Finding(file, *remark) for remark in _attestation(file, content)]
            findings += [Finding(file, *remark) for remark in texts.remarks(file, content, one)]
            facts.append(facts_of(file, one, content))
    return findings, facts


def beside(facts: Sequence[Facts], held: Sequence[Record] = ()) -> list[Finding]:
    """Return what is wrong with records beside each other and beside those that the board holds."""
    known = [facts_of(Path("board", one.path), one, b"", held=True) for one in held]
    return compare([*known, *facts])


def _attestation(file: Path, content: bytes) -> Iterator[Remark]:
    """What lies beside a record attests it, and no other."""
    try:
        Attestation.read(file, content)
    except UsageError as error:
        yield str(error), "verify it again with `urlvr-bench verify --attest`, or delete the attestation"


def _place(file: Path, one: Record) -> Iterator[Remark]:
    """In a results folder the path is the configuration; the Hub's store adds the hash of the content."""
    name, _, stored = file.stem.partition("-")
    here, there = (*file.resolve().parts[-len(one.path.parts) : -1], f"{name}.json"), one.path.parts
    if re.fullmatch(r"seed.*\.json", file.name) and here != there:
        yield f"its content belongs at {Path(*there)}", "move it there"
    elif name.startswith("seed") and stored and stored != record.short_hash(file.read_bytes())[:12]:
        yield "its content is not what the hash in its name says", "download it again, or restore it"


def _protocol(file: Path, one: Record) -> Iterator[Remark]:
    """A published protocol's name stands for its published settings."""
    name = one.protocol.exact
    if not protocol.is_published(name):
        yield f"protocol {name} is none of those that ship ({', '.join(protocol.names())})", "publish it", "warning"
        return
    try:
        published = _published(name, tuple(sorted(one.overrides.items())))
    except UsageError as error:
        yield f"overrides do not fit: {error}", REDO
        return
    if published.hash() != one.protocol_hash:
        yield f"protocol {name} has other settings than the published ones with these overrides", REDO


@lru_cache(maxsize=256)
def _published(name: str, overrides: tuple[tuple[str, str], ...]) -> protocol.Protocol:
    return protocol.load(name, dict(overrides))


def _method(file: Path, one: Record) -> Iterator[Remark]:
    """The method is registered, its source known, and what the record says of it is what the source says."""
    yield from sources.remarks(one.method)


def _problems(file: Path, one: Record) -> Iterator[Remark]:
    """Problem ids are the first of the task's test list, wherever that list can be made without a network."""
    for name, ids in one.problems.items():
        if not tasks.exists(name):
            yield f"task {name} is not registered ({', '.join(tasks.names())})", f"add tasks/{name}.yaml"
            continue
        problems = texts.test_problems(name)
        known = None if problems is None else [*problems]
        if known is not None and ids != known[: len(ids)]:
            first = next((i for i, pair in enumerate(zip(ids, known, strict=False)) if len(set(pair)) > 1), len(known))
            yield f"problem {first} of {name} is not the one of the task's test list", REDO
        elif known and len(ids) < (asked := min(one.protocol.evaluation.problems, len(known))):
            yield f"{len(ids)} problems of {name} were judged, the protocol asks for {asked}", REDO
    if not tasks.exists(one.task.name):
        return
    now = texts.loaded(one.task.name)
    if now.version != one.task.version:
        yield (
            f"made with version {one.task.version} of {one.task.name}, which is now {now.version}",
            "make the run again",
        )
    elif (one.task.source, one.task.revision) != (now.source, now.revision):
        yield f"{one.task.name} is said to be of {one.task.source}, and this version is of {now.source}", REDO


def _early(file: Path, one: Record) -> Iterator[Remark]:
    """A run that ended before its protocol's last step ended where its protocol says: at a collapse, or by a rule."""
    training, last = one.protocol.training, one.last_step
    if not training.may_end_early or last == training.steps or stopped.first_end(one) == last:
        return
    signs = [training.stop_at and f"a collapse in {training.stop_at}", training.stop_rule]
    yield f"ends at step {last} of {training.steps} without {' or '.join(filter(None, signs))}", REDO


def _origin(file: Path, one: Record) -> Iterator[Remark]:
    """Where the numbers come from is known, and says nothing about a person or a machine."""
    if one.provenance.git_commit is None:
        yield "made outside of a checkout, so the code is not known", "run from a clone", "warning"
    elif one.provenance.git_dirty:
        yield "made with uncommitted changes to the code", "commit, then make the run again", "warning"
    text = one.model_dump_json(exclude={"steps", "timing", "evals"})
    if any(home in text for home in HOMES):
        yield "holds a path of a person's folder", "remove it"
    if "hf_" in text and TOKEN.search(text):
        yield "holds an access token", "revoke the token, then remove it"


TESTS: tuple[Callable[[Path, Record], Iterable[Remark]], ...] = (
    _place,
    _protocol,
    _method,
    _problems,
    _early,
    _origin,
    *consistency.TESTS,
    *derivation.TESTS,
    *provenance.TESTS,
    suspicion.remarks,
)
