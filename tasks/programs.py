"""Python programs as answers: the last code block of a completion, run against tests in the sandbox and only there."""

import functools
import re

from urlvr_bench.tasks.scorer import Doc, Scorer
from urlvr_bench.verifiers import sandbox

MAX_LENGTH = 20_000
BLOCK = re.compile(r"```(?:python|py)?[ \t]*\n(.*?)```", re.DOTALL | re.IGNORECASE)
LIMITS = sandbox.Limits(seconds=5.0, memory_mb=1024)


def last_block(completion: str) -> str | None:
    """Return the program in the last code block, None if there is none or it is over-long."""
    blocks = BLOCK.findall(completion)
    program = canonical(blocks[-1]) if blocks else ""
    return program if 0 < len(program) <= MAX_LENGTH else None


def canonical(program: str) -> str:
    """Return a program with one kind of line end, without empty lines around it."""
    return re.sub(r"\r\n?", "\n", program).rstrip().strip("\n")


@functools.lru_cache(maxsize=1 << 14)
def passes(program: str, setup: str, tests: str) -> bool:
    """Return whether all tests pass after `setup` and then the program have run in the sandbox."""
    return sandbox.passes(f"{setup}\n{program}\n", f"{tests}\n", LIMITS)


class Program(Scorer):
    """A Python program in a code block, right if it passes the problem's tests; it runs in the sandbox only."""

    costly = True
    cue = "```python\n"

    def answer(self, completion: str) -> str | None:
        return last_block(completion)

    def right(self, doc: Doc, answer: str) -> bool:
        return passes(answer, doc["setup"], doc["tests"])

    def completion(self, answer: str) -> str:
        return f"{self.cue}{answer}\n```"

    def corrupted(self, doc: Doc) -> str | None:
        return self.completion(re.sub(r"\breturn\b", "return None and", doc["gold"]))

    def answer_span(self, completion: str) -> tuple[int, int] | None:
        last = [match.span(1) for match in BLOCK.finditer(completion)][-1:]
        return last[0] if last and self.answer(completion) is not None else None
