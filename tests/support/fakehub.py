"""A Hugging Face Hub on 127.0.0.1, in memory, that the real huggingface_hub client talks to over real HTTP."""

import base64
import hashlib
import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import hubboards
from hubstate import CI_IDENTITY, CREATED, Blob, Commit, FakeHub, Fault, PullRequest, Repo

__all__ = ["CI_IDENTITY", "FakeHub", "Fault", "serving"]


@contextmanager
def serving() -> Iterator[FakeHub]:
    """Serve a fresh Hub on a free port of 127.0.0.1."""
    hub = FakeHub()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"hub": hub}))
    server.daemon_threads = True
    hub.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class Refusal(Exception):  # noqa: N818 (an answer, not a programming error)
    """An HTTP status that ends the request."""

    def __init__(self, status: int, message: str, code: str = "") -> None:
        super().__init__(message)
        self.status, self.message, self.code = status, message, code


REPO = r"(?P<repo>(?:models|datasets|spaces)/[^/]+/[^/]+)"
FILE = r"(?:(?P<kind>datasets|spaces)/)?(?P<id>[^/]+/[^/]+)"


class _Handler(BaseHTTPRequestHandler):
    hub: FakeHub
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # headers and body in one packet, which spares a delayed acknowledgement

    def log_message(self, *_: Any) -> None:
        """Keep the test's output clean; `FakeHub.log` has the requests."""

    def answer(self, status: int, body: Any = None, **headers: str) -> None:
        content = body if isinstance(body, bytes) else json.dumps(body if body is not None else {}).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def handle_any(self) -> None:
        hub, parts = self.hub, urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)) if self._sized() else self._chunked()
        line = f"{self.command} {unquote(self.path)}"
        hub.agents.add(self.headers.get("User-Agent", ""))
        with hub.lock:
            hub.log.append(line)
            fault = hub.fault(line, after=False)
            if fault is None:
                answer = self._route(parts.path, parse_qs(parts.query), body)
                fault = hub.fault(line, after=True)
        if fault is None:
            return self.answer(answer[0], answer[1], **answer[2])
        if fault.before_answer:
            fault.before_answer()
        if fault.drop:
            self.close_connection = True
            return self.connection.close()
        return self.answer(fault.status, {"error": fault.message}, X_Error_Message=fault.message, **fault.headers)

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = handle_any  # noqa: N815 (names that http.server calls)

    def _sized(self) -> bool:
        return self.headers.get("Transfer-Encoding") != "chunked"

    def _chunked(self) -> bytes:
        body = b""
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def _route(self, path: str, query: dict[str, list[str]], body: bytes) -> tuple[int, Any, dict[str, str]]:
        routes: list[tuple[str, str, Callable[..., Any]]] = [
            ("GET", r"/api/whoami-v2", self.whoami),
            ("POST", r"/oauth/token", self.exchange),
            ("POST", r"/api/validate-yaml", self.validate),
            ("POST", r"/api/repos/create", self.create),
            ("POST", rf"/api/{REPO}/preupload/(?P<revision>[^/]+)", self.preupload),
            ("POST", rf"/api/{REPO}/commit/(?P<revision>[^/]+)", self.commit),
            ("GET", rf"/api/{REPO}/tree/(?P<revision>[^/]+)", self.tree),
            ("GET", rf"/api/{REPO}/discussions", self.discussions),
            ("POST", rf"/api/{REPO}/discussions/(?P<number>\d+)/comment", self.comment),
            ("GET", r"/api/datasets/(?P<dataset>[^/]+/[^/]+)/leaderboard", self.leaderboard),
            ("GET", r"/api/datasets", self.benchmarks),
            ("GET", r"/api/models", self.models),
            ("GET", rf"/api/{REPO}(?:/revision/(?P<revision>[^/]+))?", self.info),
            ("GET|HEAD", rf"/{FILE}/resolve/(?P<revision>[^/]+)/(?P<path>.+)", self.resolve),
            ("POST", rf"/{FILE}\.git/info/lfs/objects/batch", self.batch),
            ("PUT", r"/upload/(?P<oid>[0-9a-f]{64})", self.upload),
            ("POST", r"/verify", self.verify),
            ("POST", r"/api/jobs/(?P<owner>[^/]+)", self.run_job),
            ("GET", r"/api/jobs/(?P<owner>[^/]+)/(?P<job>[^/]+)", self.job),
        ]
        for method, pattern, handle in routes:
            match = re.fullmatch(pattern, path)
            if match and re.fullmatch(method, self.command):
                groups = {name: unquote(value) for name, value in match.groupdict().items() if value is not None}
                try:
                    found = handle(query=query, body=body, **groups)
                except Refusal as no:
                    headers = {"X_Error_Message": no.message} | ({"X_Error_Code": no.code} if no.code else {})
                    return no.status, {"error": no.message}, headers
                return found if isinstance(found, tuple) else (200, found, {})
        return 404, {"error": f"the fake Hub does not know {self.command} {path}"}, {}

    def account(self) -> tuple[str, str]:
        token = (self.headers.get("Authorization") or "").removeprefix("Bearer ")
        if token not in self.hub.tokens:
            raise Refusal(
                401, "Invalid credentials in Authorization header" if token else "Invalid username or password."
            )
        return self.hub.tokens[token]

    def may_write(self, name: str, pull_request: bool = False) -> str:
        """Return the account; refuse a token that may not write. Anyone with a write token may open a PR."""
        account, scope = self.account()
        owner = name.split("/")[1]
        if (scope == "all" and (pull_request or owner == account)) or scope == name:
            return account
        raise Refusal(403, "You don't have the rights to write here")

    def find(self, name: str, revision: str = "main") -> tuple[Repo, Commit]:
        if signed_in := "Authorization" in self.headers:
            self.account()
        repo = self.hub.repos.get(name)
        if repo is None:
            raise Refusal(404 if signed_in else 401, "Repository not found", "RepoNotFound")
        commit = repo.head(revision)
        if commit is None:
            raise Refusal(404, f"Invalid rev id: {revision}", "RevisionNotFound")
        return repo, commit

    def whoami(self, **_: Any) -> Any:
        return {"type": "user", "name": self.account()[0], "orgs": []}

    def exchange(self, body: bytes, **_: Any) -> Any:
        """Trade an identity token of a CI job for a Hub token that may write one repo."""
        asked = json.loads(body)
        if asked["subject_token"] != CI_IDENTITY:
            raise Refusal(400, "invalid_grant")
        self.hub.tokens["hf_jwt_short"] = ("[OIDC]", asked["resource"])
        return {"access_token": "hf_jwt_short", "token_type": "bearer", "expires_in": 3600}

    def validate(self, body: bytes, **_: Any) -> Any:
        if not json.loads(body)["content"].startswith("---\n"):
            return 400, {"errors": [{"message": "no metadata"}], "warnings": []}, {}
        return {"errors": [], "warnings": []}

    def create(self, body: bytes, **_: Any) -> Any:
        asked = json.loads(body)
        name = f"{asked.get('type', 'model')}s/{asked['organization']}/{asked['name']}"
        self.may_write(name)
        if name in self.hub.repos:
            raise Refusal(409, "You already created this repo")
        if asked.get("sdk", "static") != "static":
            raise Refusal(402, "Hosting this Space requires a subscription")
        self.hub.create(name, asked.get("sdk"))
        return {"url": f"{self.hub.url}/{name.removeprefix('models/')}", "name": name.partition("/")[2]}

    def info(self, repo: str, query: dict[str, list[str]], revision: str = "main", **_: Any) -> Any:
        _, commit = self.find(repo, revision)
        files = {path: blob.content for path, blob in commit.tree.items()}
        known = {"id": repo.partition("/")[2], "sha": commit.oid, "private": False, "tags": []}
        if "evalResults" in query.get("expand", []):
            return known | {"evalResults": hubboards.results(self.hub, repo)}
        siblings = [{"rfilename": path} for path in sorted(files)]
        return known | {"downloads": 0, "likes": 0, "siblings": siblings, "cardData": hubboards.card(files)}

    def models(self, query: dict[str, list[str]], **_: Any) -> Any:
        mine = f"models/{query.get('author', [''])[0]}"
        return [self.info(name, query) for name in self.hub.repos if name.startswith(mine)]

    def benchmarks(self, query: dict[str, list[str]], **_: Any) -> Any:
        if query.get("filter") != ["benchmark:official"]:
            raise Refusal(400, "the fake Hub lists benchmarks only")
        return [self.info(name, {}) for name in hubboards.benchmarks(self.hub)]

    def leaderboard(self, dataset: str, query: dict[str, list[str]], **_: Any) -> Any:
        if f"datasets/{dataset}" not in hubboards.benchmarks(self.hub):
            raise Refusal(404, "This dataset has no leaderboard")
        everything = query.get("base_model", ["true"])[0].lower() == "false"
        return hubboards.board(self.hub, dataset, fine_tuned=everything)

    def tree(self, repo: str, revision: str, query: dict[str, list[str]], **_: Any) -> Any:
        _, commit = self.find(repo, revision)
        folders = {path.rsplit("/", depth)[0] for path in commit.tree for depth in range(1, path.count("/") + 1)}
        entries: list[dict[str, Any]] = [{"type": "directory", "path": path, "oid": "0" * 40} for path in folders]
        for path, blob in commit.tree.items():
            entry = {"type": "file", "path": path, "size": len(blob.content), "oid": blob.oid}
            large = {"lfs": {"oid": blob.sha256, "size": len(blob.content), "pointerSize": 130}} if blob.large else {}
            entries.append(entry | large)
        start = int(query.get("cursor", ["0"])[0])
        page = sorted(entries, key=lambda entry: entry["path"])[start : start + self.hub.page]
        if start + self.hub.page >= len(entries):
            return page
        more = f"{self.hub.url}{urlsplit(self.path).path}?recursive=true&cursor={start + self.hub.page}"
        return 200, page, {"Link": f'<{more}>; rel="next"'}

    def preupload(self, repo: str, revision: str, body: bytes, query: dict[str, list[str]], **_: Any) -> Any:
        self.may_write(repo, "create_pr" in query or revision.startswith("refs/pr/"))
        _, commit = self.find(repo, revision)
        files = []
        for asked in json.loads(body)["files"]:
            large = asked["size"] > self.hub.large_above or asked["path"].endswith(".safetensors")
            there = commit.tree.get(asked["path"])
            oid = (there.sha256 if there.large else there.oid) if there else None
            mode = "lfs" if large else "regular"
            files.append({"path": asked["path"], "uploadMode": mode, "shouldIgnore": False, "oid": oid})
        return {"files": files}

    def commit(self, repo: str, revision: str, body: bytes, query: dict[str, list[str]], **_: Any) -> Any:
        new_request = "create_pr" in query
        author = self.may_write(repo, new_request or revision.startswith("refs/pr/"))
        found, base = self.find(repo, revision)
        header, *operations = [json.loads(line) for line in body.splitlines()]
        parent = header["value"].get("parentCommit")
        if parent and parent != base.oid and not new_request:
            raise Refusal(412, "A commit has happened since. Please refresh and try again.")
        tree = dict(base.tree)
        for operation in operations:
            self._apply(tree, operation["key"], operation["value"])
        answer: dict[str, Any] = {"success": True}
        if new_request:
            number = len(found.pull_requests) + 1
            opening = [header["value"].get("description", "")]
            found.pull_requests.append(PullRequest(number, header["value"]["summary"], author, comments=opening))
            revision = f"refs/pr/{number}"
            found.refs[revision] = [base]
            answer["pullRequestUrl"] = f"{self.hub.url}/{repo}/discussions/{number}"
        made = found.append(revision, tree, header["value"]["summary"], header["value"].get("description", ""))
        return answer | {"commitOid": made.oid, "commitUrl": f"{self.hub.url}/{repo}/commit/{made.oid}"}

    def _apply(self, tree: dict[str, Blob], key: str, value: dict[str, Any]) -> None:
        path = value["path"]
        if key == "file":
            tree[path] = Blob(base64.b64decode(value["content"]))
        elif key == "lfsFile":
            if value["oid"] not in self.hub.stored:
                raise Refusal(400, f"{path}: the large file {value['oid']} was never uploaded")
            tree[path] = Blob(self.hub.stored[value["oid"]], large=True)
        elif key == "deletedFile":
            if path not in tree:
                raise Refusal(404, "A file with this name doesn't exist", "EntryNotFound")
            del tree[path]
        else:
            raise Refusal(400, f"the fake Hub does not know the operation {key}")

    def discussions(self, repo: str, query: dict[str, list[str]], **_: Any) -> Any:
        found, _commit = self.find(repo)
        kind, _sep, name = repo.partition("/")
        status, author = query.get("status", [None])[0], query.get("author", [None])[0]
        shown = [one for one in found.pull_requests if one.status == (status or one.status)]
        shown = [one for one in shown if one.author == (author or one.author)]
        entries = [
            {
                "num": request.number,
                "title": request.title,
                "status": request.status,
                "author": {"name": request.author},
                "createdAt": CREATED,
                "isPullRequest": True,
                "repo": {"name": name, "type": kind.removesuffix("s")},
            }
            for request in shown
        ]
        return {"discussions": entries, "count": len(entries), "start": 0}

    def comment(self, repo: str, number: str, body: bytes, **_: Any) -> Any:
        author = self.may_write(repo, pull_request=True)
        text = json.loads(body)["comment"]
        self.find(repo)[0].pull_requests[int(number) - 1].comments.append(text)
        event = {"id": "0", "type": "comment", "createdAt": CREATED, "author": {"name": author}}
        return {"newMessage": event | {"data": {"edited": False, "hidden": False, "latest": {"raw": text}}}}

    def resolve(self, id: str, revision: str, path: str, kind: str = "models", **_: Any) -> Any:
        _, commit = self.find(f"{kind}/{id}", revision)
        blob = commit.tree.get(path)
        if blob is None:
            raise Refusal(404, "Entry not found", "EntryNotFound")
        return 200, blob.content, {"ETag": f'"{blob.sha256 if blob.large else blob.oid}"', "X_Repo_Commit": commit.oid}

    def batch(self, body: bytes, **_: Any) -> Any:
        """Say where each large file is to be sent; one that is there already needs nothing."""
        objects = []
        for asked in json.loads(body)["objects"]:
            there = asked["oid"] in self.hub.stored
            actions = {
                "upload": {"href": f"{self.hub.url}/upload/{asked['oid']}"},
                "verify": {"href": f"{self.hub.url}/verify"},
            }
            objects.append(asked | ({} if there else {"actions": actions}))
        return {"transfer": "basic", "objects": objects}

    def upload(self, oid: str, body: bytes, **_: Any) -> Any:
        if hashlib.sha256(body).hexdigest() != oid:
            raise Refusal(400, "the content is not what its name says")
        self.hub.stored[oid] = body
        return {}

    def verify(self, body: bytes, **_: Any) -> Any:
        asked = json.loads(body)
        if len(self.hub.stored.get(asked["oid"], b"")) != asked["size"]:
            raise Refusal(404, "not uploaded")
        return {}

    def run_job(self, owner: str, body: bytes, **_: Any) -> Any:
        account, scope = self.account()
        if scope != "all" or owner != account:
            raise Refusal(403, f"You may not run jobs for {owner}")
        identity = f"{len(self.hub.jobs):024x}"
        self.hub.jobs[identity] = {**json.loads(body), "stage": "SCHEDULING"}
        return self.job(owner, identity)

    def job(self, owner: str, job: str, **_: Any) -> Any:
        if job not in self.hub.jobs:
            raise Refusal(404, "Job not found")
        known = {"id": owner, "name": owner, "type": "user"}
        status = {"stage": self.hub.jobs[job]["stage"], "message": None}
        return {"id": job, "createdAt": CREATED, "owner": known, "status": status}
