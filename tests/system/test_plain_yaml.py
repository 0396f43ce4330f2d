"""YAML is read safely, once, and every reader has a copy of its own."""

from pathlib import Path

import pytest

from urlvr_bench import protocol
from urlvr_bench.errors import UsageError
from urlvr_bench.system import plain_yaml


def test_what_a_reader_changes_no_other_reader_sees() -> None:
    text = "steps: {every: [1, 2]}"
    plain_yaml.parse(text)["steps"]["every"].append(3)
    assert plain_yaml.parse(text) == {"steps": {"every": [1, 2]}}


def test_a_function_is_read_as_its_name_and_no_object_is_made() -> None:
    assert plain_yaml.parse("scorer: !function urlvr_bench.tasks.boxed.score") == {
        "scorer": "urlvr_bench.tasks.boxed.score"
    }
    with pytest.raises(plain_yaml.yaml.YAMLError, match="could not determine a constructor"):
        plain_yaml.parse("!!python/object/apply:os.getcwd []")


def test_deep_nesting_is_an_error_and_no_crash() -> None:
    with pytest.raises(RecursionError):
        plain_yaml.parse("[" * 300_000)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"a: [1", "line 1 is no YAML: expected"),
        (b"- 1", "not a mapping"),
        (b"", "not a mapping"),
        (b"\xff\xfe", "'utf-8' codec"),
        (b"[" * 300_000, "is no YAML"),
        (b"name: a", "version: Field required"),
        (b"training: 3", "name: Field required"),
    ],
)
def test_a_bad_file_of_a_user_is_one_line(content: bytes, said: str, tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_bytes(content)
    with pytest.raises(UsageError, match=said) as error:
        protocol.load(str(tmp_path / "mine.yaml"), {"steps": "3"})
    assert "\n" not in str(error.value)
