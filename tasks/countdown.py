r"""Scorers of Countdown: an expression that uses exactly the given numbers and whose exact value is the target.

Expressions are read by our own parser (`expression`), never evaluated as code: no decimals, no `**`, no `//`, no number
unused or used twice, and nothing after the expression.
"""

import re

from urlvr_bench.errors import UsageError
from urlvr_bench.tasks import expression, latex, puzzle
from urlvr_bench.tasks.boxed import Boxed, PlainBoxed, Span
from urlvr_bench.tasks.scorer import Doc, Scorer, Verdict, turned
from urlvr_bench.tasks.stated import Stated


class PocketCountdown(Scorer):
    """An expression, and nothing else, over exactly the given digits."""

    has_checker = True

    def answer(self, completion: str) -> str | None:
        found = expression.read(completion)
        return found.text if found else None

    def right(self, doc: Doc, answer: str) -> bool:
        return self.verify(doc["public"], answer)

    def verify(self, public: str, completion: str) -> bool:
        digits, _, target = public.partition(">")
        return expression.solves(completion, [*map(int, digits)], int(target))

    def completion(self, answer: str) -> str:
        return answer

    def rephrase(self, doc: Doc, view: int) -> str:
        digits, mark, target = doc["public"].partition(">")
        return f"{''.join(turned(digits, view))}{mark}{target}=".rjust(len(doc["prompt"]), ".")

    def verification_prompt(self, doc: Doc, completion: str) -> str | None:
        return f"{doc['public']}?{completion}="


SIGNS = ((re.compile(r"\\(?:times|cdot|ast)(?![a-zA-Z])"), "*"), (re.compile(r"\\div(?![a-zA-Z])"), "/"))
GROUPED = re.compile(r"(?<![a-zA-Z}_^])\{([^{}]*)\}")
"""Braces around arithmetic, which group it as parentheses do."""
FRACTION = re.compile(r"\\frac\s*\{([^{}]*)\}\s*\{([^{}]*)\}")


class Countdown(Boxed):
    """The expression in the last box, in LaTeX or plain."""

    has_checker = True

    def canonical(self, text: str) -> str | None:
        if len(text) > expression.MAX_LENGTH:
            return None
        text = latex.plain(text.strip(" `").removesuffix("."))
        for pattern, sign in SIGNS:
            text = pattern.sub(sign, text)
        while (flat := GROUPED.sub(r"(\1)", FRACTION.sub(r"((\1)/(\2))", text))) != text:
            text = flat
        found = expression.read(text, signed=True)
        return found.text if found else None

    def exact(self, answer: str) -> bool:
        return True

    def posed(self, gold: str) -> Doc:
        numbers = [int(number) for number in re.findall("[0-9]+", gold)]
        if "target" not in gold.lower() or len(numbers) < 2:
            raise UsageError(f"the gold {gold[:80]!r} is no puzzle: write it as 'numbers [3, 4, 5] target 17'")
        return {"gold": "", "public": puzzle.shown(numbers[:-1], numbers[-1])}

    def compared(self, first: str, second: str) -> Verdict:
        return Verdict(first == second, "same text")

    def judged(self, doc: Doc, answer: str) -> Verdict:
        return Verdict(expression.solves(answer, *puzzle.given(doc["public"]), signed=True), "expression")

    def verify(self, public: str, completion: str) -> bool:
        answer = self.answer(completion)
        return answer is not None and self.right({"public": public}, answer)

    def correct(self, doc: Doc, completion: str) -> bool:
        return self.verify(doc["public"], completion)

    def solution(self, doc: Doc) -> str | None:
        return super().solution(_solved(doc))

    def corrupted(self, doc: Doc) -> str | None:
        return super().corrupted(_solved(doc))

    def rephrase(self, doc: Doc, view: int) -> str:
        numbers, target = puzzle.given(doc["public"])
        other = puzzle.shown(turned(numbers, view), target)
        return str(doc["prompt"].replace(doc["public"], other))


def _solved(doc: Doc) -> Doc:
    """Return a puzzle with a solution as its gold, found where none was published."""
    return doc if doc["gold"] else {**doc, "gold": puzzle.solve(*puzzle.given(doc["public"])) or ""}


class PlainCountdown(Countdown, PlainBoxed):
    """The same of a base model, which may go on with further questions."""


class StatedCountdown(Countdown, Stated):
    """Where no format was asked for: the last box, else the last expression in the text."""

    ATOM = r"(?:[0-9]+|\\[dtc]?frac\s*\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\}\s*\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\})"
    SIGN = r"(?:[-+*/\u2212\u2013\u00d7\u00b7\u22c5\u2217\u00f7]|\\(?:times|cdot|ast|div)(?![a-zA-Z]))"
    BLANK = r"(?:[() ]|\\(?:left|right)(?![a-zA-Z])|\\[,;:! ])*"
    EXPRESSION = re.compile(
        r"(?:(?<![\w.*/^\\])|(?<=\n\*\*)|(?<=\A\*\*)|(?<=[^\w)]\s\*\*))"
        rf"(?:[-+\u2212](?=[0-9(\\]))?(?:\\left)?\(*{ATOM}(?>{BLANK}{SIGN}{BLANK}(?:[-+]{BLANK})?{ATOM})*"
        rf"(?:\\right\)|\))*(?=\*\*(?!\s*[\w(])|(?![\w*/^(]|\.[0-9]))"
    )

    def _stated(self, text: str, first: int) -> Span | None:
        found = [
            match.span() for match in self.EXPRESSION.finditer(text, first) if not match[0].strip("-+ ()").isdigit()
        ]
        return found[-1] if found else None
