"""Submit finished runs: check them, show what they change on the board, open the pull request."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from urlvr_bench import push, record
from urlvr_bench.check import Finding, check, failed
from urlvr_bench.comparison import comparison
from urlvr_bench.errors import UsageError
from urlvr_bench.hub import Hub, Published
from urlvr_bench.hubdiff import Repo
from urlvr_bench.record import Record

LONGEST = 20_000
"""Characters of the table that go into the description of a pull request."""


@dataclass(frozen=True)
class Submission:
    """What came of a submission; one that is rejected has neither a table nor a pull request."""

    findings: list[Finding]
    table: str = ""
    published: Published | None = None

    @property
    def rejected(self) -> bool:
        """Whether the check found errors, not only warnings."""
        return failed(self.findings)


def submit(
    run_dirs: Sequence[Path],
    repo: str | None = None,
    *,
    against: Sequence[Path] = (),
    replace: bool = False,
    dry_run: bool = False,
    hub: Hub | None = None,
) -> Submission:
    """Check the runs, compare them with the board, and open or update the pull request on dataset `repo`.

    The board is what the dataset holds together with the records under `against`. A dry run without `repo` asks no
    Hub at all.
    """
    hub = hub or Hub()
    if not repo and not dry_run:
        raise UsageError("submit to which dataset? Name it (OWNER/NAME), or make it a dry run")
    findings = [finding for folder in run_dirs for finding in check(folder)]
    if failed(findings):
        return Submission(findings)
    new = [one.record for one in push.local(run_dirs).values()]
    table = comparison(new, [*_held(repo, hub, dry_run), *(record.read_all(list(against)) if against else [])])
    if not repo:
        return Submission(findings, table)
    published = push.push_records(
        run_dirs, repo, hub, create_pr=True, description=table[:LONGEST], replace=replace, dry_run=dry_run
    )
    return Submission(findings, table, published)


def _held(repo: str | None, hub: Hub, dry_run: bool) -> list[Record]:
    """Return the records that the dataset holds."""
    if repo is None:
        return []
    target = Repo(repo, "dataset")
    found = hub.patiently(target, lambda: push.download(hub, target, hub.state(target, guess=dry_run)))
    return [one.record for one in found.values()]
