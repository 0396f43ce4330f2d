"""No record, however broken or hostile, harms the site: it is refused by name, or shown as inert text."""

import json
import re
from pathlib import Path

import pytest
from hostile import damaged, written
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from records import fabricate
from sites import BOTH, SMALL, digest, inert

from urlvr_bench import board
from urlvr_bench.board import pages
from urlvr_bench.errors import UsageError
from urlvr_bench.records import attestation
from urlvr_bench.records.described import MethodInfo
from urlvr_bench.records.record import Record, short_hash, write


@pytest.fixture(scope="module")
def records() -> list[Record]:
    return [fabricate("majority_vote", seed, model="pocket-4", **BOTH) for seed in range(3)]


def test_a_folder_without_records_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=f"no records under {re.escape(str(tmp_path))}"):
        board.gather([tmp_path])
    with pytest.raises(UsageError, match="no records"):
        board.build([], tmp_path / "site")


def test_a_half_written_record_is_named(records: list[Record], tmp_path: Path) -> None:
    write(records[0], tmp_path / "a/record.json")
    (tmp_path / "b").mkdir()
    (tmp_path / "b/record.json").write_text(records[1].model_dump_json()[:1000])
    found = board.gather([tmp_path])
    assert found.records == [records[0]] and [one.name for one in found.damaged] == ["b/record.json"]


def test_two_contents_of_one_run_are_an_error_and_a_copy_is_not(records: list[Record], tmp_path: Path) -> None:
    first = tmp_path / "a/record.json"
    write(records[0], first)
    write(records[0], tmp_path / "b/record.json")
    assert board.gather([tmp_path]).records == [records[0]]
    other = tmp_path / "c/record.json"
    write(fabricate("majority_vote", 0, base=0.2, model="pocket-4", **BOTH), other)
    with pytest.raises(UsageError, match=f"{re.escape(str(other))}.*{re.escape(str(first))}"):
        board.gather([tmp_path])
    with pytest.raises(UsageError, match="given twice"):
        board.build([records[0], records[0]], tmp_path / "site")


def test_a_failed_build_leaves_the_old_site_and_nothing_else(
    records: list[Record], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "site"
    board.build(records[:2], out)
    before = digest(out)

    def broken(*_: object):
        yield "index.html", "half"
        raise RuntimeError("the disk is full")

    monkeypatch.setattr(pages, "render", broken)
    with pytest.raises(RuntimeError, match="disk"):
        board.build(records, out)
    assert digest(out) == before
    assert list(tmp_path.iterdir()) == [out]
    monkeypatch.undo()
    board.build(records, out)
    assert digest(out) != before
    assert list(tmp_path.iterdir()) == [out]


def test_a_folder_that_is_no_site_is_never_replaced(records: list[Record], tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(UsageError, match="not a site"):
        board.build(records, tmp_path)
    with pytest.raises(UsageError, match="not a site"):
        board.build(records, tmp_path / "thesis.tex")
    assert (tmp_path / "thesis.tex").read_text() == "years of work"


EVIL = "\"><script>alert(1)</script><img src=x onerror=alert(1)>'{{7*7}}</textarea>"


def test_text_of_strangers_is_inert(tmp_path: Path) -> None:
    """HTML, templates and script addresses in every free text of a record come out as text."""
    made = fabricate("homemade", 0, **SMALL)
    info = made.method.model_dump() | {"paper": "javascript:alert(1)//" + EVIL, "params": {"x": EVIL}, "signals": []}
    method = MethodInfo(**info | {"id": f"homemade(x={EVIL})"})
    texts = {
        "model": made.model.model_copy(update={"name": EVIL.replace("/", "").lstrip('">'), "revision": EVIL}),
        "task": made.task.model_copy(update={"version": EVIL, "source": EVIL, "revision": EVIL}),
        "protocol": made.protocol.model_copy(update={"description": EVIL}),
        "provenance": made.provenance.model_copy(
            update={
                "platform": EVIL,
                "device": EVIL,
                "python": EVIL,
                "packages": {EVIL: EVIL},
                "trainer_config": {EVIL: EVIL},
            }
        ),
        "overrides": {EVIL: EVIL},
    }
    board.build([made.model_copy(update={**texts, "method": method})], tmp_path / "site")
    inert(tmp_path / "site")
    assert "49" not in re.findall(r"\{\{7\*7\}\}|49", (tmp_path / "site/methods/homemade.html").read_text())


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_damaged_record_is_refused_or_shown_inert(data: st.DataObject, tmp_path: Path) -> None:
    folder, out = tmp_path / "records", tmp_path / "site"
    write(fabricate("majority_vote", 1, **SMALL), folder / "good/record.json")
    (folder / "bad").mkdir(exist_ok=True)
    (folder / "bad/record.json").write_bytes(
        data.draw(damaged(fabricate("token_entropy", 0, **SMALL).model_dump_json()))
    )
    before = digest(out) if out.exists() else None
    try:
        board.build(board.gather([folder]).records, out)
    except UsageError as error:
        assert str(error)
        assert (digest(out) if out.exists() else None) == before
    else:
        inert(out)


def test_a_huge_text_is_refused_unread(tmp_path: Path) -> None:
    values = json.loads(fabricate("majority_vote", 0, **SMALL).model_dump_json())
    values["protocol"]["description"] = "x" * 50_000_000
    (tmp_path / "record.json").write_bytes(written(values))
    assert "50 MB is more than the 10 MB" in board.gather([tmp_path]).damaged[0].reason


def test_runs_with_changed_settings_have_no_place_on_the_board(records: list[Record], tmp_path: Path, command) -> None:
    settings = {"overrides": {"training.learning_rate": "0.001"}, "model": "pocket-4", **BOTH}
    for record in (records[0], fabricate("probability", 0, **settings)):
        write(record, tmp_path / "results" / record.path)
    built = command("board", "build", tmp_path / "results", "--out", tmp_path / "site")
    assert "left out: 1 run with changed settings; --custom shows them" in built.stderr
    assert "1 run of 1 method," in built.stderr
    built = command("board", "build", tmp_path / "results", "--out", tmp_path / "site", "--custom")
    assert "2 runs of 2 methods" in built.stderr
    built = command("board", "build", tmp_path / "results" / record.path, "--out", tmp_path / "other")
    assert built.returncode == 2 and not (tmp_path / "other").exists()
    assert "all runs have changed settings, which have no place on the board: --custom shows" in built.stderr


def test_a_damaged_record_is_left_out_and_named(records: list[Record], tmp_path: Path, command) -> None:
    results, out = tmp_path / "results", tmp_path / "site"
    for one in records:
        write(one, results / one.path)
    (results / "seed0.json").symlink_to("/dev/zero")
    (results / "seed1.json").write_text('{"<script>alert(1)</script>": 1}')
    stray = fabricate("token_entropy", 0, model="pocket-4", ids={"chain_addition": list("abcdef")}, **BOTH)
    write(stray, results / stray.path)
    built = command("board", "build", results, "--out", out)
    assert built.returncode == 1 and "3 runs of 1 method, " in built.stderr
    about = (out / "about.html").read_text()
    for name in ("seed0.json", "seed1.json", stray.path.as_posix()):
        assert f"left out: {name}: " in built.stderr and f"<dt>{name}</dt>" in about
    assert str(tmp_path) not in about
    assert "judged on other problems of chain_addition" in about and "<script>alert" not in about
    clean = command("board", "build", *(results / one.path for one in records), "--out", out)
    assert clean.returncode == 0 and "Left out" not in (out / "about.html").read_text()


def test_a_run_that_was_made_again_has_a_badge(records: list[Record], tmp_path: Path) -> None:
    results, out = tmp_path / "results", tmp_path / "site"
    for one, verdict in zip(records, ("equal", "contradicted", None), strict=True):
        write(one, results / one.path)
        if verdict:
            attested(results / one.path, verdict).write(results / one.path)
    found = board.gather([results])
    assert len(found.records) == 3 and not found.damaged
    board.build(found.records, out, found)
    index = (out / "index.html").read_text()
    assert ">verified</b>" in index and ">not repeated</b>" in index and "seed 0 by A. Reader: equal" in index
    pages = [(out / "runs" / one.path).with_suffix(".html").read_text() for one in records]
    assert "Verified by A. Reader on some CPU" in pages[0] and "Known to differ: other commit" in pages[0]
    assert "Made again, and not repeated by A. Reader" in pages[1] and "A. Reader" not in pages[2]
    write(records[1].model_copy(update={"seed": 0}), results / records[0].path)
    found = board.gather([results])
    assert not found.attested.keys() & {records[0].path} and "other bytes" in found.damaged[0].reason


def attested(path: Path, verdict: attestation.Verdict) -> attestation.Attestation:
    return attestation.Attestation(
        record_sha256=short_hash(path.read_bytes()),
        verdict=verdict,
        steps=12,
        evaluations=3,
        first_difference=None,
        first_other_rollouts=None,
        causes=["other commit"],
        by="A. Reader",
        where="some CPU",
        git_commit=None,
        packages={},
        at="2026-01-01T00:00:00Z",
    )
