"""The check of a results folder: clean records pass, and everything else is found at once with its fix."""

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from honest import SMOKE, honest
from hostile import damaged
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from urlvr_bench import methods, protocol
from urlvr_bench.records import record
from urlvr_bench.records.schema import Record
from urlvr_bench.review import between, sources
from urlvr_bench.review.check import Finding, check, failed

pytestmark = pytest.mark.needs("git")  # records name a commit of this checkout


def put(root: Path, *records: Record) -> Path:
    """Write records where they belong."""
    for one in records:
        record.write(one, root / one.path)
    return root


def edit(path: Path, change: Callable[[Any], object]) -> None:
    """Change a record's JSON in place, as a text editor would."""
    values = json.loads(path.read_bytes())
    change(values)
    path.write_text(json.dumps(values))


def drop_last_problem(values: Any) -> None:
    """Leave the hardest problem out, as somebody may wish to."""
    values["problems"]["chain_addition"].pop()
    for counts in values["evals"]:
        for column in ("correct", "truncated", "unparsed", "votes"):
            counts[column].pop()


@pytest.fixture
def results(tmp_path: Path) -> Iterator[Path]:
    yield put(tmp_path, honest(), honest(seed=1), honest("token_entropy"))


def only(found: list[Finding], level: str = "error") -> Finding:
    assert len(found) == 1, [str(one) for one in found]
    assert found[0].level == level
    assert found[0].fix
    assert "\n" not in str(found[0])
    return found[0]


def test_honest_records_pass(results: Path) -> None:
    assert check(results) == []
    assert check(results / honest().path) == []


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda r: r["problems"]["chain_addition"].reverse(), "problem 0 of chain_addition is not the one"),
        (drop_last_problem, "7 problems of chain_addition were judged, the protocol asks for 8"),
        (lambda r: r["task"].update(version="0"), "version 0 of chain_addition"),
        (lambda r: r["method"].update(family="baseline"), "says family = 'baseline'"),
        (lambda r: r["method"].update(paper="https://example.org"), "says paper = 'https://example.org'"),
        (lambda r: r["method"].update(params={"x": 1}, id="majority_vote(x=1)"), "hyper-parameters do not fit"),
        (lambda r: r["provenance"].update(device="/home/me/gpu"), "a path of a person's folder"),
        (lambda r: r["provenance"]["trainer_config"].update(hub="hf_" + "a" * 30), "an access token"),
    ],
)
def test_one_false_statement_is_one_finding(tmp_path: Path, change: Callable[[Any], object], problem: str) -> None:
    one = honest()
    edit(put(tmp_path, one) / one.path, change)
    moved = record.read(tmp_path / one.path).path
    (tmp_path / moved).parent.mkdir(parents=True, exist_ok=True)
    shutil.move(tmp_path / one.path, tmp_path / moved)  # changed parameters change the place
    assert problem in only(check(tmp_path)).problem


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda r: r["provenance"].update(git_dirty=True), "uncommitted changes"),
        (lambda r: r["provenance"].update(git_commit=None, git_dirty=None), "outside of a checkout"),
    ],
)
def test_unclear_origin_is_a_warning(tmp_path: Path, change: Callable[[Any], object], problem: str) -> None:
    one = honest()
    edit(put(tmp_path, one) / one.path, change)
    found = check(tmp_path)
    assert problem in only(found, "warning").problem
    assert not failed(found)


def test_unregistered_names_are_found(tmp_path: Path) -> None:
    put(tmp_path, honest("my_method"), honest(task="my_task"))
    found = sorted(one.problem for one in check(tmp_path) if one.level == "error")
    assert found[0] == "method my_method is not registered"
    assert found[1].startswith("task my_task is not registered (")
    assert len(found) == 2


def test_sources_of_methods_are_looked_up_in_the_history(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The present source passes, an older committed one is a warning, one that nobody ever committed an error."""
    folder = tmp_path / "clone" / "methods"
    folder.mkdir(parents=True)
    source = folder / "majority_vote.py"
    present = (methods.FOLDER / source.name).read_bytes()
    git = ["git", "-C", str(folder), "-c", "user.name=x", "-c", "user.email=x@example.org"]
    subprocess.run(["git", "init", "-q", str(folder.parent)], check=True)
    for text in (b"# a first draft\n", present):
        source.write_bytes(text)
        subprocess.run([*git, "add", "."], check=True)
        subprocess.run([*git, "commit", "-q", "-m", "x"], check=True)
    monkeypatch.setattr(methods, "FOLDER", folder)

    def found(text: bytes) -> list[Finding]:
        one = honest()
        put(tmp_path / "results", one)
        edit(tmp_path / "results" / one.path, lambda r: r["method"].update(source_sha256=record.short_hash(text)))
        sources._committed.cache_clear()
        return check(tmp_path / "results")

    assert found(present) == []
    assert "another version of the method majority_vote" in only(found(b"# a first draft\n"), "warning").problem
    assert "was never committed here" in only(found(b"# something else\n")).problem
    shutil.rmtree(tmp_path / "clone" / ".git")
    assert "another version of the method majority_vote" in only(found(b"# something else\n"), "warning").problem
    sources._committed.cache_clear()


def test_a_published_name_with_other_settings_is_found(tmp_path: Path) -> None:
    hotter = protocol.load("smoke", {"learning_rate": "1e-3"})
    put(tmp_path, honest(protocol=hotter))
    assert "other settings than the published ones" in only(check(tmp_path)).problem
    shutil.rmtree(tmp_path / "smoke")
    put(tmp_path, honest(protocol=hotter, overrides={"learning_rate": "1e-3"}))
    assert check(tmp_path) == []
    put(tmp_path, honest(protocol=SMOKE.model_copy(update={"version": 9}), overrides={"learning_rate": "2e-3"}))
    assert "protocol smoke@9 is none of those that ship" in only(check(tmp_path), "warning").problem


def test_a_record_in_a_strange_place_is_told_where_it_belongs(results: Path) -> None:
    one = honest()
    (results / one.path).rename(results / one.path.with_name("seed7.json"))
    assert only(check(results)).problem == f"its content belongs at {one.path}"


def test_run_folders_may_lie_anywhere(tmp_path: Path) -> None:
    record.write(honest(), tmp_path / "any" / "where" / "record.json")
    assert check(tmp_path) == []


def test_two_records_of_one_run_cannot_both_be_right(results: Path) -> None:
    one = honest()
    copy = results / "copy" / "record.json"
    record.write(one, copy)
    assert "a copy of" in only(check(results), "warning").problem
    edit(copy, lambda r: r["steps"]["entropy"].reverse())
    finding = only(check(results))
    assert "another record of the same run" in finding.problem
    assert str(copy) in str(finding)


def test_a_seed_that_is_a_copy_of_another_is_found(results: Path) -> None:
    first, copy = json.loads((results / honest(seed=1).path).read_text()), results / honest(seed=2).path
    first["seed"] = 2
    copy.write_text(json.dumps(first))
    problems = [one.problem for one in check(results) if one.path == copy]
    for said in ("seed 2 has the very numbers of seed 1", "the very seconds of", "the very samples of seed 1"):
        assert any(said in problem for problem in problems), problems


def test_methods_of_one_seed_must_have_seen_the_same_prompts(results: Path) -> None:
    edit(results / honest("token_entropy").path, lambda r: r["task"].update(prompts_sha256="0" * 16))
    found = [one.problem for one in check(results)]
    assert "are not those of seed 0" in found[0] and "saw other training prompts" in found[1] and len(found) == 2


def test_a_seed_that_is_left_out_is_asked_for(results: Path) -> None:
    put(results, honest(seed=3))
    assert "seed 2 of majority_vote is missing beside seed 3" in only(check(results)).problem
    assert check(results, held=[honest(seed=2)]) == []
    assert check(results / honest(seed=1).path, held=[honest()]) == []


def test_records_are_held_against_those_of_the_board(results: Path) -> None:
    board = honest("random_reward")
    assert check(results, held=[board]) == []
    other = board.model_copy(update={"steps": board.steps.model_copy(update={"length": [1.0] * 4})})
    found = check(results, held=[other])
    assert {one.path for one in found} == {results / honest().path, results / honest("token_entropy").path}
    assert all("the rollouts of step 1" in one.problem for one in found)


def test_processors_may_round_bfloat16_otherwise(results: Path) -> None:
    def under(precision: str, processor: str) -> str:
        low = protocol.load("smoke", {"training.precision": precision})
        one = honest("random_reward", protocol=low)
        board = one.model_copy(update={"provenance": one.provenance.model_copy(update={"processor": processor})})
        other = board.model_copy(update={"steps": board.steps.model_copy(update={"length": [1.0] * 4})})
        mine = honest(protocol=low)
        mine = mine.model_copy(update={"provenance": mine.provenance.model_copy(update={"processor": "one"})})
        facts = [between.facts_of(Path(name), record, b"") for name, record in (("a", other), ("b", mine))]
        (found,) = [one for one in between.compare(facts) if "step 1" in one.problem]
        return found.level

    assert under("bfloat16", "another") == "warning"
    assert under("bfloat16", "one") == under("float32", "another") == "error"


def test_all_files_are_reported_at_once(results: Path) -> None:
    (results / honest().path).write_text("{")
    (results / honest(seed=1).path).write_text(honest(seed=1).model_dump_json().replace("0.0", "NaN"))
    (results / "huge" / "record.json").parent.mkdir()
    with (results / "huge" / "record.json").open("wb") as stream:
        stream.truncate(50_000_000)
    (results / "seed9.json").mkdir()
    found = check(results)
    assert len({one.path for one in found}) == 4
    assert all(one.level == "error" and "\n" not in str(one) and len(str(one)) < 2000 for one in found)


def test_nothing_to_check_is_a_finding(tmp_path: Path) -> None:
    assert "no records under" in only(check(tmp_path)).problem
    assert "neither a folder" in only(check(tmp_path / "missing")).problem


TEXT = honest().model_dump_json()


@settings(deadline=None, max_examples=80, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_whatever_is_sent_is_reported_and_never_raised(data: st.DataObject, tmp_path: Path) -> None:
    path = tmp_path / "record.json"
    path.write_bytes(data.draw(damaged(TEXT)))
    for one in check(tmp_path):
        assert "\n" not in str(one)
        assert len(str(one)) < 2000
        assert one.path == path
