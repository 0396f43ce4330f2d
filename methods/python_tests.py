"""Python tests: a rollout earns 1 when its code passes the tests that the prompt shows."""

import ast
import inspect
import re
from dataclasses import dataclass

from urlvr_bench import Group, Method
from urlvr_bench.errors import UsageError
from urlvr_bench.verifiers import sandbox

BLOCK = re.compile(r"```(?:python|py)?[ \t]*\n(.*?)```", re.DOTALL | re.IGNORECASE)
EXAMPLE = re.compile(
    r"^(?P<indent>[ \t]*)>>>.*(?:\n(?P=indent)\.\.\..*)*(?:\n(?P=indent)(?![ \t]*(?:>>>|\"{3}|'{3}|$)).+)*",
    re.MULTILINE,
)
"""A `>>>` line, its `...` lines and its output, which a blank line, a closing quote or a smaller indent ends."""
RUN_EXAMPLES = """
import doctest
shown = doctest.DocTestParser().get_doctest({examples!r}, dict(globals()), "prompt", None, 0)
runner = doctest.DocTestRunner(verbose=False)
runner.run(shown, out=lambda text: None)
assert not runner.failures
"""


@dataclass(frozen=True)
class PythonTests(Method):
    """Reward code that passes every `assert` and `>>>` example of its own prompt, run in a sandbox (arXiv 2505.03335).

    >>> prompt = "Write add(a, b).\\nassert add(3, 4) == 7"
    >>> good, bad = "```python\\ndef add(a, b): return a + b\\n```", "```python\\ndef add(a, b): return a\\n```"
    >>> PythonTests().reward(Group(prompt, [good, bad, "No idea."], [None] * 3))
    [1.0, 0.0, 0.0]
    """

    family = "external/verification"
    paper = "https://arxiv.org/abs/2505.03335"
    aliases = ("unit-tests", "code-execution")
    binary = True
    formula = "1[the last code block of completion i passes all tests that the prompt shows]"
    differs = (
        "Like Absolute Zero it pays what an interpreter can check; Absolute Zero's solver also earns -1 and -0.5 for "
        "bad form, and its proposer is left out. Its executor compares in its own process, where an object that equals "
        "everything passes; here nothing leaves the sandbox but a key that is written when all tests have passed. Code "
        "that searches the frames of the tests for that key can still forge it."
    )

    seconds: float = 5.0
    """Time limit of one program."""
    memory_mb: int = 1024
    """Memory limit of one program."""

    def reward(self, group: Group) -> list[float]:
        tests = shown_tests(group.prompt)
        blocks = [(BLOCK.findall(completion) or [""])[-1] for completion in group.completions]
        limits = sandbox.Limits(seconds=self.seconds, memory_mb=self.memory_mb)
        verdicts = sandbox.each(lambda code: bool(code.strip()) and sandbox.passes(code, tests, limits), blocks)
        return [float(verdict) for verdict in verdicts]


def shown_tests(prompt: str) -> str:
    """Return a program that runs the tests of a prompt: lines that start with `assert`, and `>>>` examples."""
    tests = "\n".join(line.strip() for line in prompt.splitlines() if line.strip().startswith("assert "))
    examples = [match[0] for match in EXAMPLE.finditer(prompt)]
    if examples:
        cleaned = "\n\n".join(inspect.cleandoc(f"\n{example}") for example in examples)
        tests += RUN_EXAMPLES.format(examples=cleaned)
    if not tests:
        raise UsageError(f"python_tests: prompt {prompt[:60]!r} shows no `assert` line and no `>>>` example")
    try:
        ast.parse(tests)
    except SyntaxError as error:
        raise UsageError(
            f"python_tests: prompt {prompt[:60]!r} shows a test that is no Python: {error.text}"
        ) from error
    return tests
