"""Every file of methods/ is held to one contract; a new method needs no test of its own beyond its example."""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import pytest

from urlvr_bench import Group, Method, methods
from urlvr_bench.errors import UsageError
from urlvr_bench.review import contract

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("check", contract.CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("name", methods.names())
def test_contract(name: str, check: contract.Check) -> None:
    assert list(check(methods.load(name)())) == []


def test_the_registry_is_the_folder() -> None:
    assert methods.names() == sorted(path.stem for path in (ROOT / "methods").glob("*.py"))
    for name in methods.names():
        assert methods.load(name).__name__ == "".join(part.capitalize() for part in name.split("_"))


def test_methods_load_without_torch() -> None:
    code = (
        "import sys; from urlvr_bench import methods; [methods.load(n) for n in methods.names()]; print(*sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert not {"torch", "transformers", "trl", "lm_eval", "pandas"} & set(ran.stdout.split())


@dataclass(frozen=True)
class Sound(Method):
    """Reward having an answer.

    >>> Sound().reward(Group("q", ["7", ""], ["7", None]))
    [1.0, 0.0]
    """

    family = "baseline"
    paper = "https://example.org"
    formula = "1[answered]"

    def reward(self, group: Group) -> list[float]:
        return [float(answer is not None) for answer in group.answers]


class TooShort(Sound):
    def reward(self, group: Group) -> list[float]:
        return [1.0]


class NotFinite(Sound):
    def reward(self, group: Group) -> list[float]:
        return [float("nan")] * len(group)


class FirstSeen(Sound):
    def reward(self, group: Group) -> list[float]:
        return [float(answer == group.answers[0]) for answer in group.answers]


class Peeking(Sound):
    def reward(self, group: Group) -> list[float]:
        return [float(answer == group.gold) for answer in group.answers]


class Idle(Sound):
    needs: ClassVar = ("token_logprobs",)


class Impure(Sound):
    calls: ClassVar[list[int]] = []

    def reward(self, group: Group) -> list[float]:
        self.calls.append(1)
        return [float(len(self.calls))] * len(group)


class Tampering(Sound):
    def reward(self, group: Group) -> list[float]:
        group.answers.append("7")
        return [0.0] * (len(group))


class Half(Sound):
    binary: ClassVar = True

    def reward(self, group: Group) -> list[float]:
        return [0.5] * len(group)


@dataclass(frozen=True)
class NoDefault(Sound):
    weights: object = lambda: None


class NoExample(Sound):
    """Reward having an answer."""


class WrongExample(Sound):
    """Reward having an answer.

    >>> Sound().reward(Group("q", ["7", ""], ["7", None]))
    [0.0, 0.0]
    """


class NoCard(Sound):
    """Reward having an answer

    >>> 1
    1
    """

    family: ClassVar = "supervised"
    paper: ClassVar = "somewhere"
    formula: ClassVar = ""
    needs: ClassVar = ("votes",)


class Crashing(Sound):
    def reward(self, group: Group) -> list[float]:
        return [1 / len([answer for answer in group.answers if answer])] * len(group)


@dataclass(frozen=True)
class Bare(Sound):
    share: float = 1.0

    def reward(self, group: Group) -> list[float]:
        return [float(answer is not None) / self.share for answer in group.answers]


class Borrowed(Sound):
    aliases: ClassVar = ("ttrl",)


BROKEN = {
    TooShort: "pays_one_finite_reward_per_rollout: majority: 1 rewards for 4 rollouts",
    NotFinite: "pays_one_finite_reward_per_rollout: majority, rollout 0: nan is not a finite number",
    FirstSeen: "does_not_depend_on_the_order: eight rollouts: pays [1.0, 0.0,",
    Peeking: "declares_exactly_what_it_reads: majority: Peeking reads gold but declares nothing",
    Idle: "declares_exactly_what_it_reads: declares token_logprobs but never reads it",
    Impure: "is_pure: majority: pays [",
    Tampering: "is_pure: majority: reward changes the group",
    Half: "pays_0_or_1_if_binary: majority: binary, but pays [0.5]",
    NoDefault: "survives_a_record: TypeError",
    NoExample: "shows_an_example_that_holds: has no >>> example",
    WrongExample: "shows_an_example_that_holds: its example does not hold",
    NoCard: "fills_its_card: the first docstring line",
    Bare: "describes_its_hyper_parameters: share is not described",
    Borrowed: "has_other_names_of_its_own: alias ttrl is known as majority_vote already",
    Crashing: "pays_one_finite_reward_per_rollout: ZeroDivisionError: division by zero",
}


def test_a_sound_method_passes() -> None:
    assert contract.failures(Sound()) == []


@pytest.mark.parametrize("broken", BROKEN, ids=lambda cls: cls.__name__)
def test_each_defect_is_found(broken: type[Method]) -> None:
    found = contract.failures(broken())
    assert any(line.startswith(BROKEN[broken]) for line in found), found


def test_a_hyper_parameter_that_cannot_be_paid_by_is_found() -> None:
    assert contract.results(Bare())[contract.pays_whatever_its_hyper_parameters_are][0].startswith("ZeroDivisionError")


def test_names_and_aliases_resolve() -> None:
    known = methods.names()
    aliases = [alias for name in known for alias in methods.load(name).aliases]
    assert len({*known, *(alias.replace("-", "_") for alias in aliases)}) == len(known) + len(aliases)
    for name in known:
        assert methods.build(name)[0] == name
        assert {methods.resolve(alias) for alias in methods.load(name).aliases} <= {name}
    for preset in ("self_certainty", "token_entropy", "trajectory_entropy"):
        assert methods.resolve(f"rlif-{preset.replace('_', '-')}") == preset
    assert methods.resolve("EM-RL") == methods.resolve("em_rl") == "trajectory_entropy"


def test_a_name_needs_no_other_file() -> None:
    code = "import sys; from urlvr_bench import methods; methods.build('majority_vote'); print(*sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert [name for name in ran.stdout.split() if name.startswith("urlvr_bench.methods.")] == [
        "urlvr_bench.methods.majority_vote"
    ]


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        ("ttlr", "unknown method 'ttlr'; did you mean 'ttrl'?"),
        ("majorty_vote", "did you mean 'majority_vote'?"),
        ("majority_vote(ties=maybe)", "majority_vote: ties='maybe': Input should be 'hash', 'all' or 'none'"),
        ("majority_vote(tie=all)", "unknown hyper-parameter of majority_vote 'tie'; did you mean 'ties'?"),
        ("majority_vote(ties)", "'ties' does not read as key=value"),
        ("majority_vote+", "does not read as"),
        ("", "does not read as"),
        ("majority_vote)(", "does not read as"),
    ],
)
def test_bad_specs_name_the_fix(spec: str, says: str) -> None:
    with pytest.raises(UsageError) as caught:
        methods.build(spec)
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        ("length_reward(peak=0)", "greater than 0"),
        ("length_reward(peak=1)", "less than 1"),
        ("length_reward(limit=0)", "greater than or equal to 1"),
        ("restrain(width=0)", "greater than 0"),
        ("restrain(penalty=-1)", "greater than or equal to 0"),
        ("covo(states=0)", "greater than or equal to 1"),
        ("covo(separator=)", "at least 1 character"),
        ("majority_vote(threshold=2)", "less than or equal to 1"),
        ("majority_vote(threshold=nan)", "finite number"),
        ("majority_vote(extra_votes=-1)", "greater than or equal to 0"),
        ("scrl(majority=2)", "less than or equal to 1"),
        ("co_rewarding_2(teacher_decay=2)", "less than or equal to 1"),
        ("random_reward(chance=-0.1)", "greater than or equal to 0"),
        ("evol_rl(ngram=0)", "greater than or equal to 1"),
        ("condorcet(unparsed=inf)", "finite number"),
        ("self_certainty(vocabulary=-1)", "greater than or equal to 0"),
        ("majority_vote+1e999*format_only", "beyond all numbers"),
    ],
)
def test_a_hyper_parameter_out_of_bounds_is_one_line(spec: str, says: str) -> None:
    with pytest.raises(UsageError) as caught:
        methods.build(spec)
    assert says in str(caught.value) and "\n" not in str(caught.value)


def test_a_file_in_upper_case_is_one_clear_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "MyVote.py").write_text("x = 1")
    (tmp_path / "good.py").write_text("x = 1")
    monkeypatch.setattr(methods, "FOLDER", tmp_path)
    for ask in (methods.names, lambda: methods.resolve("ttrl"), lambda: methods.build("good")):
        with pytest.raises(UsageError, match=r"MyVote\.py is no method's name: rename it to lower-case"):
            ask()


def test_hyper_parameters_are_read_from_the_command_line() -> None:
    name, method = methods.build(" ttrl( ties = 'none', extra_votes=32,threshold=0.5 ) ")
    assert (name, method) == (
        "majority_vote",
        methods.load("majority_vote")(ties="none", extra_votes=32, threshold=0.5),
    )


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("def f(:", "line 1 does not parse"),
        ("x = 1\ny = z\n", "line 2 cannot be imported: NameError: name 'z' is not defined"),
        ("import no_such_thing", "line 1 cannot be imported: ModuleNotFoundError: No module named 'no_such_thing'"),
        ("raise RuntimeError('a\\nb')", "line 1 cannot be imported: RuntimeError: a"),
        ("x = 1", "must define exactly one Method; it defines none"),
        ("from urlvr_bench import Method\nclass A(Method): ...\nclass B(Method): ...", "it defines A, B"),
    ],
)
def test_a_broken_file_is_named(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "draft.py"
    path.write_text(text)
    with pytest.raises(UsageError) as caught:
        methods.load_file(path)
    assert str(path) in str(caught.value)
    assert says in str(caught.value) and "\n" not in str(caught.value)
