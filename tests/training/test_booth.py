"""The booth: a method pays there as it pays here, gets out by no known way, and its end or error is one clear line."""

import dataclasses
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from urlvr_bench import Group
from urlvr_bench.errors import UsageError
from urlvr_bench.rollouts import Extra, Query
from urlvr_bench.training import booth as booths
from urlvr_bench.training.booth import Booth

FIXTURES = Path(__file__).parents[1] / "fixtures"
ESCAPES = FIXTURES / "escapes.py"
GROUP = Group("3+4?", ["3+4=7", "7", "no"], ["7", "7", None])


def names(of: str) -> list[str]:
    """Return the keys of a dictionary in the fixture, which imports nothing here."""
    scope: dict[str, dict[str, object]] = {"__name__": "escapes"}
    exec(compile(ESCAPES.read_text(), str(ESCAPES), "exec"), scope)  # noqa: S102
    return list(scope[of])


@pytest.fixture(scope="module")
def escapes():
    with Booth("escapes", {}, ESCAPES) as booth:
        yield booth


def attempt(booth: Booth, name: str) -> str:
    with pytest.raises(UsageError) as caught:
        booth.reward([Group(name, ["a"], [None])])
    return str(caught.value)


@pytest.mark.parametrize("name", names("AUDITED"))
def test_no_way_out_that_python_audits(escapes: Booth, name: str) -> None:
    assert "reward raised" in (said := attempt(escapes, name))
    if name != "in other words":
        assert "methods/escapes.py line " in said
        assert "a method may not" in said or "ModuleNotFoundError" in said, said


@pytest.mark.parametrize("name", names("UNAUDITED"))
def test_no_way_out_that_only_the_kernel_sees(escapes: Booth, name: str) -> None:
    if escapes.facts["closed_by"] != "kernel":
        pytest.skip("this system has no filter of system calls")
    said = attempt(escapes, name)
    assert "PermissionError" in said or "can't start new thread" in said or "a method may not" in said, said


def test_the_environment_is_not_inherited(escapes: Booth, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOLD", "7")
    said = attempt(escapes, "environment")
    assert "PYTHONHASHSEED" in said
    assert "GOLD" not in said and "PATH'" not in said.replace("LD_LIBRARY_PATH'", "")


ENDS = {
    "leave": r"ended by itself \(exit code 3\)",
    "hang": "gave no answer within 1 s",
    "forge": "answered what is no JSON",
    "flood": "answered 1,099,511,627,776 bytes",
}


@pytest.mark.parametrize("name", ENDS)
def test_an_end_is_named(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with Booth("escapes", {}, ESCAPES) as booth:
        assert booth.needs == ()
        monkeypatch.setattr(booths, "SECONDS", 1.0)
        booth._socket.settimeout(1.0)
        with pytest.raises(UsageError, match=rf"methods/escapes\.py: the process of the method {ENDS[name]}"):
            booth.reward([Group(name, ["a"], [None])])
        assert booth._process.poll() is not None


DISHONEST = {
    "leak_task": "methods/leak_task.py line 6 imports urlvr_bench.tasks; a method may import what only computes",
    "leak_gc": "methods/leak_gc.py line 3 imports gc; a method may import",
    "leak_frame": "methods/leak_frame.py line 3 imports sys; a method may import",
    "leak_correct": r"methods/leak_correct.py line 21, prompt '3\+4\?': reward raised RefusalError: a method may not "
    r"read frames \(tb_frame\)",
}


@pytest.mark.parametrize("name", DISHONEST)
def test_a_dishonest_method_is_refused_in_one_line(name: str) -> None:
    with (
        Booth(name, {}, FIXTURES / "dishonest" / f"{name}.py") as booth,
        pytest.raises(UsageError, match=DISHONEST[name]) as caught,
    ):
        booth.reward([GROUP])
    assert "\n" not in str(caught.value)


DRAFT = '''"""A draft."""

from dataclasses import dataclass

import numpy as np

from urlvr_bench import Group, Method
from urlvr_bench.rollouts import Extra, Query


@dataclass(frozen=True)
class Draft(Method):
    """A draft."""

    family = "baseline"
    paper = "https://example.org"
    needs = ("answer_spans", "extra_answers", "likelihoods", "replies")
    rate: float = 0.5

    def extras(self):
        return [Extra(2, view=1), Extra(1, teacher_decay=0.9)]

    def queries(self, group):
        return [Query(group.prompt, text) for text in group.completions]

    def ask(self, group):
        return [f"{group.prompt} \\udc80" for _ in group.completions]

    def reward(self, group):
        spans = np.array([end - first for first, end in group.answer_spans])
        return BODY
'''


def draft(folder: Path, body: str, name: str = "draft", **changes: str) -> Path:
    path, text = folder / f"{name}.py", DRAFT.replace("BODY", body)
    for old, new in changes.items():
        text = text.replace(old, new)
    path.write_text(text)
    return path


FULL = dataclasses.replace(
    GROUP, answer_spans=[(0, 1), (0, 3), (2, 4)], extra_answers=[["7"]], likelihoods=[[-1.0]], replies=["y"]
)


def test_every_turn_is_taken(tmp_path: Path) -> None:
    path = draft(tmp_path, "list(spans * self.rate + len(group.replies))")
    with Booth("draft", {"rate": 2}, path) as booth:
        assert booth.extras() == [Extra(2, view=1), Extra(1, teacher_decay=0.9)]
        assert booth.queries([FULL]) == [[Query("3+4?", "3+4=7"), Query("3+4?", "7"), Query("3+4?", "no")]]
        assert booth.ask([FULL, FULL]) == [["3+4? \udc80"] * 3] * 2
        assert booth.reward([FULL, FULL]) == [[3.0, 7.0, 5.0]] * 2
        assert (booth.binary, booth.advantages, booth.facts["family"]) == (False, False, "baseline")


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("[1 / 0]", "line 31, prompt '3.4.': reward raised ZeroDivisionError: division by zero"),
        ("[1.0]", "prompt '3.4.': 1 rewards for 3 rollouts"),
        ("[1.0, float('nan'), 1.0]", "rollout 1: reward nan is not a finite number"),
        ("[1.0, 10**400, 1.0]", r"rollout 1: reward 10{99}\.\.\. is not a finite number"),
        ("[1.0, 10**5000, 1.0]", r"rollout 1: reward of 16,610 bits is not a finite number"),
        ("[1.0, np.float32('-inf'), 1.0]", "rollout 1: reward -inf is not a finite number"),
        ("[1.0, np.ones(1), 1.0]", r"rollout 1: reward array\(\[1\.\]\) is not a finite number"),
        ("[1.0, '1', 1.0]", "rollout 1: reward '1' is not a finite number"),
        ("[1.0, None, 1.0]", "rollout 1: reward None is not a finite number"),
        ("[1.0, {1: {}}, 1.0]", "rollout 1: reward {1: {}} is not a finite number"),
        ("3", "reward raised TypeError: 'int' object is not iterable"),
        ("group.gold", "reward raised UsageError: Draft reads gold but declares"),
    ],
)
def test_an_error_names_method_line_and_prompt(tmp_path: Path, body: str, says: str) -> None:
    with Booth("draft", {}, draft(tmp_path, body)) as booth:
        with pytest.raises(UsageError, match=rf"methods/draft\.py.*{says}"):
            booth.reward([FULL])
        with pytest.raises(
            UsageError, match=r"Draft needs answer_spans, which this group lacks: it comes from the tok"
        ):
            booth.reward([GROUP])  # it goes on after an error


@pytest.mark.parametrize("body", ["np.array([1, 0, 2])", "[np.float32(1), np.bool_(False), np.int64(2)]", "(1, 0, 2)"])
def test_scalars_of_numpy_are_numbers(tmp_path: Path, body: str) -> None:
    with Booth("draft", {}, draft(tmp_path, body)) as booth:
        (paid,) = booth.reward([FULL])
    assert paid == [1.0, 0.0, 2.0] and {*map(type, paid)} == {float}


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"class Draft(Method)": "class Draft"}, "must define exactly one Method"),
        ({"rate: float": "rate float"}, r"methods/draft\.py line 18 does not parse"),
        ({"import numpy as np": "import numpy as np\n1 / 0"}, r"methods/draft\.py line 6: ZeroDivisionError"),
        ({"import numpy as np": "open('/etc/hostname')"}, r"line 5: RefusalError: a method may not open a file"),
        ({"import numpy as np": "from .x import y"}, r"line 5 imports \.x\.y|line 5 imports x\.y"),
    ],
)
def test_what_does_not_load_is_said(tmp_path: Path, changes: dict[str, str], says: str) -> None:
    with Booth("draft", {}, draft(tmp_path, "[]", **changes)) as booth, pytest.raises(UsageError, match=says):
        _ = booth.needs


def test_a_file_that_is_not_utf_8_is_said(tmp_path: Path) -> None:
    path = draft(tmp_path, "[]")
    path.write_bytes(b"'caf\xe9'\n" + path.read_bytes())
    with Booth("draft", {}, path) as booth, pytest.raises(UsageError, match=r"methods/draft\.py.* does not parse"):
        _ = booth.needs


def test_it_heeds_no_request_to_stop_but_ends_with_the_trainer(tmp_path: Path) -> None:
    code = f"""import sys, time
from pathlib import Path
from urlvr_bench import Group
from urlvr_bench.training.booth import Booth
booth = Booth("escapes", {{}}, Path({str(ESCAPES)!r}))
booth.needs
print(booth._process.pid, flush=True)
booth.reward([Group("hang", ["a"], [None])])
"""
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    child = psutil.Process(int(parent.stdout.readline()))
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1):
        child.send_signal(number)
    time.sleep(0.2)
    assert child.is_running() and child.status() != psutil.STATUS_ZOMBIE
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    if sys.platform == "linux":
        child.wait(timeout=5)
    else:
        child.kill()
