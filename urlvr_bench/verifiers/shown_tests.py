"""The tests that a prompt shows, `assert` lines and `>>>` examples, and whether completions pass them."""

import doctest
import inspect
import re
from collections.abc import Sequence

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

LIMITS = sandbox.Limits(seconds=5.0, memory_mb=1024)


def passed(prompt: str, completions: Sequence[str], limits: sandbox.Limits = LIMITS) -> list[bool]:
    """Return whether the program in each completion passes all tests that the prompt shows."""
    asked, tests = shown_tests(prompt)
    blocks = [[block.text for block in python_source.blocks(text)] for text in completions]
    programs = [python_source.program(texts, asked) for texts in blocks]
    names = {name: name for name in asked}
    return sandbox.each(lambda code: bool(code) and sandbox.passes(code, tests, names, limits), programs)


def shown_tests(prompt: str) -> tuple[list[str], str]:
    """Return the names that the tests of a prompt ask of a program, and the tests as Python.

    Tests are the lines that start with `assert`, and `>>>` examples; UsageError where there are none.
    """
    lines = [line.strip() for line in prompt.splitlines() if line.strip().startswith("assert ")]
    examples = "\n\n".join(inspect.cleandoc(f"\n{match[0]}") for match in EXAMPLE.finditer(prompt))
    if not lines and not examples:
        raise UsageError(f"prompt {prompt[:60]!r} shows no `assert` line and no `>>>` example")
    typed = [example.source for example in doctest.DocTestParser().get_examples(examples)]
    code = "\n".join([*lines, *typed])
    if isinstance(bad := python_source.parsed(code), int):
        line = code.split("\n")[bad - 1]
        raise UsageError(f"prompt {prompt[:60]!r} shows a test that is no Python: {line}")
    asked, imports = python_source.asked(code)
    return asked, imports + "\n".join([*lines, RUN_EXAMPLES.format(examples=examples) if examples else ""])
