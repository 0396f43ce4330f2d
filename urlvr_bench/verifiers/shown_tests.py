"""The tests that a prompt shows, `assert` lines and `>>>` examples, and whether completions pass them."""

import ast
import inspect
import re
from collections.abc import Sequence

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

LIMITS = sandbox.Limits(seconds=5.0, memory_mb=1024)


def passed(prompt: str, completions: Sequence[str], limits: sandbox.Limits = LIMITS) -> list[bool]:
    """Return whether the last code block of each completion passes all tests that the prompt shows."""
    tests = shown_tests(prompt)
    blocks = [(BLOCK.findall(completion) or [""])[-1] for completion in completions]
    return sandbox.each(lambda code: bool(code.strip()) and sandbox.passes(code, tests, limits), blocks)


def shown_tests(prompt: str) -> str:
    """Return a program that runs the tests of a prompt; UsageError where it shows none."""
    tests = "\n".join(line.strip() for line in prompt.splitlines() if line.strip().startswith("assert "))
    examples = [match[0] for match in EXAMPLE.finditer(prompt)]
    if examples:
        cleaned = "\n\n".join(inspect.cleandoc(f"\n{example}") for example in examples)
        tests += RUN_EXAMPLES.format(examples=cleaned)
    if not tests:
        raise UsageError(f"prompt {prompt[:60]!r} shows no `assert` line and no `>>>` example")
    try:
        ast.parse(tests)
    except SyntaxError as error:
        raise UsageError(f"prompt {prompt[:60]!r} shows a test that is no Python: {error.text}") from error
    return tests
