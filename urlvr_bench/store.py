"""The store of committed records: results/<protocol>/<model>/<task>/<method>/seed<k>.json."""

from collections.abc import Sequence
from pathlib import Path

from urlvr_bench import record
from urlvr_bench.errors import UsageError


def collect(folders: Sequence[Path], out: Path, replace: bool = False) -> list[Path]:
    """Copy the records of finished runs to their places under `out`; return those that are new or changed there.

    A record of the same run with other content is refused, before anything is copied, unless `replace` is set.
    """
    found = {out / read.path: read for read in record.read_all(list(folders))}
    changed = {path: new for path, new in found.items() if not path.is_file() or record.read(path) != new}
    taken = [path for path in changed if path.is_file()]
    if taken and not replace:
        raise UsageError(f"{taken[0]} holds another record of the same run; delete it, or say --replace")
    for path, new in changed.items():
        record.write(new, path)
    return list(changed)
