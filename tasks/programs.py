"""Python programs as answers: found in a completion, run in the sandbox and only there, judged outside of it."""

import functools
import re

from urlvr_bench.tasks.scorer import Doc, Scorer
from urlvr_bench.verifiers import python_source, sandbox

LIMITS = sandbox.Limits(seconds=10.0, memory_mb=1024)
SEAM = "\n\n# next block\n\n"
"""Stands between the code blocks of an answer; the tests decide which of them is the program."""


@functools.lru_cache(maxsize=1 << 14)
def passes(answer: str, setup: str, tests: str, entry: str) -> bool:
    """Return whether all tests pass after `setup` and then the program have run in the sandbox.

    Tests call what they test by its name or, where `entry` names a function, by the name `candidate`.
    """
    asked, imports = ([entry], "") if entry else python_source.asked(tests)
    program = python_source.program(answer.split(SEAM), asked)
    names = {"candidate": entry} if entry else {name: name for name in asked}
    return sandbox.passes(f"{setup}\n{program}\n", f"{imports}{tests}\n", names, LIMITS)


class Program(Scorer):
    """A Python program, right if it passes the problem's tests; it runs in the sandbox only."""

    costly = True
    cue = "```python\n"

    def answer(self, completion: str) -> str | None:
        return SEAM.join(block.text for block in python_source.blocks(completion)) or None

    def right(self, doc: Doc, answer: str) -> bool:
        return passes(answer, doc["setup"], doc["tests"], doc.get("entry", ""))

    def completion(self, answer: str) -> str:
        return f"{self.cue}{answer}\n```"

    def corrupted(self, doc: Doc) -> str | None:
        return self.completion(re.sub(r"\breturn\b", "return None and", doc["gold"]))

    def answer_span(self, completion: str) -> tuple[int, int] | None:
        last = python_source.blocks(completion)[-1:]
        return (last[0].start, last[0].end) if last else None
