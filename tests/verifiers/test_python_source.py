"""The program of a completion is found as people find it, and so is what tests ask of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from urlvr_bench.verifiers import python_source

GOOD = "def add(a, b):\n    return a + b"
BAD = "def add(a, b):\n    return a"
FOUND = {
    "a block": f"```python\n{GOOD}\n```",
    "a block without a mark": f"Here:\n```\n{GOOD}\n```\nDone.",
    "python3": f"```python3\n{GOOD}\n```",
    "Python": f"```Python\n{GOOD}\n```",
    "py": f"``` py\n{GOOD}\n```",
    "a mark with more": f"```python title=add.py\n{GOOD}\n```",
    "tildes": f"~~~python\n{GOOD}\n~~~",
    "four ticks": f"````python\n{GOOD}\n````",
    "line ends of Windows": f"```python\r\n{GOOD}\r\n```\r\n".replace("\n", "\r\n"),
    "indented": "1. So:\n\n   ```python\n   def add(a, b):\n       return a + b\n   ```",
    "indented code only": "```python\n    def add(a, b):\n        return a + b\n```",
    "a list": "- ```python\n  def add(a, b):\n      return a + b\n  ```",
    "a quotation": "> ```python\n> def add(a, b):\n>     return a + b\n> ```",
    "not closed": f"```python\n{GOOD}",
    "not closed before the next": f"```python\n{GOOD}\n```python\nprint(add(1, 2))\n```",
    "closed on its last line": f"```python\n{GOOD}```",
    "usage after it": f"```python\n{GOOD}\n```\nExample usage:\n```python\nprint(add(1, 2))\n```",
    "usage that keeps a result": f"```python\n{GOOD}\n```\nExample:\n```python\nresult = add(1, 2)\nprint(result)\n```",
    "output after it": f"```python\n{GOOD}\n```\nOutput:\n```\n3\n```",
    "output with a mark": f"```python\n{GOOD}\n```\n```text\nadd = 3\n```",
    "a session after it": f"```python\n{GOOD}\n```\n```\n>>> add(1, 2)\n3\n```",
    "a shell before and after it": f"```bash\npip install x\n```\n```python\n{GOOD}\n```\n```sh\npython add.py\n```",
    "tests after it": f"```python\n{GOOD}\n```\n```python\nassert add(1, 2) == 3\n```",
    "test functions after it": f"```python\n{GOOD}\n```\n```python\ndef test_add():\n    assert add(1, 2) == 4\n```",
    "tests that import it": f"```python\n{GOOD}\n```\n```python\nfrom add import add\ndef test(): add(1, 2)\n```",
    "a test case": f"```python\n{GOOD}\n```\n```\nimport unittest as u\nclass Test(u.TestCase):\n    x = add\n```",
    "a main function after it": f"```python\n{GOOD}\n```\n```python\ndef main(): print(add(1, 2))\n```",
    "a better one after it": f"```python\n{BAD}\n```\nNo:\n```python\n{GOOD}\n```",
    "a broken one after it": f"```python\n{GOOD}\n```\n```python\ndef add(a, b) return\n```",
    "a helper before it": "```py\ndef plus(a, b): return a + b\n```\n```py\ndef add(a, b): return plus(a, b)\n```",
    "an import before it": "```python\nimport operator\n```\n```python\ndef add(a, b): return operator.add(a, b)\n```",
    "a constant before it": "```python\nZERO = 0\n```\n```python\ndef add(a, b): return a + b + ZERO\n```",
    "a name": "```python\nimport operator\nadd = operator.add\n```",
    "a lambda": "```python\nadd = lambda a, b: a + b\n```",
    "a typed name": "```python\nadd: object = lambda a, b: a + b\n```",
    "no fence": GOOD,
    "no fence but words": f"The function is\n\n{GOOD}\n\nIt's the sum of both, isn't it?",
    "no fence but one word": f"{GOOD}\n\nDone",
    "no fence but a label": f"import math\n\n{GOOD}\n\nExplanation: it adds",
    "no fence but a beginning in English": f"from the two numbers we get\nclass A is best\n{GOOD}",
    "a fence that the prompt opened": f"{GOOD}\n```\nThe sum of both.",
    "no fence with usage": f"{GOOD}\n\nprint(add(1, 2))",
}
NOT_FOUND = {
    "nothing": "",
    "words": "It is easy. import it from there.",
    "another language": "```java\nint add(int a, int b) { return a + b; }\n```",
    "another function": "```python\ndef sub(a, b): return a - b\n```",
    "a cut": "```python\ndef add(a, b):\n    return (a +",
    "wrong last": f"```python\n{GOOD}\n```\nBetter:\n```python\n{BAD}\n```",
    "inline": f"Use `{GOOD}`",
    "too long": f"```python\nadd = lambda a, b: '{'x' * python_source.MOST}' and a + b\n```",
}  # fmt: skip


def adds(completion: str) -> bool:
    texts = [block.text for block in python_source.blocks(completion)]
    names: dict[str, object] = {}
    try:
        exec(python_source.program(texts, ["add"]), names)  # noqa: S102 (written above)
        return names["add"](3, 4) == 7  # type: ignore[operator]
    except (SyntaxError, KeyError):
        return False


@pytest.mark.parametrize("completion", FOUND.values(), ids=FOUND.keys())
def test_the_program_is_found(completion: str) -> None:
    assert adds(completion)


@pytest.mark.parametrize("completion", NOT_FOUND.values(), ids=NOT_FOUND.keys())
def test_no_other_program_is_found(completion: str) -> None:
    assert not adds(completion)


@given(
    st.lists(
        st.sampled_from(
            ["```", "```python", "~~~", "```py\r", "x = 1", " ", "def f():", "  return 1", "'''", "> ", "\0"]
        )
    )
)
def test_a_block_stands_where_it_says(lines: list[str]) -> None:
    completion = "\n".join(lines)
    for block in python_source.blocks(completion):
        assert block.text
        inside = completion[block.start : block.end]
        assert "".join(block.text.replace(">", "").split()) in "".join(inside.replace(">", "").split())


@pytest.mark.parametrize(
    ("tests", "asked", "imports"),
    [
        ("assert add(1, 2) == 3", ["add"], ""),
        ("assert set(f([1])) == set([1])\nassert g(f(1))", ["f", "g"], ""),
        ("assert sum(10, 15) == 6", ["sum"], ""),
        ("assert math.isclose(f(1), 1, rel_tol=0.1)", ["f"], "import math\n"),
        ("assert size((1, 2)) == sys.getsizeof((1, 2))", ["size"], "import sys\n"),
        ("import math\nassert math.isclose(f(1), 1)", ["f"], ""),
        ("root = Node(1)\nroot.left = Node(2)\nassert height(root) == 2", ["Node", "height"], ""),
        ("assert string(1) == 'a'", ["string"], ""),
        ("assert all(f(x) for x in range(3))", ["f"], ""),
        ("def same(a, b): return a == b\nassert same(f(1), 1)", ["f"], ""),
        ("assert other.close(f(1), 1)", ["f"], ""),  # nothing that the program calls `other` may judge it
        ("assert f(1) == EXPECTED", ["f"], ""),
        ("assert it works", [], ""),
    ],
)
def test_tests_ask_for_what_they_call_and_nothing_defines(tests: str, asked: list[str], imports: str) -> None:
    assert python_source.asked(tests) == (asked, imports)
