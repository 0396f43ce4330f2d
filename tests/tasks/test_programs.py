"""Programs of published problems: the references are right, wrong ones are wrong."""

import ast
import json
import os
import random
import sys
from pathlib import Path

import pytest

from urlvr_bench import tasks
from urlvr_bench.tasks import forms
from urlvr_bench.verifiers import sandbox

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="programs can be confined on Linux only")
DATA = Path(os.environ.get("URLVR_TEST_DATA", Path(__file__).parents[3] / "shared" / "data"))
SPLITS = {"humaneval": ["test"], "mbpp": ["train", "validation", "test"]}
ODD = {"humaneval": {10, 32, 33, 38, 50, 53}, "mbpp": {126, 367, 396, 596, 601, 927}}
"""Problems whose tests call helpers of the prompt or hand over types, classes and built-ins."""
SAMPLE = 24
"""Problems of each set that are run by default; the mark `all_data` runs all of them."""


def problems(name: str, everything: bool) -> list[tasks.Doc]:
    """Return problems as tasks read them."""
    if not (DATA / name).is_dir():
        pytest.skip(f"set URLVR_TEST_DATA to a folder that holds {name}/*.jsonl")
    lines = [line for split in SPLITS[name] for line in (DATA / name / f"{split}.jsonl").read_text().splitlines()]
    rows = [json.loads(line) for line in lines]
    number = [int(str(row["task_id"]).rpartition("/")[2]) for row in rows]
    chosen = {*random.Random(0).sample(number, SAMPLE), *ODD[name]}
    kept = [row for row, n in zip(rows, number, strict=True) if everything or n in chosen]
    return [getattr(forms, f"_{name}")(name, row, {}) for row in kept]


def right(name: str, answers: list[tuple[tasks.Doc, str]]) -> list[bool]:
    task = tasks.load(name)
    return sandbox.each(lambda at: task.correct(*answers[int(at)]), [str(at) for at in range(len(answers))])


ALL = pytest.param(True, marks=pytest.mark.all_data)


@pytest.mark.parametrize("everything", [False, ALL])
@pytest.mark.parametrize("name", SPLITS)
def test_references_are_right(name: str, everything: bool) -> None:
    task, docs = tasks.load(name), problems(name, everything)
    verdicts = right(name, [(doc, task.scorer.solution(doc)) for doc in docs])
    assert [doc["prompt"] for doc, verdict in zip(docs, verdicts, strict=True) if not verdict] == []


class Broken(ast.NodeTransformer):
    """Give every return statement another value."""

    def visit_Return(self, node: ast.Return) -> ast.Return:
        return ast.Return(ast.Tuple([node.value or ast.Constant(None), ast.Constant("wrong")], ast.Load()))


@pytest.mark.parametrize("everything", [False, ALL])
@pytest.mark.parametrize("name", SPLITS)
def test_mutants_are_wrong(name: str, everything: bool) -> None:
    docs = problems(name, everything)
    pairs = []
    for doc in docs:
        plain, tree = (
            ast.unparse(ast.parse(doc["gold"])),
            ast.fix_missing_locations(Broken().visit(ast.parse(doc["gold"]))),
        )
        if (code := ast.unparse(tree)) != plain:
            pairs.append((doc, f"```python\n{code}\n```"))
    assert len(pairs) > 0.9 * len(docs)
    passed = [doc["prompt"] for (doc, _), verdict in zip(pairs, right(name, pairs), strict=True) if verdict]
    assert passed == []


def test_a_helper_of_the_prompt_cannot_be_replaced() -> None:
    head = (
        "def poly(xs, x):\n    return sum(c * x**i for i, c in enumerate(xs))\n\n\ndef zero(xs):\n    '''Find it.'''\n"
    )
    row = {
        "prompt": head,
        "canonical_solution": "    return -xs[0] / xs[1]\n",
        "test": "def check(candidate):\n    assert abs(poly([2, 1], candidate([2, 1]))) < 1e-4\n"
        "    assert candidate([4, 2]) == zero([4, 2])\n",
        "entry_point": "zero",
    }
    doc, task = forms._humaneval("humaneval", row, {}), tasks.load("humaneval")
    assert task.correct(doc, task.scorer.solution(doc))
    lying = "def poly(xs, x): return 0\n\ndef zero(xs): return 1"
    assert not task.correct(doc, f"```python\n{lying}\n```")
    body = f"```python\n{head}    return -xs[0] / xs[1]\n```\n## Example usage\n```python\nprint(zero([1, 1]))\n```"
    assert task.correct(doc, body)
    assert task.correct(doc, "```python3\r\ndef zero(xs):\r\n    return -xs[0] / xs[1]\r\n")


def test_an_answer_is_read_again_as_itself() -> None:
    scorer = tasks.load("mbpp").scorer
    text = "```python\ndef f(): return g()\n```\nand\n```python\ndef g(): return 1\n```\nOutput:\n```\n1\n```"
    answer = scorer.answer(text)
    assert scorer.answer(scorer.completion(answer)) == answer
    start, end = scorer.answer_span(text)
    assert text[start:end] == "def g(): return 1\n"
