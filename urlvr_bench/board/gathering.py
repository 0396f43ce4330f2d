"""What a board is made of: the records that can be read, what attests them, and what had to be left out and why."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from urlvr_bench.errors import UsageError
from urlvr_bench.records import record
from urlvr_bench.records.attestation import Attestation
from urlvr_bench.records.excerpts import Excerpts
from urlvr_bench.records.record import Record


@dataclass(frozen=True)
class Damaged:
    """A file that has no place on the board; `name` is its place under the folder that was given."""

    name: str
    reason: str


@dataclass(frozen=True)
class Gathered:
    """The records of some folders."""

    records: list[Record]
    damaged: tuple[Damaged, ...] = ()
    attested: Mapping[Path, Attestation] = field(default_factory=dict)
    """By a record's place, what came of making its run again."""
    samples: Mapping[Path, Excerpts] = field(default_factory=dict)
    """By a record's place, a few texts that its policy wrote."""
    probes: Sequence[Record] = ()
    """Runs that end at their collapse: no method is compared by them, but studies read them."""
    folders: Sequence[Path] = ()
    """Where they were read from."""


def gather(folders: Sequence[Path]) -> Gathered:
    """Return the records under some folders, without those that cannot be read or were judged on other problems.

    A record met twice counts once; two contents of one run are an error. Runs that end early are left out: probes,
    which end at their collapse, diagnose a model, and what a stopping rule does is shown of whole runs.
    """
    files, damaged, found = record.find(list(folders)), [], dict[Path, tuple[Path, Record]]()
    for file, read in zip(files, record.try_files(files), strict=True):
        if isinstance(read, UsageError):
            damaged.append(_damaged(file, folders, str(read)))
            continue
        earlier, known = found.setdefault(read.path, (file, read))
        if known != read:
            run = read.path.with_suffix("")
            raise UsageError(f"{file}: holds run {run} with another content than {earlier}; keep one of them")
    shown = {path: (file, read) for path, (file, read) in found.items() if not read.protocol.training.may_end_early}
    for path, reason in list(_judged_on_other_problems([read for _, read in shown.values()])):
        damaged.append(_damaged(shown.pop(path)[0], folders, reason))
    attested, samples = dict[Path, Attestation](), dict[Path, Excerpts]()
    for path, (file, _) in shown.items():
        content = record.contents(file) if _has_company(file) else b""
        try:
            if of := Attestation.read(file, content):
                attested[path] = of
        except UsageError as error:
            damaged.append(_damaged(Attestation.beside(file), folders, str(error)))
        try:
            if texts := Excerpts.read(file, content):
                samples[path] = texts
        except UsageError as error:
            damaged.append(_damaged(Excerpts.beside(file), folders, str(error)))
    probes = [read for path, (_, read) in found.items() if read.protocol.training.stop_at is not None]
    return Gathered([read for _, read in shown.values()], tuple(damaged), attested, samples, probes, folders)


def _has_company(file: Path) -> bool:
    """Whether something lies beside a record that belongs to its very bytes."""
    return any(place.exists() or place.is_symlink() for place in (Attestation.beside(file), Excerpts.beside(file)))


def _damaged(file: Path, folders: Sequence[Path], reason: str) -> Damaged:
    """Return a file that is left out, named without what is above the folder that was given."""
    above = next((folder for folder in folders if file != folder and file.is_relative_to(folder)), file.parent)
    return Damaged(file.relative_to(above).as_posix(), reason.removeprefix(f"{file}: "))


def _judged_on_other_problems(records: Sequence[Record]) -> Iterator[tuple[Path, str]]:
    """Yield the records that do not pair up with most of those they stand beside, and why."""
    boards = defaultdict[tuple[str, ...], list[Record]](list)
    for one in records:
        for task in one.problems:
            weights, version = one.model.weights_sha256, one.task.version
            boards[one.protocol_id, one.protocol_hash, one.model.name, weights, one.task.name, version, task].append(
                one
            )
    odd: dict[Path, str] = {}
    for (*_, task), runs in boards.items():
        usual = Counter(tuple(one.problems[task]) for one in runs).most_common(1)[0][0]
        reason = f"judged on other problems of {task} than the runs beside it"
        odd |= {one.path: reason for one in runs if tuple(one.problems[task]) != usual}
    yield from odd.items()
