"""The command that explains a verdict: what was read, right or wrong, and why; without torch and without data."""

import json
import subprocess
import sys

import pytest

ROWS = [
    ({"style": "boxed", "gold": r"\frac{7}{4}", "completion": r"So \boxed{1.75}."}, "7/4", True, "exact number"),
    ({"style": "boxed", "gold": "x^2-4", "completion": r"\boxed{(x-2)(x+2)}"}, "(x-2)(x+2)", True, "math-verify"),
    ({"style": "boxed", "gold": r"\text{west}", "completion": r"\boxed{\text{stew}}"}, r"\text{stew}", False, "words"),
    ({"style": "boxed", "gold": "6", "completion": "Six."}, None, False, "no answer"),
    ({"style": "boxed", "gold": "6", "completion": r"\boxed{6 = 7}"}, None, False, "no answer"),
    ({"style": "boxed", "gold": "6", "completion": r"\boxed{6, 7}"}, "6, 7", False, "different kinds"),
    ({"style": "native", "gold": "6", "completion": "The answer is 6."}, "6", True, "exact number"),
    ({"style": "phrase", "gold": "B", "completion": r"\boxed{(b) iron}"}, "B", True, "choice"),
    ({"style": "native-phrase", "gold": "no", "completion": "So the answer is no."}, "no", True, "words"),
    (
        {"style": "countdown", "gold": "numbers [2, 3, 7] target 13", "completion": r"\boxed{2\cdot3+7}"},
        "2*3+7",
        True,
        "expression",
    ),
    ({"task": "gsm8k@native", "gold": "1,200", "completion": "#### $1200"}, "1200", True, "exact number"),
    (
        {"style": "boxed", "gold": "6", "completion": r"\boxed{\binom{1000000000}{100000000}}"},
        r"\binom{1000000000}{100000000}",
        False,
        "time limit",
    ),
]


def test_rows_of_a_file_are_explained(command, tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_text("\n".join(json.dumps(row) for row, *_ in ROWS))
    found = [json.loads(line) for line in command("grade", "--file", path, "--json").stdout.splitlines()]
    assert [(one["answer"], one["correct"], one["reason"]) for one in found] == [tuple(rest) for _, *rest in ROWS]
    assert all(set(one) == {"answer", "gold", "correct", "reason"} for one in found)
    table = command("grade", "--file", path).stdout
    assert f"{sum(right for _, _, right, _ in ROWS)} of {len(ROWS)} right" in table and "no answer" in table


def test_one_completion_and_two_answers_are_explained(command):
    said = command("grade", "--task", "math500@boxed-plain", "--gold", "-4", "--", "-4 it is: \\boxed{-4}").stdout
    assert said.splitlines() == ["right: exact number", "answer  -4", "gold    -4"]
    assert command("grade", "--equal", "-2,7", "7,-2").stdout.startswith("one vote: exact number")
    found = json.loads(command("grade", "--equal", "x+y", "x-y", "--json").stdout)
    assert found == {"a": "x+y", "b": "x-y", "same": False, "reason": "math-verify"}


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", "line 1: no JSON"),
        ("[" * 100_000, "line 1: no JSON"),
        ("[]", "line 1: no JSON object"),
        ('{"gold": "1", "style": "boxed"}', "line 1: completion is missing or no text"),
        ('{"gold": 1, "completion": "", "style": "boxed"}', "line 1: gold is missing or no text"),
        ('{"gold": "1", "completion": ""}', "line 1: names neither a style nor a task"),
        ('{"gold": "1", "completion": "", "style": "boxd"}', "did you mean 'boxed'"),
        ('{"gold": "1", "completion": "", "task": "mth500"}', "did you mean 'math500'"),
        ('{"gold": "1", "completion": "", "task": "gsm8k", "style": "boxed"}', "are both given"),
        ('{"gold": "1", "completion": "", "task": "mbpp"}', "judges by more than a gold answer"),
        ('{"gold": "", "completion": "", "style": "boxed"}', "the gold answer '' is empty"),
        ('{"gold": "1=2", "completion": "", "style": "boxed"}', "contradicts itself"),
        ('{"gold": "1 2 3", "completion": "", "style": "countdown"}', "is no puzzle"),
        ("", "holds no rows"),
    ],
)
def test_a_bad_row_is_one_line_and_exit_code_2(command, tmp_path, line, message):
    path = tmp_path / "rows.jsonl"
    path.write_text(line)
    done = command("grade", "--file", path)
    assert done.returncode == 2 and done.stdout == ""
    assert message in done.stderr and len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "grade takes one of"),
        (["x"], "give --gold"),
        (["--file", "/nowhere"], "cannot read /nowhere"),
        (["--file", "/nowhere", "--equal", "1", "2"], "grade takes one of"),
    ],
)
def test_a_bad_question_is_one_line_and_exit_code_2(command, arguments, message):
    done = command("grade", *arguments)
    assert done.returncode == 2
    assert message in done.stderr and len(done.stderr.splitlines()) == 1


def test_a_verdict_loads_no_engine():
    code = (
        "import sys; from urlvr_bench import cli\n"
        r"sys.argv = ['urlvr-bench', 'grade', '--gold', 'x+1', '\\boxed{1+x}']" + "\n"
        "try: cli.main()\nexcept SystemExit: pass\n"
        "print([name for name in ('torch', 'lm_eval', 'datasets', 'pandas', 'sympy') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.splitlines()[0] == "right: math-verify" and done.stdout.splitlines()[-1] == "[]"
