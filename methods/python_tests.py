"""Python tests: a rollout earns 1 when its code passes the tests that the prompt shows."""

import doctest
import inspect
import re
from dataclasses import dataclass

from urlvr_bench import Group, Method
from urlvr_bench.errors import UsageError
from urlvr_bench.verifiers import python_source, sandbox

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
    formula = "1[the program in completion i passes all tests that the prompt shows]"
    differs = (
        "Like Absolute Zero it pays what an interpreter can check; Absolute Zero's solver also earns -1 and -0.5 for "
        "bad form, and its proposer is left out. Its executor compares in the program's process, where an object that "
        "equals everything passes; here tests run in another process, which asks the program's for plain values. What "
        "a program prints is no value, and an argument that it changes stays as it was in the test."
    )

    seconds: float = 5.0
    """Processor time of one program."""
    memory_mb: int = 1024
    """Memory limit of one program."""

    def reward(self, group: Group) -> list[float]:
        asked, tests = shown_tests(group.prompt)
        limits = sandbox.Limits(seconds=self.seconds, memory_mb=self.memory_mb)
        blocks = [[block.text for block in python_source.blocks(text)] for text in group.completions]
        programs = [python_source.program(texts, asked) for texts in blocks]
        names = {name: name for name in asked}
        verdicts = sandbox.each(lambda code: bool(code) and sandbox.passes(code, tests, names, limits), programs)
        return [float(verdict) for verdict in verdicts]


def shown_tests(prompt: str) -> tuple[list[str], str]:
    """Return the names that the tests of a prompt ask of a program, and the tests as Python.

    Tests are the lines that start with `assert`, and `>>>` examples.
    """
    lines = [line.strip() for line in prompt.splitlines() if line.strip().startswith("assert ")]
    examples = "\n\n".join(inspect.cleandoc(f"\n{match[0]}") for match in EXAMPLE.finditer(prompt))
    if not lines and not examples:
        raise UsageError(f"python_tests: prompt {prompt[:60]!r} shows no `assert` line and no `>>>` example")
    typed = [example.source for example in doctest.DocTestParser().get_examples(examples)]
    code = "\n".join([*lines, *typed])
    if isinstance(bad := python_source.parsed(code), int):
        line = code.split("\n")[bad - 1]
        raise UsageError(f"python_tests: prompt {prompt[:60]!r} shows a test that is no Python: {line}")
    asked, imports = python_source.asked(code)
    return asked, imports + "\n".join([*lines, RUN_EXAMPLES.format(examples=examples) if examples else ""])
