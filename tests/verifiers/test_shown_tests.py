"""The tests that a prompt shows are run against programs that nobody trusts."""

import sys

import pytest

from urlvr_bench.errors import UsageError
from urlvr_bench.verifiers import shown_tests
from urlvr_bench.verifiers.sandbox import Limits

linux = pytest.mark.skipif(sys.platform != "linux", reason="programs can be confined on Linux only")
PROMPT = """Write a function.

def add(a, b):
    '''
    >>> add(1, 2)
    3
    >>> [add(i, i)
    ...  for i in range(2)]
    [0, 2]
    '''
Your code must pass:
assert add(3, 4) == 7
assert math.isclose(add(-1, 1), 0)"""

SOLUTIONS = {
    "```python\ndef add(a, b):\n    return a + b\n```": 1,
    "First\n```python\ndef add(a, b): return a\n```\nbut better:\n```py\ndef add(a, b): return a + b\n```": 1,
    "```\nfrom __future__ import annotations\nadd = lambda a, b: a + b\nprint('noise')\n```": 1,
    "```python\ndef add(a, b): return a + b\n```\nExample usage:\n```python\nprint(add(1, 2))\n```": 1,
    "def add(a, b): return a + b": 1,
    "```python\ndef add(a, b): return 7\n```": 0,
    "```python\ndef add(a, b): return a + b if a > 2 or a < 0 else 0\n```": 0,  # fails the >>> examples only
    "```python\n\n```": 0,
    "I do not know.": 0,
    "```python\ndef add(a, b) return\n```": 0,
    "```python\nimport sys; sys.exit(0)\n```": 0,
    "```python\nimport os; os._exit(0)\n```": 0,
    "```python\ndef add(a, b): print(a + b)\n```": 0,
    "```\nclass Yes:\n    __eq__ = lambda *_: True\n    __repr__ = lambda *_: '3'\ndef add(a, b): return Yes()\n```": 0,
    "```\nimport doctest\ndoctest.DocTestRunner.run = lambda *_, **__: 0\ndef add(a, b): return 7 * (a > 1)\n```": 0,
    "```python\nclass math:\n    isclose = lambda *_: True\ndef add(a, b): return abs(a) + b\n```": 0,
    "```python\ndef add(a, b):\n    while True: pass\n```": 0,
}  # fmt: skip


@linux
def test_the_right_programs_pass() -> None:
    verdicts = shown_tests.passed(PROMPT, list(SOLUTIONS), Limits(seconds=1))
    assert verdicts == [bool(right) for right in SOLUTIONS.values()]


@linux
def test_names_that_start_with_an_underscore_or_are_built_in_count() -> None:
    for name in ("_add", "sum"):
        good, bad = (f"```python\ndef {name}(a, b): return a {sign} b\n```" for sign in "+-")
        assert shown_tests.passed(f"Write {name}(a, b).\nassert {name}(3, 4) == 7", [good, bad]) == [True, False]


def test_a_prompt_without_tests_is_an_error() -> None:
    with pytest.raises(UsageError, match="shows no `assert` line and no `>>>` example"):
        shown_tests.passed("Write code.", ["```\n1\n```"])
    with pytest.raises(UsageError, match="shows a test that is no Python: assert that it works"):
        shown_tests.passed("Write code and\nassert that it works", ["```\n1\n```"])
