"""Python programs as answers: found in a completion, run in the sandbox and only there, judged outside of it."""

import functools
import re

from urlvr_bench.tasks.scorer import Doc, Scorer
from urlvr_bench.verifiers import python_source, sandbox

LIMITS = sandbox.Limits(seconds=10.0, memory_mb=1024)
SEAM = "\n\n# next block\n\n"
"""Stands between the code blocks of an answer; the tests decide which of them is the program."""


CHECK = re.compile(r"^check\((\w+)\)\s*\Z", re.MULTILINE)
"""How HumanEval's tests end, which call what they test `candidate`."""


@functools.lru_cache(maxsize=1 << 14)
def passes(answer: str, setup: str, tests: str, gold: str) -> bool:
    """Return whether all tests pass after `setup` and then the program have run in the sandbox.

    HumanEval's tests also call other functions of the prompt, and the reference: there they find the published ones.
    """
    if check := CHECK.search(tests):
        asked, names = [check[1]], {"candidate": check[1]}
        tests = f"{gold}\n{tests[: check.start()]}check(candidate)"
    else:
        asked, imports = python_source.asked(tests)
        names, tests = {name: name for name in asked}, imports + tests
    program = python_source.program(answer.split(SEAM), asked)
    return sandbox.passes(f"{setup}\n{program}\n", f"{tests}\n", names, LIMITS)


class Program(Scorer):
    """A Python program, right if it passes the problem's tests; it runs in the sandbox only."""

    gives = frozenset({"tests_passed"})
    costly = True
    cue = "```python\n"

    def answer(self, completion: str) -> str | None:
        return SEAM.join(block.text for block in python_source.blocks(completion)) or None

    def right(self, doc: Doc, answer: str) -> bool:
        return passes(answer, doc["setup"], doc["tests"], doc["gold"])

    def completion(self, answer: str) -> str:
        return f"{self.cue}{answer}\n```"

    def corrupted(self, doc: Doc) -> str | None:
        return self.completion(re.sub(r"\breturn\b", "return None and", doc["gold"]))

    def answer_span(self, completion: str) -> tuple[int, int] | None:
        last = python_source.blocks(completion)[-1:]
        return (last[0].start, last[0].end) if last else None
