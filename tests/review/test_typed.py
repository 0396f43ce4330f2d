"""Types are looked at in every room, also where the files at the top are modules of the package."""

import shutil
from pathlib import Path

import pytest

from urlvr_bench import methods, tasks
from urlvr_bench.commands import contributing
from urlvr_bench.review import typed

MODULES = {"urlvr_bench": "__init__", "methods": "bad", "tasks": "bad"}


def test_a_wrong_type_is_found_in_every_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for folder, name in MODULES.items():
        (tmp_path / folder).mkdir()
        (tmp_path / folder / f"{name}.py").write_text('number: int = "one"\n')
    for part in typed.PARTS:
        (tmp_path / "urlvr_bench" / f"{part}.py").write_text('number: int = "one"\n')
    rules = tmp_path / "pyproject.toml"
    shutil.copy(typed.RULES, rules)
    monkeypatch.setattr(typed, "ROOT", tmp_path)
    monkeypatch.setattr(typed, "RULES", rules)
    found = typed.complaints.__wrapped__()
    wrong = [f"{at}/{name}.py" for at, name in MODULES.items()] + [f"urlvr_bench/{part}.py" for part in typed.PARTS]
    assert sorted(line.partition(":")[0] for line in found) == sorted(wrong)


def test_a_method_is_told_of_its_own_types_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    said = ["methods/empo.py:3: error: wrong", "tasks/line.py:1: error: wrong"]
    monkeypatch.setattr(typed, "complaints", lambda: said)
    told = {
        name: list(contributing.passes_mypy(methods.FOLDER / f"{name}.py", methods.load(name)()))
        for name in ("empo", "covo")
    }
    assert told == {"empo": said[:1], "covo": []}
    assert not list(contributing.passes_mypy(tasks.FOLDER / "line.py", methods.load("empo")()))
