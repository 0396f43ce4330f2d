"""Submitting results: the check, what would change on the board, the pull request; and what tells people about it."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from honest import honest
from hubdesk import Desk, signed_in
from hubstate import Fault
from huggingface_hub import constants
from records import fabricate

from urlvr_bench import protocol
from urlvr_bench.errors import UsageError
from urlvr_bench.hub.submit import Submission, comparison, submit
from urlvr_bench.needs import SIGNALS
from urlvr_bench.records import record
from urlvr_bench.review.check import check, failed
from urlvr_bench.statistics.intervals import difference
from urlvr_bench.statistics.metrics import scores

pytestmark = pytest.mark.needs("git")  # records name a commit of this checkout

desk = pytest.fixture(signed_in)

ROOT = Path(__file__).parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def grid(text: str) -> dict[str, dict[str, str]]:
    """Return the rows of a Markdown table by their first cell."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    header, _, *rows = [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]
    return {row[0]: dict(zip(header, row, strict=True)) for row in rows}


def seeds(method: str, count: int, **changes: Any) -> list[Any]:
    return [fabricate(method, seed, **changes) for seed in range(count)]


def test_a_new_method_is_set_against_every_reference_and_the_leader() -> None:
    board = [*seeds("ground_truth", 5), *seeds("random_reward", 5, peak=0.5), *seeds("majority_vote", 5, peak=0.8)]
    new = seeds("token_entropy", 3, peak=0.7)
    rows = grid(comparison(new, [*board, *seeds("probability", 5, peak=0.6)]))
    assert [name.split(" ")[0] for name in rows] == ["step", "ground_truth", "random_reward", "token_entropy"]
    row = rows["token_entropy"]
    assert row["seeds"] == "0 → 3" and row["rank"] == "— → 2"
    for column, rival in {
        "vs ground_truth": board[:5],
        "vs random_reward": board[5:10],
        "vs majority_vote (leads so far)": board[10:],
    }.items():
        lead = difference(*(scores(one, "avg@16", 40) for one in (new, rival)))
        assert row[column] == f"{lead.mean:.3f} [{lead.low:.3f}, {lead.high:.3f}]"
    assert rows["ground_truth (supervised reference)"]["vs ground_truth"] == "—"


def test_only_what_is_new_is_shown() -> None:
    board = [*seeds("majority_vote", 3), *seeds("probability", 3)]
    assert comparison(board[::-1], board) == "Nothing new: the board has all of these runs.\n"
    rows = grid(comparison(seeds("majority_vote", 5), board))
    assert rows["majority_vote"]["seeds"] == "3 → 5" and "probability" not in rows
    rerun = fabricate("majority_vote", 0, peak=0.2)
    assert grid(comparison([rerun], board))["majority_vote"]["seeds"] == "3 → 3"


def test_a_name_cannot_break_out_of_the_table() -> None:
    text = comparison([fabricate("majority_vote", params={"ties": "<script>|`x`"})], [])
    assert "<script>" not in text and len(grid(text)) == 2


def runs(folder: Path, method: str = "token_entropy", count: int = 3, **changes: Any) -> Path:
    """Write run folders whose records the check lets through."""
    for one in (honest(method, seed, **changes) for seed in range(count)):
        record.write(one, folder / one.path.with_suffix("") / "record.json")
    return folder


def hand_in(desk: Desk, *folders: Path, **options: Any) -> Submission:
    return submit(folders, "org/results", hub=desk.hub, **options)


def test_a_submission_is_checked_compared_and_opened_as_a_pull_request(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.push([runs(tmp_path / "board", "majority_vote")], "org/results")
    desk.fake.tokens["hf_stranger"] = ("stranger", "all")
    monkeypatch.setenv("HF_TOKEN", "hf_stranger")
    handed = hand_in(desk, runs(tmp_path / "runs"))
    assert not handed.rejected and {finding.level for finding in handed.findings} <= {"warning"}
    assert "vs majority_vote (leads so far)" in grid(handed.table)["token_entropy"]
    (opened,) = desk.fake.repos["datasets/org/results"].pull_requests
    assert (opened.author, opened.comments) == ("stranger", [handed.table])
    assert handed.published and handed.published.url == f"{desk.fake.url}/datasets/org/results/discussions/1"
    again = hand_in(desk, runs(tmp_path / "runs", count=5))
    assert [one.comments for one in desk.fake.repos["datasets/org/results"].pull_requests] == [
        [handed.table, again.table]
    ]
    assert grid(again.table)["token_entropy"]["seeds"] == "0 → 5"


def test_a_submission_that_fails_the_check_goes_nowhere_and_says_every_reason(desk: Desk, tmp_path: Path) -> None:
    good, bad = runs(tmp_path / "good"), tmp_path / "bad"
    one = record.read(record.find([good])[0])
    record.write_atomically(bad / "a" / "record.json", "{")
    record.write(
        one.model_copy(update={"problems": {"chain_addition": [str(i) for i in range(8)]}}), bad / "record.json"
    )
    handed = hand_in(desk, good, bad)
    assert handed.rejected and not handed.table and handed.published is None and not desk.fake.log
    reasons = [str(finding) for finding in handed.findings if finding.level == "error"]
    assert len(reasons) == 2 and "a/record.json" in reasons[0] and "test list" in reasons[1]


def test_a_dry_run_asks_no_hub_unless_one_is_named(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    board, new = runs(tmp_path / "board", "majority_vote"), runs(tmp_path / "runs")
    with pytest.raises(UsageError, match="which dataset"):
        submit([new], hub=desk.hub)
    local = submit([new], against=[board], dry_run=True, hub=desk.hub)
    assert not desk.fake.log and "vs majority_vote (leads so far)" in grid(local.table)["token_entropy"]
    desk.push([board], "org/results")
    writes = desk.fake.count("^(POST|PUT) ")
    named = hand_in(desk, new, dry_run=True)
    assert named.table == local.table and desk.fake.count("^(POST|PUT) ") == writes
    assert sum(line.startswith("  + records/smoke/") for line in desk.said) == 3
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    # alone on the board there is nothing to be ranked against
    assert grid(hand_in(desk, new, dry_run=True).table)["token_entropy"]["rank"] == "— → —"


def test_what_was_fetched_from_the_hub_passes_the_check(desk: Desk, tmp_path: Path) -> None:
    desk.push([runs(tmp_path / "runs")], "org/results")
    for path, content in desk.fake.files("datasets/org/results").items():
        record.write_atomically(tmp_path / "store" / path, content.decode(errors="replace"))
    store = tmp_path / "store" / "records"
    assert not failed(check(store)) and len(record.read_all([store])) == 3
    first = record.find([store])[0]
    first.rename(first.with_stem("seed0-0123456789ab"))
    assert ["hash in its name" in str(finding) for finding in check(store) if finding.level == "error"] == [True]


def test_a_dry_run_promises_nothing_that_the_board_refuses(desk: Desk, tmp_path: Path) -> None:
    def reasons(folder: Path, *against: Path) -> list[str]:
        handed = submit([folder], against=against, dry_run=True, hub=desk.hub)
        assert handed.rejected == (not handed.table)
        return [one.problem for one in handed.findings if one.level == "error"]

    board = runs(tmp_path / "board")
    assert reasons(board) == []
    few = runs(tmp_path / "few", count=2)
    assert reasons(few) == ["2 seeds of token_entropy; the board lists methods from 3 on"]
    later = tmp_path / "later"
    one = honest("token_entropy", 3)
    record.write(one, later / "record.json")
    assert "seed 0 of token_entropy is missing" in reasons(later)[0] and reasons(later, board) == []
    settings = {"learning_rate": "1e-3"}
    custom = {"protocol": protocol.load("smoke", settings), "overrides": settings}
    assert all("no published protocol" in one for one in reasons(runs(tmp_path / "custom", **custom)))
    one = one.model_copy(update={"provenance": one.provenance.model_copy(update={"git_dirty": True})})
    record.write(one, later / "record.json")
    assert reasons(later, board) == ["made by code that was changed, so nobody can make it again"]


def test_trouble_while_reading_the_board_is_waited_out(desk: Desk, tmp_path: Path) -> None:
    desk.push([runs(tmp_path / "board", "majority_vote")], "org/results")
    desk.fake.faults = [Fault("GET .*/revision/", 503, times=2)]
    handed = hand_in(desk, runs(tmp_path / "runs"))
    assert len(desk.waits) == 2 and handed.published and handed.published.url
    desk.fake.faults = [Fault("GET .*/revision/", 503, times=99)]
    with pytest.raises(UsageError, match="answered 503 at try 6 of 6"):
        hand_in(desk, runs(tmp_path / "runs"))


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_pull_request_code_never_meets_a_token(path: Path) -> None:
    text = path.read_text()
    workflow = yaml.safe_load(text)
    triggers, jobs = workflow[True], workflow["jobs"].values()  # YAML 1.1 reads the key `on` as true
    granted = [workflow["permissions"], *(job.get("permissions", {}) for job in jobs)]
    writes = {name for part in granted for name, access in part.items() if access == "write"}
    steps = [step for job in jobs for step in job["steps"]]
    checkouts = [step for step in steps if step.get("uses", "").startswith("actions/checkout@")]
    assert "pull_request_target" not in triggers and "secrets." not in text
    assert all(step["with"]["persist-credentials"] is False for step in checkouts)
    if "pull_request" in triggers:
        assert not writes and "github.token" not in text and "GITHUB_TOKEN" not in text
    if "workflow_run" in triggers:
        assert not checkouts and not re.search(
            r"pip |python|urlvr-bench", "".join(step.get("run", "") for step in steps)
        )
    if "id-token" in writes:
        assert set(triggers) == {"push", "schedule", "workflow_dispatch"} and triggers["push"]["branches"] == ["main"]
    assert not any("${{" in step.get("run", "") for step in steps), "an expression in a script is an injection"
    assert all(re.fullmatch(r"[\w-]+/[\w-]+@v\d+", step["uses"]) for step in steps if "uses" in step)


def test_ci_runs_what_the_repository_runs() -> None:
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text())
    assert [step["run"] for step in workflow["jobs"]["test"]["steps"] if "run" in step] == [".ci/run"]
    assert (ROOT / ".ci" / "run").stat().st_mode & 0o100


def commands() -> list[tuple[str, str]]:
    """Return every command line of ours that the guide, the template and the workflows tell people to use."""
    texts = [ROOT / "CONTRIBUTING.md", ROOT / ".github" / "pull_request_template.md", *WORKFLOWS]
    found = {
        (path.name, line.split("  ")[0].strip(" `"))
        for path in texts
        for line in re.findall(r"urlvr-bench (?!\w+-)[a-z][^\n`&|]*", path.read_text())
    }
    return sorted(
        pair for pair in found if pair[1].startswith("urlvr-bench ") and not pair[1].startswith("urlvr-bench &&")
    )


@pytest.mark.parametrize(("where", "line"), commands())
def test_every_command_that_people_are_told_to_use_exists(where: str, line: str) -> None:
    import typer.main

    from urlvr_bench.commands.program import app

    command: Any = typer.main.get_command(app)
    for word in line.split()[1:]:
        if word in getattr(command, "commands", {}):
            command = command.commands[word]
    assert not hasattr(command, "commands"), f"{where}: {line} names no command"
    known = {option for parameter in command.params for option in parameter.opts}
    assert set(re.findall(r"--[a-z-]+", line)) <= known, f"{where}: {line}"


def test_the_guide_names_every_signal() -> None:
    rows = [
        line.split("|")[1] for line in (ROOT / "CONTRIBUTING.md").read_text().splitlines() if line.startswith("| `")
    ]
    assert sorted({name for row in rows for name in re.findall(r"`(\w+)`", row)} - {"needs"}) == sorted(SIGNALS)


def test_the_method_that_the_guide_shows_keeps_the_contract(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from urlvr_bench.review.contract import failures

    code = re.search(r"```python\n(.*?)```", (ROOT / "CONTRIBUTING.md").read_text(), re.DOTALL)
    assert code
    (tmp_path / "shown_in_the_guide.py").write_text(code[1])
    monkeypatch.syspath_prepend(tmp_path)
    import shown_in_the_guide

    assert failures(shown_in_the_guide.Brevity()) == []
