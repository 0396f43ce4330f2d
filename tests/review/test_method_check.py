"""What a contributor is told about a method, the template that they start from, and the generated index."""

from pathlib import Path

import pytest
import typer
from records import fabricate

from urlvr_bench import methods
from urlvr_bench.commands import contributing
from urlvr_bench.errors import UsageError
from urlvr_bench.reports import method_docs
from urlvr_bench.review import contract, form, method_check, stage
from urlvr_bench.training.booth import Booth

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
    assert text.count("\n| yes | ") == len(contract.CHECKS) + len(form.CHECKS)
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


@pytest.mark.parametrize(
    ("pays", "shown"),
    [
        ("None", "TypeError: 'NoneType' object is not iterable"),
        ("['1', None]", "'1' None"),
        ("[float('nan')]", "nan"),
        ("exit(0)", "SystemExit: 0"),
    ],
)
def test_whatever_a_method_pays_is_a_finding(tmp_path: Path, pays: str, shown: str) -> None:
    path = tmp_path / "greedy.py"
    path.write_text(GREEDY.replace("[1.0 + (group.gold is None) - 1 for _ in group.answers]", pays))
    found = method_check.examine(str(path))
    assert not found.keeps_contract
    assert f"| all equal | 5 5 5 5 | {shown} |" in method_check.markdown(found)


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
    found = method_check.examine(str(path))
    assert (found.keeps_contract, found.sound) == (True, False)  # as long as nothing is filled in
    assert method_check.markdown(found).startswith("### `my_idea` keeps the contract, **but its file is not ready**\n")
    gaps = form.results(path, method)[form.fills_in_the_template]
    assert [line.partition(" still")[0] for line in gaps] == ["line 1", "line 10", "line 18", "line 21", "line 24"]
    path.write_text(BREVITY)
    assert method_check.examine(str(path)).sound


BREVITY = (methods.FOLDER.parent / "CONTRIBUTING.md").read_text().split("```python\n")[1].split("```")[0]
BREVITY = BREVITY.replace("Brevity", "MyIdea")
"""The example of CONTRIBUTING.md."""


@pytest.mark.parametrize(
    ("check", "change", "says"),
    [
        (form.is_named_by_its_file, ("MyIdea", "MYIdea"), "the class in my_idea.py is MYIdea: name it MyIdea"),
        (form.pleases_ruff, ("limit: Count", "limit : Count"), "is not formatted: run `ruff format "),
        (form.pleases_ruff, ('"""Characters."""', f'"""{"x " * 60}"""'), "E501 Line too long"),
        (form.pleases_ruff, ("from dataclasses", "import os\nfrom dataclasses"), "F401"),
        (
            form.is_of_the_family_of_its_evidence,
            ('family = "baseline"', 'family = "intrinsic/ensemble"\n    needs = ("verified", "token_entropies")'),
            "is of intrinsic/ensemble and reads verified: a mixture belongs where its evidence goes furthest",
        ),
    ],
)
def test_the_form_of_a_file(
    check: form.Check, change: tuple[str, str], says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "my_idea.py"
    path.write_text(BREVITY.replace(*change))
    found = form.results(path, methods.load_file(path)())
    assert any(says in line for line in found.pop(check)), found
    assert not any(line for one, lines in found.items() for line in lines if one is not form.pleases_ruff)


@pytest.mark.parametrize("name", methods.names())
def test_every_file_has_the_form(name: str) -> None:
    found = form.results(methods.FOLDER / f"{name}.py", methods.load(name)())
    assert not any(found.values()), found


def test_a_file_that_the_page_does_not_show_is_told_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, method = methods.FOLDER / "majority_vote.py", methods.build("ttrl")[1]
    assert list(contributing.stands_in_the_documents(path, method)) == []
    page = tmp_path / "methods.md"
    page.write_text(method_docs.PAGE.read_text().replace("majority", "minority", 1))
    monkeypatch.setattr(method_docs, "PAGE", page)
    (said,) = contributing.stands_in_the_documents(path, method)
    assert "run `python -m urlvr_bench.reports.method_docs`" in said and "make docs" in said
    assert list(contributing.stands_in_the_documents(tmp_path / "draft.py", method)) == []


def test_where_a_new_method_lies_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "package" / "methods"
    folder.mkdir(parents=True)
    monkeypatch.setattr(methods, "FOLDER", folder)
    for here, said in ((tmp_path, False), (tmp_path / "elsewhere", True)):
        here.mkdir(exist_ok=True)
        monkeypatch.chdir(here)
        contributing.new_method(f"at_{here.name.replace('-', '_')}" if said else "my_idea")
        out, err = capsys.readouterr()
        assert Path(out.strip()).parent == folder and Path(out.strip()).is_file()
        assert (f"{folder} is where this urlvr-bench keeps its methods" in err) == said


@pytest.mark.parametrize(
    ("spec", "task"),
    [
        ("verifier", "countdown_pocket"),
        ("self_verification", "countdown_pocket"),
        ("next_token", "pocket_text"),
        ("python_tests", None),
        ("proof", None),
        ("serl", "countdown_pocket"),
        ("judged_clusters", None),
        ("t3rl", "countdown_pocket"),
        ("rpt", "pocket_text"),
        ("majority_vote", "chain_addition"),
        ("ttrl+0.1*verifier", "countdown_pocket"),
    ],
)
def test_a_method_is_tried_on_a_task_that_has_what_it_reads(spec: str, task: str | None) -> None:
    assert contributing.fitting(methods.build(spec)[1]) == task


def test_programs_are_checked_on_stored_completions() -> None:
    with Booth("python_tests", {}) as booth:
        paid = stage.stored(booth)
    assert [what for what, reward in paid.items() if reward] == ["a program that passes"]


@pytest.mark.needs("coq")
def test_proofs_are_checked_on_stored_completions() -> None:
    with Booth("proof", {}) as booth:
        assert [what for what, reward in stage.stored(booth).items() if reward] == ["a proof"]


def test_a_rehearsal_without_its_checker_fails(command) -> None:  # type: ignore[no-untyped-def]
    done = command("check", "methods", "proof")
    assert done.returncode == 1
    assert "The rehearsal on stored completions failed: " in done.stdout and "coqc is not on the PATH" in done.stdout


@pytest.mark.lab
def test_a_training_that_fails_ends_with_1(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(contributing, "STEPS", 2)
    with pytest.raises(typer.Exit) as ended:
        contributing.check_methods(["next_token"], True, "chain_addition", tmp_path)
    assert ended.value.exit_code == 1
    said = capsys.readouterr().out
    assert "**Training failed**: " in said and "pieces of plain text" in said


@pytest.mark.parametrize("name", ["My_idea", "3d", "../evil", "a-b", "import", ""])
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


def test_methods_whose_runs_are_equal_say_so() -> None:
    vote, other = fabricate("majority_vote"), fabricate("empo")
    twin = vote.model_copy(update={"method": vote.method.model_copy(update={"id": "soft_vote", "name": "soft_vote"})})
    said = method_docs.equals([vote, other, twin])
    assert set(said) == {"majority_vote", "soft_vote"}
    assert "On `chain` under `pocket@1` its committed runs are those of `soft_vote`" in said["majority_vote"]


def test_a_stale_index_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = tmp_path / "methods.md"
    monkeypatch.setattr(method_docs, "PAGE", page)
    assert method_docs.main(["--check"]) == 1
    assert method_docs.main([]) == 0
    assert method_docs.main(["--check"]) == 0
    page.write_text(page.read_text().replace("majority", "minority", 1))
    assert method_docs.main(["--check"]) == 1
