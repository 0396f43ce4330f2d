"""YAML is read safely, once, and every reader has a copy of its own."""

import pytest

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
