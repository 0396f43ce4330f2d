"""Bring a repo on the Hugging Face Hub to a wished state: one commit, none where nothing changed, bounded retries."""

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from huggingface_hub import CommitInfo, CommitOperationAdd, CommitOperationDelete, Discussion, HfApi, get_token
from huggingface_hub.errors import HfHubHTTPError, RepositoryNotFoundError
from huggingface_hub.hf_api import RepoFile

from urlvr_bench import __version__
from urlvr_bench.errors import UsageError
from urlvr_bench.hub.difference import Change, Repo, State
from urlvr_bench.hub.patience import FAILURES, TRIES, UNREACHABLE, is_bad_token, one_line, require_token, wait_after

T = TypeVar("T")
Wish = Callable[[State], Change]
"""Says what change a repo in a given state needs."""


@dataclass(frozen=True)
class Published:
    """What came of one repo; `url` leads to the commit or the pull request and is None where neither was made."""

    repo: Repo
    change: Change
    url: str | None = None

    def __str__(self) -> str:
        return f"{self.repo}: {self.url or 'no commit'}"


@dataclass(frozen=True)
class Message:
    """How a commit is recorded. With a pull request, `title` is its name and `description` its opening text.

    A later commit on the same pull request leaves its description there as a comment.
    """

    title: str
    description: str = ""
    pull_request: bool = False


@dataclass(frozen=True)
class Hub:
    """The way to the Hub: its client, and how to speak, to wait and to scatter the waits."""

    say: Callable[[str], None] = print
    sleep: Callable[[float], None] = time.sleep
    rng: random.Random = field(default_factory=random.Random)
    api: HfApi = field(default_factory=lambda: HfApi(library_name="urlvr-bench", library_version=__version__))

    def publish(self, repo: Repo, wish: Wish, message: Message, dry_run: bool = False) -> Published:
        """Make one commit of what `wish` asks for, on main or on this account's pull request of that title.

        Every try reads the repo afresh and asks `wish` again, so a commit that landed although its answer was lost
        is not made twice, and a head that moved meanwhile is taken into account.
        """
        if not dry_run:
            require_token()
        attempt = self._preview if dry_run else self._commit
        return self.patiently(repo, lambda: attempt(repo, wish, message))

    def patiently(self, repo: Repo, attempt: Callable[[], T]) -> T:
        """Return what `attempt` returns; wait and repeat it while the Hub's trouble may pass."""
        for tries in range(1, TRIES + 1):
            try:
                return attempt()
            except FAILURES as error:
                wait, reason = wait_after(error, repo, tries, self.rng)
                self.say(f"{repo}: {reason}; try {tries + 1} of {TRIES} in {wait:.0f} s")
                self.sleep(wait)
        raise AssertionError("the last try returns or raises")

    def state(self, repo: Repo, revision: str = "main", *, guess: bool = False) -> State:
        """Return what a repo holds now; with `guess`, an empty one where the Hub cannot be reached."""
        try:
            commit = self.api.repo_info(repo.id, repo_type=repo.kind, revision=revision).sha
        except RepositoryNotFoundError as error:
            if is_bad_token(error):
                raise
            return State()
        except UNREACHABLE:
            if not guess:
                raise
            self.say(f"{repo}: the Hub cannot be reached, so what it holds already is unknown")
            return State()
        tree = self.api.list_repo_tree(repo.id, repo_type=repo.kind, revision=commit, recursive=True)
        files = [entry for entry in tree if isinstance(entry, RepoFile)]
        return State(commit, {file.path: file.lfs.sha256 if file.lfs else file.blob_id for file in files})

    def card(self, model: Repo, *, guess: bool = False) -> Mapping[str, Any]:
        """Return the metadata of a model's card; nothing where there is no such model, or, with `guess`, no Hub."""
        try:
            card = self.api.model_info(model.id).card_data
        except RepositoryNotFoundError as error:
            if is_bad_token(error):
                raise
            return {}
        except UNREACHABLE:
            if not guess:
                raise
            return {}
        return card.to_dict() if card else {}

    def account(self) -> str:
        """Return the name of the account that is signed in."""
        require_token()
        name: str = self.api.whoami(cache=True)["name"]
        return name

    def _request(self, repo: Repo, title: str) -> Discussion | None:
        """Return this account's open pull request of that title."""
        me = self.account()
        found = self.api.get_repo_discussions(
            repo.id, repo_type=repo.kind, author=me, discussion_type="pull_request", discussion_status="open"
        )
        return next((one for one in found if (one.title, one.author) == (title, me)), None)

    def _commit(self, repo: Repo, wish: Wish, message: Message) -> Published:
        request = self._request(repo, message.title) if message.pull_request else None
        state = self.state(repo, f"refs/pr/{request.num}" if request else "main")
        if state.commit is None and not message.pull_request:
            sdk = "static" if repo.kind == "space" else None
            self.api.create_repo(repo.id, repo_type=repo.kind, space_sdk=sdk, exist_ok=True)
            state = self.state(repo)
        change = wish(state)
        if not change:
            self.say(f"{repo}: nothing has changed, so nothing was pushed ({change.unchanged} files are up to date)")
            return Published(repo, change, request.url if request else None)
        change.refuse_tokens()
        made = self._send(repo, state, change, message, request)
        if request and message.description:
            self.api.comment_discussion(repo.id, request.num, message.description, repo_type=repo.kind)
        url = request.url if request else made.pr_url or made.commit_url
        self.say(f"{repo}: pushed {change}: {url}")
        return Published(repo, change, url)

    def _send(
        self, repo: Repo, state: State, change: Change, message: Message, request: Discussion | None
    ) -> CommitInfo:
        """Make the commit. On main it must follow the commit that was read; a pull request only adds to its own."""
        additions = [CommitOperationAdd(path, content) for path, content in change.put.items()]
        deletions = [CommitOperationDelete(path, is_folder=False) for path in change.deleted]
        try:
            return self.api.create_commit(
                repo.id,
                [*additions, *deletions],
                repo_type=repo.kind,
                commit_message=message.title,
                commit_description=message.description,
                revision=f"refs/pr/{request.num}" if request else None,
                create_pr=message.pull_request and request is None,
                parent_commit=None if message.pull_request else state.commit,
            )
        except ValueError as error:  # a card or a large file that the Hub does not take
            if isinstance(error, HfHubHTTPError):
                raise
            raise UsageError(f"{repo}: {one_line(str(error))}") from error

    def _preview(self, repo: Repo, wish: Wish, message: Message) -> Published:
        """Say exactly what a push would do; where the Hub cannot be reached, to an empty repo."""
        state, request = self.state(repo, guess=True), None
        if message.pull_request and state.commit and get_token():
            request = self._request(repo, message.title)
            state = self.state(repo, f"refs/pr/{request.num}") if request else state
        change = wish(state)
        where = f"pull request {request.num}" if request else "a new pull request" if message.pull_request else "main"
        self.say(f"{repo}: dry run: {change} for {where if change else 'a commit, so there would be none'}")
        for line in change.lines():
            self.say(line)
        return Published(repo, change)
