"""Send records to a dataset on the Hub and the board to a static Space, each in one commit or in none."""

import hashlib
import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from urlvr_bench.errors import UsageError
from urlvr_bench.hub import cards, views
from urlvr_bench.hub.difference import Change, Files, Repo, State, diff
from urlvr_bench.hub.policies import push_models
from urlvr_bench.hub.repo import Hub, Message, Published
from urlvr_bench.records import record
from urlvr_bench.records.record import Record

STORED = re.compile(r"records/(?P<run>.+/seed\d+)-[0-9a-f]{12}\.json")
"""Where the dataset keeps a record: under its run's path and the hash of its file."""


@dataclass(frozen=True)
class Stored:
    """A record and the file that it is, which travels byte for byte."""

    record: Record
    content: bytes

    @classmethod
    def read(cls, path: Path) -> "Stored":
        """Read a record's file."""
        return cls(*record.load(path))

    @property
    def path(self) -> str:
        """Where the dataset keeps it."""
        return f"records/{views.name(self.record)}-{hashlib.sha256(self.content).hexdigest()[:12]}.json"


Records = Mapping[str, Stored]
"""Records by their path in the dataset."""


def push(
    folders: Sequence[Path],
    repo: str | None = None,
    *,
    space: str | None = None,
    site: Path | None = None,
    create_pr: bool = False,
    models: bool = False,
    namespace: str | None = None,
    replace: bool = False,
    dry_run: bool = False,
    hub: Hub | None = None,
) -> list[Published]:
    """Push the records under `folders` to dataset `repo`, and the folder `site`, if given, to Space `space`.

    Dataset and Space link to each other whatever is pushed. `models` also pushes the last weights of run folders, to
    repos of `namespace` (default: the account that is signed in). `replace` lets a record take the place of another
    one of the same run.
    """
    hub = hub or Hub()
    if not folders and not site:
        raise UsageError("nothing to push: give folders of records for the dataset, or a site for the Space")
    if folders and not repo:
        raise UsageError("push the records to which dataset? Name it: OWNER/NAME")
    if site and not space:
        raise UsageError("push the site to which Space? Name it: OWNER/NAME")
    if create_pr and (site or not folders):
        raise UsageError("a pull request carries records only: give their folders and no site; it follows the merge")
    pages = site_files(site, repo) if site else {}
    done = []
    if folders and repo:
        done.append(
            push_records(folders, repo, hub, space=space, create_pr=create_pr, replace=replace, dry_run=dry_run)
        )
    if pages and space:
        done.append(push_site(pages, space, hub, dry_run=dry_run))
    if folders and repo and models:
        done += push_models(folders, repo, hub, namespace=namespace, dry_run=dry_run)
    return done


def push_records(
    folders: Sequence[Path],
    repo: str,
    hub: Hub,
    *,
    space: str | None = None,
    create_pr: bool = False,
    description: str = "",
    replace: bool = False,
    dry_run: bool = False,
) -> Published:
    """Add records to the dataset: on main with the views and the card that follow from them, in a PR alone."""
    target, ours = Repo(repo, "dataset"), local(folders)

    def on_main(state: State) -> Change:
        old = _others(state, ours, target, replace)
        everything = {**ours, **download(hub, target, state, without={*ours, *old})}
        _refuse_doubles(everything, target)
        ordered = [everything[path].record for path in sorted(everything)]
        derived = views.views(ordered) | {"README.md": cards.dataset_card(ordered, repo, space)}
        return diff(
            state, _contents(ours) | derived, [*old, *(path for path in state.files if path.startswith("data/"))]
        )

    def in_request(state: State) -> Change:
        main = hub.state(target, guess=dry_run)
        if main.commit is None and not dry_run:
            raise UsageError(f"{target} does not exist, or the token may not see it; check the name")
        new = {path: one for path, one in ours.items() if path not in main.files}
        old = _others(main, new, target, replace)
        requested = State(files={path: oid for path, oid in state.files.items() if path not in main.files})
        return diff(state, _contents(new), [*old, *_others(requested, new, target, replace=True)])

    added = "Add 1 record" if len(ours) == 1 else f"Add {len(ours)} records"
    message = Message(_title(ours) if create_pr else added, description, create_pr)
    return hub.publish(target, in_request if create_pr else on_main, message, dry_run)


def site_files(site: Path, dataset: str | None) -> Files:
    """Return what the Space is to hold: the files of a built site, its card linked to the dataset."""
    if not all((site / name).is_file() for name in ("index.html", "README.md")):
        raise UsageError(f"{site} is no site: build one with `urlvr-bench board build --out site/`")
    paths = [path for path in sorted(site.rglob("*")) if path.is_file()]
    files = {path.relative_to(site).as_posix(): path.read_bytes() for path in paths}
    files = {path: content for path, content in files.items() if not re.search(r"(^|/)\.", path)}
    return files | {"README.md": cards.space_card(files["README.md"], dataset)}


def push_site(files: Files, space: str, hub: Hub, *, dry_run: bool = False) -> Published:
    """Make a static Space hold these files and nothing else."""

    def wish(state: State) -> Change:
        return diff(state, files, [path for path in state.files if path != ".gitattributes"])

    return hub.publish(Repo(space, "space"), wish, Message("Publish the board"), dry_run)


def local(folders: Sequence[Path]) -> Records:
    """Return the records under local folders; two different ones of the same run are an error."""
    found: dict[str, Stored] = {}
    origin: dict[str, Path] = {}
    for path in record.find(list(folders)):
        one = Stored.read(path)
        run = views.name(one.record)
        if run in origin and one.path not in found:
            raise UsageError(f"{origin[run]} and {path} differ but are both {run}: keep one of them")
        origin.setdefault(run, path)
        found[one.path] = one
    return found


def download(hub: Hub, repo: Repo, state: State, without: Collection[str] = ()) -> Records:
    """Return the other records that the dataset holds; a content that does not fit its name is an error."""
    paths = [path for path in state.files if STORED.fullmatch(path) and path not in without]
    if not paths:
        return {}
    cached = hub.api.snapshot_download(
        repo.id, repo_type=repo.kind, revision=state.commit, allow_patterns=["records/*"], max_workers=4
    )
    found = {path: Stored.read(Path(cached, path).resolve()) for path in paths}
    for path, one in found.items():
        if one.path != path:
            raise UsageError(f"{repo}: {path} does not hold what its name says; restore it from the history")
    return found


def _contents(records: Records) -> dict[str, bytes]:
    return {path: one.content for path, one in records.items()}


def _others(state: State, records: Records, repo: Repo, replace: bool) -> list[str]:
    """Return the repo's other records of the same runs; unless they are to be replaced, there may be none."""
    ours = {views.name(one.record) for one in records.values()}
    matches = (STORED.fullmatch(path) for path in state.files)
    others = sorted(m[0] for m in matches if m and m["run"] in ours and m[0] not in records)
    if others and not replace:
        more = f" and {len(others) - 3} more" if len(others) > 3 else ""
        raise UsageError(
            f"{repo} has other results of {', '.join(others[:3])}{more}: use another seed, or --replace them"
        )
    return others


def _refuse_doubles(records: Records, repo: Repo) -> None:
    """Fail where the dataset has, by two merges, got two results of one run."""
    runs = Counter(views.name(one.record) for one in records.values())
    if doubled := [run for run, times in sorted(runs.items()) if times > 1]:
        raise UsageError(f"{repo} has two results of {doubled[0]}: push the right one with --replace")


def _title(records: Records) -> str:
    """Return the title of a PR: the same methods on the same protocol, whatever the seeds, make the same one."""
    cells = sorted({Path(views.name(one.record)).parent.as_posix() for one in records.values()})
    digest = hashlib.sha256("\n".join(cells).encode()).hexdigest()[:8]
    return f"[urlvr-bench] {cells[0]}" + (f" and {len(cells) - 1} more ({digest})" if len(cells) > 1 else "")
