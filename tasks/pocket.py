"""Scorers of the pocket tasks: the digits after a mark, and the rest of a text."""

import re

from urlvr_bench.tasks.scorer import Doc, Scorer, next_digits, turned

MAX_LENGTH = 200
"""Of a text that is a continuation, characters."""


class ChainAddition(Scorer):
    """The digits after the last `#`, least significant first."""

    cue = "#"

    def answer(self, completion: str) -> str | None:
        _, mark, digits = completion.rpartition("#")
        if not mark or re.fullmatch("[0-9]{1,20}", digits) is None:
            return None
        return digits.rstrip("0") or "0"

    def completion(self, answer: str) -> str:
        return f"#{answer}"

    def rephrase(self, doc: Doc, view: int) -> str:
        terms = turned(doc["public"].split("+"), view)
        return f"{'+'.join(terms)}=".rjust(len(doc["prompt"]), ".")


class Continuation(Scorer):
    """Plain text: how it goes on, to the end; there is no gold answer, the text itself decides."""

    gives = frozenset({"continuation"})
    cue = "#"

    def answer(self, completion: str) -> str | None:
        return completion if 0 < len(completion) <= MAX_LENGTH else None

    def right(self, doc: Doc, answer: str) -> bool:
        return bool(answer == doc["continuation"])

    def completion(self, answer: str) -> str:
        return answer

    def solution(self, doc: Doc) -> str | None:
        return str(doc["continuation"])

    def corrupted(self, doc: Doc) -> str | None:
        return next_digits(doc["continuation"])

    def answer_span(self, completion: str) -> tuple[int, int] | None:
        return None if self.answer(completion) is None else (0, len(completion))
