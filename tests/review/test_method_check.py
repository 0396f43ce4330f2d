"""What a contributor is told about a method, the template that they start from, and the generated index."""

from pathlib import Path

import pytest

from urlvr_bench import methods
from urlvr_bench.errors import UsageError
from urlvr_bench.reports import method_docs
from urlvr_bench.review import contract, method_check

GREEDY = '''"""Greedy."""

from dataclasses import dataclass

from urlvr_bench import Group, Method


@dataclass(frozen=True)
class Greedy(Method):
    """Reward the right answer | whatever it costs.

    >>> Greedy().reward(Group("q", ["7"], ["7"]))
    [1.0]
    """

    family = "baseline"
    paper = "https://example.org"
    formula = "1"

    def reward(self, group: Group) -> list[float]:
        if None in group.answers:
            raise RuntimeError("no | answer")
        return [1.0 + (group.gold is None) - 1 for _ in group.answers]
'''


@pytest.mark.parametrize("target", ["majority_vote", "EVOL-RL", "ttrl(ties=all)+0.1*covo", "methods/rlpr.py"])
def test_a_sound_method(target: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(methods.FOLDER.parent)
    found = method_check.examine(target)
    assert found.sound, found.findings
    assert len(found.paid["completions of 100,000 tokens"][1]) == 2
    assert found.milliseconds["100 tokens"] < 10_000
    text = method_check.markdown(found, training="![curve](curve.png)")
    assert text.startswith(f"### `{found.name}` keeps the contract\n")
    assert text.count("\n| yes | ") == len(contract.CHECKS)
    assert "![curve](curve.png)" in text


def test_what_a_method_pays_is_shown() -> None:
    text = method_check.markdown(method_check.examine("soft_vote"))
    assert "| eight rollouts | 7 3 - 7 12 3 7 0 | 0.375 0.25 0 0.375 0.125 0.25 0.375 0.125 |\n" in text
    assert "| empty completions | - - - - | 0 0 0 0 |\n" in text


def test_a_broken_method(tmp_path: Path) -> None:
    path = tmp_path / "greedy.py"
    path.write_text(GREEDY)
    found = method_check.examine(str(path))
    assert not found.sound
    text = method_check.markdown(found)
    assert text.startswith("### `greedy` **breaks the contract**\n")
    assert (
        "| no | Every declared signal is read, and none beside them: majority: Greedy reads gold but declares" in text
    )
    assert "| no | One finite number per rollout, of every kind of group: RuntimeError: no \\| answer |" in text
    assert "| all unparsed | - - - - | RuntimeError: no \\| answer |" in text
    assert "| all equal | 5 5 5 5 | 1 1 1 1 |" in text


@pytest.mark.parametrize("target", ["nonsense", "missing.py", "./methods"])
def test_an_unknown_target(target: str) -> None:
    with pytest.raises(UsageError):
        method_check.examine(target)


def test_the_template_keeps_the_contract(tmp_path: Path) -> None:
    path = method_check.new_method("my_idea", tmp_path)
    assert path == tmp_path / "my_idea.py"
    assert len(path.read_text().splitlines()) <= 35
    method = methods.load_file(path)()
    assert type(method).__name__ == "MyIdea"
    assert contract.failures(method) == []


@pytest.mark.parametrize("name", ["My_idea", "3d", "../evil", "a-b", ""])
def test_a_bad_name_writes_nothing(name: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="must be lower-case letters"):
        method_check.new_method(name, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_an_existing_method_is_not_overwritten() -> None:
    before = (methods.FOLDER / "majority_vote.py").read_text()
    with pytest.raises(UsageError, match=r"majority_vote\.py is there already"):
        method_check.new_method("majority_vote")
    assert (methods.FOLDER / "majority_vote.py").read_text() == before


def test_the_index_is_up_to_date() -> None:
    assert not method_docs.stale(), "run `python -m urlvr_bench.reports.method_docs`"
    page = method_docs.generate()
    for name in methods.names():
        assert page.count(f"\n### {name}\n") == 1
        assert methods.load(name).differs in page


def test_a_stale_index_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = tmp_path / "methods.md"
    monkeypatch.setattr(method_docs, "PAGE", page)
    assert method_docs.main(["--check"]) == 1
    assert method_docs.main([]) == 0
    assert method_docs.main(["--check"]) == 0
    page.write_text(page.read_text().replace("majority", "minority", 1))
    assert method_docs.main(["--check"]) == 1
