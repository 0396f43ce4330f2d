"""Pushing to the Hub, against a Hub on the loopback device that the real client talks to."""

import io
import itertools
import json
import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml
from fakehub import CI_IDENTITY, Fault
from hubdesk import Desk, signed_in
from huggingface_hub import constants
from records import fabricate

from urlvr_bench.errors import UsageError
from urlvr_bench.hub import views
from urlvr_bench.records import record

desk = pytest.fixture(signed_in)

REPO, SPACE = "org/results", "org/board"
DATASET = f"datasets/{REPO}"
RECORD = re.compile(r"records/pocket@1/pocket-s1250/chain/(\w+)/seed(\d+)-[0-9a-f]{12}\.json")
WRITES = r"^(POST|PUT|DELETE) "


def results(folder: Path, *methods: str, seeds: int = 2, **changes: Any) -> list[Path]:
    """Write a small results folder and return it as a list."""
    for method, seed in itertools.product(methods or ("majority_vote",), range(seeds)):
        one = fabricate(method, seed, steps=4, problems=5, samples=4, k=(1, 4), **changes)
        record.write(one, folder / one.path)
    return [folder]


def site(folder: Path, **files: str) -> Path:
    """Write a small site."""
    card = (Path(__file__).parents[2] / "leaderboard" / "README.md").read_text()
    for name, text in {"index.html": "<p>board</p>", "README.md": card, "run/a.html": "<p>a</p>", **files}.items():
        record.write_atomically(folder / name, text)
    return folder


def table(content: bytes) -> pd.DataFrame:
    return pd.read_parquet(io.BytesIO(content))


def test_a_push_stores_records_views_and_card_in_one_commit(desk: Desk, tmp_path: Path) -> None:
    folders = results(tmp_path / "results", "majority_vote", "token_entropy")
    (done,) = desk.push(folders, REPO)
    files = desk.fake.files(DATASET)
    stored = {path: content for path, content in files.items() if path.startswith("records/")}
    assert len(stored) == 4 and all(RECORD.fullmatch(path) for path in stored)
    assert sorted(stored.values()) == sorted(path.read_bytes() for path in record.find(folders))
    assert len(desk.fake.commits(DATASET)) == 1
    assert done.url == f"{desk.fake.url}/{DATASET}/commit/{desk.fake.repos[DATASET].head().oid}"
    assert all("urlvr-bench" in agent for agent in desk.fake.agents)
    card = yaml.safe_load(files["README.md"].decode().split("---")[1])
    assert {part["config_name"]: part["data_files"] for part in card["configs"]} == {
        view: f"data/{view}.parquet" for view in ("runs", "curves", "problems")
    }
    assert {path for path in files if path.startswith("data/")} == {part["data_files"] for part in card["configs"]}


def test_a_second_push_of_the_same_is_no_commit(desk: Desk, tmp_path: Path) -> None:
    folders, page = results(tmp_path / "results"), site(tmp_path / "site")
    desk.push(folders, REPO, space=SPACE, site=page)
    before = {name: list(repo.refs["main"]) for name, repo in desk.fake.repos.items()}
    desk.said.clear()
    again = desk.push(folders, REPO, space=SPACE, site=page)
    assert {name: repo.refs["main"] for name, repo in desk.fake.repos.items()} == before
    assert [one.url for one in again] == [None, None] and not any(one.change for one in again)
    assert [line.split(" (")[0] for line in desk.said] == [
        f"{DATASET}: nothing has changed, so nothing was pushed",
        f"spaces/{SPACE}: nothing has changed, so nothing was pushed",
    ]


def test_later_pushes_add_to_the_store_and_derive_views_from_all_of_it(desk: Desk, tmp_path: Path) -> None:
    desk.fake.page = 3
    desk.push(results(tmp_path / "first", "majority_vote"), REPO)
    first = desk.fake.files(DATASET)
    (done,) = desk.push(results(tmp_path / "second", "token_entropy"), REPO)
    both = desk.fake.files(DATASET)
    assert len(done.change.added) == 2 and not done.change.deleted
    assert set(done.change.changed) == {"README.md", *(path for path in both if path.startswith("data/"))}
    assert {path: both[path] for path in first if RECORD.fullmatch(path)}.items() <= first.items()
    everything = record.read_all([tmp_path / "first", tmp_path / "second"])
    assert {path: both[path] for path in views.views(everything)} == views.views(everything[::-1])
    assert set(table(both["data/runs.parquet"]).method) == {"majority_vote", "token_entropy"}


def test_views_hold_the_raw_numbers(tmp_path: Path) -> None:
    everything = [fabricate(seed=seed, ood=("other",)) for seed in range(3)]
    tables = {path.split("/")[1]: table(content) for path, content in views.views(everything).items()}
    problems = tables["problems.parquet"]
    assert problems.correct.sum() == sum(sum(evaluation.correct) for one in everything for evaluation in one.evals)
    counts = [vote["count"] for votes in problems.votes for vote in votes if vote["right"]]
    assert sum(counts) == problems.correct.sum()
    curves = tables["curves.parquet"]
    assert curves.groupby("run", sort=True).proxy_reward.apply(list).tolist() == [
        list(one.steps.proxy_reward) for one in everything
    ]
    runs = tables["runs.parquet"]
    last = problems[(problems.step == 40) & (problems.task == "chain")].groupby("run")
    assert runs.accuracy_end.tolist() == pytest.approx((last.correct.sum() / last.n.sum()).tolist())
    assert runs.run.tolist() == sorted(one.path.with_suffix("").as_posix() for one in everything)


@pytest.mark.parametrize("there_before", [False, True])
def test_a_dry_run_says_exactly_what_goes_and_writes_nothing(desk: Desk, tmp_path: Path, there_before: bool) -> None:
    if there_before:
        desk.push(results(tmp_path / "old", "token_entropy"), REPO, space=SPACE, site=site(tmp_path / "o", old="x"))
    desk.fake.log.clear()
    desk.said.clear()
    args = {"space": SPACE, "site": site(tmp_path / "site", **{"index.html": "<p>new</p>"})}
    foretold = desk.push(results(tmp_path / "results"), REPO, dry_run=True, **args)
    assert desk.fake.count(WRITES) == 0 and len(desk.fake.repos) == 2 * there_before
    lines = [line for line in desk.said if line.startswith("  ")]
    done = desk.push(results(tmp_path / "results"), REPO, **args)
    assert [one.change.put for one in foretold] == [one.change.put for one in done]
    gone = [path for one in done for path in one.change.deleted if there_before]  # a new Space comes with a template
    gone += [f"{path} ({len(content):,} bytes)" for one in done for path, content in one.change.put.items()]
    assert sorted(line[4:] for line in lines) == sorted(gone)


def test_a_dry_run_needs_no_hub_and_no_token(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HF_TOKEN")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    (done,) = desk.push(results(tmp_path / "results"), REPO, dry_run=True)
    assert len(done.change.added) == 6 and "cannot be reached" in desk.said[0] and not desk.fake.log


def test_the_site_becomes_a_static_space_that_mirrors_the_folder(desk: Desk, tmp_path: Path) -> None:
    page = site(tmp_path / "site", **{"old.html": "x", ".cache/secret": "not for the site"})
    desk.push([], space=SPACE, site=page)
    repo = desk.fake.repos[f"spaces/{SPACE}"]
    assert repo.sdk == "static" and len(desk.fake.commits(f"spaces/{SPACE}")) == 1
    assert set(desk.fake.files(f"spaces/{SPACE}")) == {
        ".gitattributes",
        "README.md",
        "index.html",
        "old.html",
        "run/a.html",
    }
    (page / "old.html").unlink()
    desk.push(results(tmp_path / "results"), REPO, space=SPACE, site=page)
    files = desk.fake.files(f"spaces/{SPACE}")
    assert "old.html" not in files and ".gitattributes" in files
    assert yaml.safe_load(files["README.md"].decode().split("---")[1])["datasets"] == [REPO]


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({"README.md": "---\nsdk: gradio\n---\n"}, "needs sdk: static"),
        ({"README.md": "---\nsdk: [static\n---\n"}, "no Space card"),
        ({"leak.js": "const key = 'hf_" + "a" * 34 + "'"}, "looks like a Hub token"),
    ],
)
def test_a_site_that_must_not_go_is_refused(desk: Desk, tmp_path: Path, files: dict[str, str], reason: str) -> None:
    with pytest.raises(UsageError, match=reason):
        desk.push([], space=SPACE, site=site(tmp_path / "site", **files))
    assert not desk.fake.repos or not desk.fake.commits(f"spaces/{SPACE}")


def test_a_contributor_opens_one_pull_request_and_then_updates_it(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.push(results(tmp_path / "theirs", "token_entropy"), REPO)
    desk.fake.tokens["hf_stranger"] = ("stranger", "all")
    monkeypatch.setenv("HF_TOKEN", "hf_stranger")
    mine = tmp_path / "mine"
    (opened,) = desk.push(results(mine, seeds=1), REPO, create_pr=True)
    assert opened.url == f"{desk.fake.url}/{DATASET}/discussions/1"
    (updated,) = desk.push(results(mine, seeds=3), REPO, create_pr=True)
    (same,) = desk.push([mine], REPO, create_pr=True)
    assert [one.title for one in desk.fake.repos[DATASET].pull_requests] == [
        "[urlvr-bench] pocket@1/pocket-s1250/chain/majority_vote"
    ]
    assert updated.url == same.url == opened.url and not same.change
    assert len(desk.fake.commits(DATASET, "refs/pr/1")) == 2
    new = desk.fake.files(DATASET, "refs/pr/1").keys() - desk.fake.files(DATASET).keys()
    assert sorted(RECORD.fullmatch(path)[2] for path in new) == ["0", "1", "2"]
    changed = fabricate("majority_vote", 2, steps=4, problems=5, samples=4, k=(1, 4), base=0.1)
    record.write(changed, mine / changed.path)
    desk.push([mine], REPO, create_pr=True)
    new = desk.fake.files(DATASET, "refs/pr/1").keys() - desk.fake.files(DATASET).keys()
    assert sorted(RECORD.fullmatch(path)[2] for path in new) == ["0", "1", "2"]
    desk.push(results(mine, "majority_vote", "probability", seeds=1), REPO, create_pr=True)
    assert len(desk.fake.repos[DATASET].pull_requests) == 2
    (nothing,) = desk.push([tmp_path / "theirs"], REPO, create_pr=True)
    assert not nothing.change and len(desk.fake.repos[DATASET].pull_requests) == 2


COMMIT = "/commit/"
PASSING = {
    "another commit in progress": Fault(COMMIT, 409),
    "the head has moved": Fault(COMMIT, 412),
    "too many requests": Fault(COMMIT, 429, headers={"Retry-After": "7"}),
    "a rate limit": Fault(COMMIT, 429, headers={"RateLimit": '"api";r=0;t=9'}),
    "a server in trouble": Fault(COMMIT, 503, times=2),
    "no answer": Fault(COMMIT, 0, drop=True),
    "an answer that is lost": Fault(COMMIT, 500, after=True),
    "trouble while reading": Fault("GET .*/revision/", 502),
}


@pytest.mark.parametrize("create_pr", [False, True])
@pytest.mark.parametrize("trouble", PASSING)
def test_passing_trouble_is_waited_out_and_nothing_is_done_twice(
    desk: Desk, tmp_path: Path, trouble: str, create_pr: bool
) -> None:
    desk.push(results(tmp_path / "old", "token_entropy"), REPO)
    fault = PASSING[trouble]
    desk.fake.faults = [Fault(**{**vars(fault)})]
    (done,) = desk.push(results(tmp_path / "results"), REPO, create_pr=create_pr)
    assert [request.number for request in desk.fake.repos[DATASET].pull_requests] == [1] * create_pr
    ref = "refs/pr/1" if create_pr else "main"
    assert len(desk.fake.commits(DATASET, ref)) == (1 if create_pr else 2)
    assert sum(bool(RECORD.fullmatch(path)) for path in desk.fake.files(DATASET, ref)) == 4
    assert len(desk.waits) == fault.times and all(0 < wait < 12 for wait in desk.waits)
    asked = {"too many requests": 7, "a rate limit": 9}.get(trouble, 0)
    assert asked <= desk.waits[0] and (not asked or desk.waits[0] < asked + 1)
    assert not create_pr or done.url == f"{desk.fake.url}/{DATASET}/discussions/1"


def test_a_head_that_really_moved_is_read_again(desk: Desk, tmp_path: Path) -> None:
    desk.push(results(tmp_path / "old", "token_entropy"), REPO)
    other = fabricate("probability", 0, steps=4, problems=5, samples=4, k=(1, 4))
    record.write(other, tmp_path / "other" / other.path)
    somebody = Desk(desk.fake)
    desk.fake.faults = [
        Fault(COMMIT, 412, before_answer=lambda: somebody.push([tmp_path / "other"], REPO)),
    ]
    desk.push(results(tmp_path / "results"), REPO)
    runs = table(desk.fake.files(DATASET)["data/runs.parquet"])
    assert sorted(set(runs.method)) == ["majority_vote", "probability", "token_entropy"]


@pytest.mark.parametrize(
    ("fault", "tries", "reason"),
    [
        (Fault(COMMIT, 409, times=99), 6, r"answered 409 at try 6 of 6 \(.*\); nothing is half done"),
        (Fault(COMMIT, 429, times=99, headers={"Retry-After": "3000"}), 1, "asks to wait 3000 s"),
        (Fault(COMMIT, 400, times=99, message="file names must be short"), 1, "file names must be short"),
        (Fault("/validate-yaml", 400, times=99), 1, "Invalid metadata in README.md"),
        (Fault(COMMIT, 403, times=99), 1, "the token may not write here"),
        (Fault("/repos/create", 402, times=99, message="subscribe"), 1, "answered 402 .*subscribe"),
    ],
)
def test_lasting_trouble_ends_in_one_line(desk: Desk, tmp_path: Path, fault: Fault, tries: int, reason: str) -> None:
    desk.fake.faults = [Fault(**vars(fault))]
    with pytest.raises(UsageError, match=reason) as caught:
        desk.push(results(tmp_path / "results"), REPO)
    assert "\n" not in str(caught.value)
    assert desk.fake.count(fault.request) == tries == len(desk.waits) + 1


READER = "hf_reader"


@pytest.mark.parametrize("token", [None, READER, "hf_" + "revoked" * 5])
def test_a_missing_or_powerless_token_is_one_line_and_never_shown(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], token: str | None
) -> None:
    desk.fake.tokens[READER] = ("org", "none")
    monkeypatch.delenv("HF_TOKEN")
    if token:
        monkeypatch.setenv("HF_TOKEN", token)
    folders = results(tmp_path / "results")
    with pytest.raises(UsageError) as caught:
        desk.push(folders, REPO)
    line = str(caught.value)
    assert "\n" not in line and ("--create-pr" if token == READER else "hf auth login") in line
    shown = line + "".join(desk.said) + "".join(capfd.readouterr())
    assert not token or token not in shown
    assert not desk.fake.repos


@pytest.mark.parametrize("token", ["hf_" + "x" * 34, "hf_jwt_" + ".".join(["a-b_c" * 6] * 3)])
def test_a_token_that_the_hub_echoes_does_not_show(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, token: str
) -> None:
    desk.fake.tokens[token] = ("org", "all")
    monkeypatch.setenv("HF_TOKEN", token)
    desk.fake.faults = [Fault(COMMIT, 400, message=f"bad token {token}")]
    with pytest.raises(UsageError, match=r"\(bad token \*\*\*\)"):
        desk.push(results(tmp_path / "results"), REPO)


def test_large_files_go_through_large_file_storage(desk: Desk, tmp_path: Path) -> None:
    desk.fake.large_above = 3000
    folders = results(tmp_path / "results")
    desk.push(folders, REPO)
    large = {path for path, blob in desk.fake.repos[DATASET].head().tree.items() if blob.large}
    assert {path for path in large if RECORD.fullmatch(path)} and "data/curves.parquet" in large
    assert desk.fake.count("^PUT /upload/") == len(large) == desk.fake.count("^POST /verify")
    desk.push(folders, REPO)
    assert len(desk.fake.commits(DATASET)) == 1 and desk.fake.count("^PUT /upload/") == len(large)
    desk.push(results(tmp_path / "more", "token_entropy"), REPO)
    assert len(table(desk.fake.files(DATASET)["data/runs.parquet"])) == 4


def test_other_results_of_the_same_run_are_refused_unless_they_replace(desk: Desk, tmp_path: Path) -> None:
    desk.push(results(tmp_path / "old"), REPO)
    other = results(tmp_path / "new", base=0.2)
    for create_pr in (False, True):
        with pytest.raises(UsageError, match=r"other results of records/.*seed0.*--replace"):
            desk.push(other, REPO, create_pr=create_pr)
    (done,) = desk.push(other, REPO, replace=True)
    assert len(done.change.deleted) == 2
    stored = {path: content for path, content in desk.fake.files(DATASET).items() if RECORD.fullmatch(path)}
    assert sorted(stored.values()) == sorted(path.read_bytes() for path in record.find(other))
    with pytest.raises(UsageError, match="differ but are both"):
        desk.push([tmp_path / "old", tmp_path / "new"], REPO)


def test_a_store_that_does_not_hold_what_its_names_say_is_an_error(desk: Desk, tmp_path: Path) -> None:
    desk.push(results(tmp_path / "old", "token_entropy"), REPO)
    path, other = sorted(path for path in desk.fake.files(DATASET) if RECORD.fullmatch(path))
    desk.fake.put(DATASET, path, desk.fake.files(DATASET)[other])
    with pytest.raises(UsageError, match=re.escape(path)):
        desk.push(results(tmp_path / "results"), REPO)


@pytest.mark.parametrize(
    ("args", "kwargs", "reason"),
    [
        ([None], {}, "which dataset"),
        (["results"], {}, "lacks its owner"),
        (["org/a b"], {}, "org/a b"),
        ([REPO], {"create_pr": True, "space": SPACE, "site": Path("site")}, "records only"),
        ([REPO], {"site": Path("site")}, "which Space"),
        ([REPO], {"models": True}, "no weights beside the records"),
        ([REPO], {"space": SPACE, "site": Path("no-such-site")}, "board build"),
    ],
)
def test_wrong_use_is_one_line(desk: Desk, tmp_path: Path, args: Any, kwargs: Any, reason: str) -> None:
    with pytest.raises(UsageError, match=reason):
        desk.push(results(tmp_path / "results"), *args, **kwargs)
    if "models" not in kwargs:
        assert not desk.fake.count(WRITES)
    with pytest.raises(UsageError, match="nothing to push"):
        desk.push([], REPO, space=SPACE)


def test_a_ci_job_publishes_without_a_stored_token(desk: Desk, tmp_path: Path) -> None:
    """As in publish.yml: the client trades the job's identity for a token that may write this one repo."""
    results(tmp_path / "results")
    desk.fake.create(DATASET)
    code = """
        import socket, sys
        from pathlib import Path
        connect = socket.socket.connect
        def only_loopback(self, address):
            assert address[0] == "127.0.0.1", f"contacted {address}"
            connect(self, address)
        socket.socket.connect = only_loopback
        from urlvr_bench.hub.push import push
        push([Path(sys.argv[1])], sys.argv[2])
    """
    environment = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
    environment |= {
        "HF_ENDPOINT": desk.fake.url,
        "HF_HOME": str(tmp_path / "home"),
        "HF_HUB_DISABLE_XET": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_OIDC_RESOURCE": DATASET,
        "HF_OIDC_ID_TOKEN": CI_IDENTITY,
    }
    command = [sys.executable, "-c", textwrap.dedent(code), str(tmp_path / "results")]
    done = subprocess.run(
        [*command, REPO], env=environment, capture_output=True, text=True, cwd=Path(__file__).parents[2]
    )
    assert done.returncode == 0, done.stderr
    assert len(desk.fake.commits(DATASET)) == 1 and desk.fake.count("^POST /oauth/token") == 1
    assert not any("hf_jwt" in path.read_text(errors="ignore") for path in tmp_path.rglob("*") if path.is_file())
    elsewhere = subprocess.run(
        [*command, "org/else"], env=environment, capture_output=True, text=True, cwd=Path(__file__).parents[2]
    )
    assert elsewhere.returncode and "may not write here" in elsewhere.stderr and "hf_jwt" not in elsewhere.stderr


def test_the_card_leads_the_datasets_library_to_the_views(desk: Desk, tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets")
    desk.push(results(tmp_path / "results"), REPO)
    for path, content in desk.fake.files(DATASET).items():
        (tmp_path / "copy" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "copy" / path).write_bytes(content)
    copy = str(tmp_path / "copy")
    assert set(datasets.get_dataset_config_names(copy)) == {"runs", "curves", "problems"}
    runs = datasets.load_dataset(copy, split="train", cache_dir=str(tmp_path / "datasets"))
    assert runs["method"] == ["majority_vote"] * 2 and json.loads(runs["packages"][0])["trl"] == "1.16.0"
