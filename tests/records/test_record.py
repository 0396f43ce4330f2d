"""Records on disk: what is accepted comes back unchanged and is safe; everything else is refused in one line."""

import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hostile import HUGE, damaged, written
from hypothesis import given, settings
from hypothesis import strategies as st
from records import fabricate

from urlvr_bench.errors import UsageError
from urlvr_bench.protocol import Run
from urlvr_bench.records import record

FIXTURE = Path(__file__).parents[1] / "fixtures" / "record_v1.json"
SMALL = fabricate(steps=4, problems=3, samples=4, every=2, ood=["long"])
TEXT = SMALL.model_dump_json()
Values = dict[str, Any]


def test_a_record_comes_back_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / SMALL.path
    record.write(SMALL, path)
    assert record.read(path) == SMALL
    assert [entry.name for entry in path.parent.iterdir()] == ["seed0.json"]  # no temporary file stays


def test_a_failed_write_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "record.json"
    record.write(SMALL, path)

    def full(*_: object, **__: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(UsageError, match=r"cannot write .*record\.json: no space left on device; mend that"):
        record.write(fabricate(seed=1), path)
    assert record.read(path) == SMALL and list(tmp_path.iterdir()) == [path]


def test_the_path_is_the_configuration() -> None:
    one = fabricate("token_entropy", 2, model="org/name", params={"b": 0.5, "a": True}, overrides={"steps": "40"})
    assert one.path.parts == (
        f"pocket@1-{one.protocol_hash}",
        "org__name",
        "chain",
        "token_entropy(a=True,b=0.5)",
        "seed2.json",
    )
    run = Run(SMALL.protocol, SMALL.model.name, SMALL.task.name, SMALL.method.name, SMALL.seed)
    assert SMALL.path.with_suffix("") == run.path


def test_the_frozen_record_of_version_1_still_reads() -> None:
    one = record.read(FIXTURE)
    assert (one.schema_version, one.seed, one.method.name) == (1, 3, "majority_vote")
    assert [sum(evaluation.correct) for evaluation in one.evals if evaluation.task == "chain"] == [2, 9, 10]
    assert one.evals[0].votes[0] == ((2, False), (1, False))
    assert says(json.loads(one.model_dump_json()), json.loads(FIXTURE.read_bytes()))


def says(new: Any, old: Any) -> bool:
    """Return whether `new` says all that `old` said: settings that came later may stand beside it."""
    if isinstance(old, dict):
        return isinstance(new, dict) and all(key in new and says(new[key], value) for key, value in old.items())
    if isinstance(old, list):
        return isinstance(new, list) and len(new) == len(old) and all(map(says, new, old))
    return bool(new == old)


def test_old_versions_are_lifted_step_by_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def to_zero(values: Values) -> Values:
        return {**values, "seed": values["seed"] + 1}

    def to_one(values: Values) -> Values:
        return {**{key: value for key, value in values.items() if key != "run"}, "seed": 10 * values["seed"]}

    monkeypatch.setitem(record.MIGRATIONS, -1, to_zero)
    monkeypatch.setitem(record.MIGRATIONS, 0, to_one)
    old = {**json.loads(TEXT), "schema_version": -1, "run": "a field of long ago"}
    assert record.parse(json.dumps(old).encode()).seed == 10
    assert record.migrate({**json.loads(TEXT), "schema_version": 0})["schema_version"] == 1


@pytest.mark.parametrize(
    ("version", "message"), [(2, "newer urlvr-bench"), (0, "is unknown"), ("1", "is unknown"), (None, "is unknown")]
)
def test_unknown_versions_are_refused(version: object, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        record.parse(json.dumps({**json.loads(TEXT), "schema_version": version}).encode())


def change(*way: str | int, to: Any) -> Callable[[Values], None]:
    """Return a function that sets one value of a record."""

    def apply(values: Any) -> None:
        for key in way[:-1]:
            values = values[key]
        values[way[-1]] = to

    return apply


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (change("steps", "proxy_reward", 1, to=float("nan")), r"steps\.proxy_reward\.1"),
        (change("steps", "train_accuracy", 1, to=1.5), r"train_accuracy\.1=1\.5"),
        (change("steps", "train_accuracy", 1, to="0.5"), r"train_accuracy\.1='0\.5'"),
        (change("steps", "train_accuracy", to=[0.5]), "columns differ in length"),
        (change("steps", "step", to=[1, 2, 4, 3]), "not 1, 2, 3"),
        (change("steps", "reward_auc", 0, to=None), "reward_auc is None"),
        (change("timing", "reward", to=[0.1]), "1 reward, the protocol has 4"),
        (change("evals", 0, "n", to=3), "n = 3"),
        (change("evals", 0, "n", to=2000), "less than or equal to 1024"),
        (change("evals", 0, "correct", to=[0, 0, 0]), "right votes differ from correct"),
        (change("evals", 0, "unparsed", to=[4, 4, 4]), "exceed n = 4"),
        (change("evals", 0, "unparsed", to=[0, 0, 0]), "fewer than n = 4"),
        (change("evals", 0, "votes", 0, to=[[1, True], [2, False]]), "votes"),
        (change("evals", 0, "votes", 0, to=[[10**30, True]]), "votes.0.0.0"),
        (change("evals", 0, "step", to=1), "no evaluation of chain at step 0"),
        (change("evals", 0, "step", to=2), "2 evaluations of chain at step 2"),
        (change("problems", "chain", to=["a", "a", "b"]), "not unique"),
        (change("problems", "chain", to=["a", "b"]), "differ in number"),
        (change("protocol", "training", "steps", to=10**9), "steps"),
        (change("protocol", "training", "learning_rate", to=2e-4), "protocol_hash"),
        (change("provenance", "train_tokens", to=1), "train_tokens is less"),
        (change("provenance", "trainer_config", "x", to=[{"y": float("inf")}]), "NaN, infinite"),
        (change("provenance", "started", to="yesterday"), "started='yesterday'"),
        (change("model", "name", to="../../etc/passwd"), "model.name"),
        (change("model", "name", to="/home/me/model"), "model.name"),
        (change("task", "name", to=".."), "task.name"),
        (change("method", "name", to="os.system"), "method.name"),
        (change("method", "id", to="token_entropy"), "is not the name with"),
        (change("method", "uses_labels", to=True), "uses_labels=True does not fit"),
        (change("method", "params", to={"x": HUGE}), "params"),
        (change("seed", to=-1), "seed=-1"),
        (change("seed", to=HUGE), "a huge number"),
        (change("extra", to="x" * 10_000), "extra"),
        (change("provenance", "device", to="x" * 10_000), "at most 200"),
        (change("provenance", "device", to="a\nb"), "provenance.device"),
    ],
)
def test_defects_are_named_in_one_short_line(damage: Callable[[Values], None], message: str, tmp_path: Path) -> None:
    values = json.loads(TEXT)
    damage(values)
    path = tmp_path / "record.json"
    path.write_bytes(written(values))
    with pytest.raises(UsageError, match=message) as caught:
        record.read(path)
    assert_one_line(str(caught.value))
    assert str(caught.value).startswith(f"{path}: ")


def assert_one_line(message: str) -> None:
    assert "\n" not in message
    assert len(message) < 2000


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b"1",
        b'"x"',
        TEXT.encode()[:-40],
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"schema_version": NaN}',
    ],
)
def test_what_is_no_record_is_refused(text: bytes) -> None:
    with pytest.raises(UsageError) as caught:
        record.parse(text)
    assert_one_line(str(caught.value))


def test_a_message_that_quotes_a_huge_number_stays_short() -> None:
    values = json.loads(TEXT)
    values["protocol"]["evaluation"]["k"] = [HUGE]
    with pytest.raises(UsageError, match=r"pass@9+\.\.\.9+ samples, not 4") as caught:
        record.parse(written(values))
    assert_one_line(str(caught.value))


def test_a_record_without_its_version_is_refused() -> None:
    values = json.loads(TEXT)
    del values["schema_version"]
    with pytest.raises(UsageError, match="schema_version is missing"):
        record.parse(json.dumps(values).encode())


def test_large_files_are_refused_unread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "seed0.json"
    with path.open("wb") as stream:
        stream.truncate(50_000_000)  # sparse: the file takes no room
    monkeypatch.setattr(Path, "read_bytes", lambda _: pytest.fail("read a file of 50 MB"))
    with pytest.raises(UsageError, match="50 MB is more than the 10 MB"):
        record.read(path)


@settings(deadline=None, max_examples=150, derandomize=True)
@given(st.data())
def test_damaged_records_are_refused_or_inert(data: st.DataObject) -> None:
    """Whatever was changed: either one line says why not, or the record is as good as any."""
    text = data.draw(damaged(TEXT))
    try:
        one = record.parse(text)
    except UsageError as error:
        assert_one_line(str(error))
        return
    assert all(re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._=,+*()@-]*", part) for part in one.path.parts)
    assert max(map(len, one.path.parts)) <= 255
    assert len(one.path.parts) == 5
    assert record.parse(one.model_dump_json().encode()) == one
    json.loads(one.model_dump_json(), parse_constant=pytest.fail)  # no NaN, no infinity


def test_records_are_found_by_name(tmp_path: Path) -> None:
    run, result = tmp_path / "runs" / "a" / "record.json", tmp_path / "results" / SMALL.path
    for path in (run, result, tmp_path / "runs" / "a" / "run.json"):
        record.write(SMALL, path)
    assert record.find([tmp_path]) == sorted([run, result])
    assert record.find([run, tmp_path / "runs"]) == [run]
    assert record.read_all([tmp_path]) == [SMALL, SMALL]


def test_two_records_of_one_run_are_not_collected(tmp_path: Path) -> None:
    first, other = fabricate(base=0.6), fabricate(base=0.5)
    for folder, found in (("a", first), ("b", other), ("c", other)):
        record.write(found, tmp_path / folder / "record.json")
    for replace in (False, True):
        with pytest.raises(UsageError, match="two different records of the run"):
            record.collect([tmp_path], tmp_path / "results", replace)
    assert record.collect([tmp_path / "b", tmp_path / "c"], tmp_path / "results") == [tmp_path / "results" / other.path]


def test_nothing_to_find_is_an_error_that_names_the_folder(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=f"no records under {tmp_path}"):
        record.find([tmp_path])
    with pytest.raises(UsageError, match="neither a folder"):
        record.find([tmp_path / "missing"])


@pytest.mark.parametrize("end", ["zero", "pipe", "link", "folder"])
def test_only_regular_files_are_read_and_no_link_is_followed(tmp_path: Path, end: str) -> None:
    path, other = tmp_path / "seed0.json", tmp_path / "elsewhere" / "record.json"
    record.write(SMALL, other)
    if end == "pipe":
        os.mkfifo(path)
    elif end == "folder":
        path.mkdir()
    else:
        path.symlink_to("/dev/zero" if end == "zero" else other)
    with pytest.raises(UsageError, match=rf"{path}: (not a regular file|a symbolic link|Is a directory)"):
        record.read(path)
    (tmp_path / "results").mkdir()
    (tmp_path / "results" / "out").symlink_to(other.parent)
    with pytest.raises(UsageError, match="no records under"):
        record.find([tmp_path / "results"])


def test_a_file_that_grows_without_end_is_read_to_the_limit_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "record.json"
    path.write_text(TEXT)
    monkeypatch.setattr(record, "MAX_BYTES", 100)
    assert len(record.contents(path)) == 101


@pytest.mark.parametrize(
    "twice",
    [
        lambda text: text.replace('"seed":', '"seed": 7, "seed":', 1),
        lambda text: text.replace('"git_dirty":', '"git_dirty":true,"git_dirty"\n:', 1),
        lambda text: text.replace('"overrides":{', '"overrides":{"steps":"1","steps":"2"', 1),
        lambda text: text.replace('"train_accuracy":', '"train_accuracy":[1.0],"train_accuracy":', 1),
    ],
)
def test_a_name_given_twice_is_refused(twice: Callable[[str], str]) -> None:
    with pytest.raises(UsageError, match="is given twice in one object"):
        record.parse(twice(TEXT).encode())


def test_what_looks_like_a_key_inside_a_text_is_none() -> None:
    odd = {**json.loads(TEXT), "overrides": {"steps": '"a":"a": 3', "b": "\\"}}
    assert record.parse(json.dumps(odd).encode()).overrides["b"] == "\\"
