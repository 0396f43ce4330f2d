"""What `table` prints is kept, and never outlives what it follows from."""

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from records import fabricate

from urlvr_bench.errors import UsageError
from urlvr_bench.records import record
from urlvr_bench.reports import printed as printing
from urlvr_bench.reports import tables
from urlvr_bench.reports.printed import printed
from urlvr_bench.system import caching


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder of two records, with a cache of its own."""
    monkeypatch.setenv("URLVR_CACHE", str(tmp_path / "cache"))
    for method in ("majority_vote", "token_entropy"):
        record.write(fabricate(method), tmp_path / "runs" / method / "record.json")
    return tmp_path / "runs"


def kept(runs: Path) -> list[Path]:
    return sorted((runs.parent / "cache" / "made").glob("*.json"))


def test_what_is_known_is_not_worked_out_again(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = printed([runs], [], False, "markdown")
    monkeypatch.setattr(printing, "_made", None)
    assert printed([runs], [], False, "markdown") == printed([runs], [], False, "terminal") == first
    code = f"import sys; from urlvr_bench import cli; sys.argv = ['', 'table', {str(runs)!r}]; cli.main.__call__"
    code += "\ntry: cli.main()\nexcept SystemExit: pass\nprint([n for n in ('pandas', 'scipy') if n in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "| majority_vote |" in done.stdout and done.stdout.endswith("[]\n")


def test_a_kind_that_is_none_is_refused_before_a_record_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record, "find", lambda folders: pytest.fail("read"))
    with pytest.raises(UsageError, match="unknown kind of table 'nosuch'"):
        printed([Path("results")], ["pass", "nosuch"], everything=False, form="json")
    assert set(printing.EVERY) == {*tables.KINDS, *tables.SCIENCE}


def test_a_changed_record_changes_the_table(runs: Path) -> None:
    before = printed([runs], ["pass"], False, "markdown")
    record.write(fabricate("majority_vote", base=0.2, peak=0.3), runs / "majority_vote" / "record.json")
    after = printed([runs], ["pass"], False, "markdown")
    changed = [new for old, new in zip(before.tables[0].rows, after.tables[0].rows, strict=True) if old != new]
    assert "majority_vote" in [row["method"] for row in changed]
    record.write(fabricate("random_reward"), runs / "random_reward" / "record.json")
    assert len(printed([runs], ["pass"], False, "markdown").tables[0].rows) == len(after.tables[0].rows) + 1


def test_other_code_or_libraries_make_it_again(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    printed([runs], [], False, "markdown")
    monkeypatch.setattr(caching, "code", lambda: (b"changed",))
    printed([runs], [], False, "markdown")
    assert len(kept(runs)) == 2


@pytest.mark.parametrize("damage", ["cut", "other number", "another's", "no JSON"])
def test_a_damaged_file_is_made_again(runs: Path, damage: str) -> None:
    first = printed([runs], [], False, "markdown")
    printed([runs], ["pass"], False, "markdown")
    one, other = sorted(kept(runs), key=lambda path: "gain over step 0" in path.read_text())
    text = one.read_text()
    other_number = text.replace("0.", "1.", 1)
    one.write_text({"cut": text[:-9], "other number": other_number, "another's": other.read_text()}.get(damage, "["))
    assert printed([runs], [], False, "markdown") == first
    assert json.loads(one.read_text())["of"] == one.stem and one.read_text() == text


def test_many_at_once_and_a_folder_that_cannot_be_written(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code = "from pathlib import Path; from urlvr_bench.reports.printed import printed\n"
    code += f"print(printed([Path({str(runs)!r})], [], False, 'markdown'))"
    with ThreadPoolExecutor() as pool:
        call = [sys.executable, "-c", code]
        found = list(pool.map(lambda _: subprocess.run(call, capture_output=True, check=True).stdout, range(4)))
    assert len(set(found)) == 1 and len(kept(runs)) == 1
    (runs.parent / "file").touch()
    monkeypatch.setenv("URLVR_CACHE", str(runs.parent / "file"))
    assert repr(printed([runs], [], False, "markdown")) + "\n" == found[0].decode()


def test_the_oldest_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("URLVR_CACHE", str(tmp_path))
    monkeypatch.setattr(caching, "MOST", 3)
    assert [caching.cached([str(i)], lambda i=i: i) for i in range(5)] == list(range(5))
    assert len(list((tmp_path / "made").iterdir())) == 3
    assert caching.cached(["4"], lambda: "made again") == 4
    assert caching.cached(["a", "b"], lambda: 1) != caching.cached(["ab"], lambda: 2)
