"""Scorers of short answers: the first line of a completion, a word, a number or an expression, or what it states."""

import re

from urlvr_bench.errors import UsageError
from urlvr_bench.tasks import expression, words
from urlvr_bench.tasks.boxed import Span
from urlvr_bench.tasks.countdown import Countdown
from urlvr_bench.tasks.scorer import Doc, Scorer, Verdict, turned

MAX_LENGTH = 100
"""Of a line that is read, characters."""
NUMBER = re.compile(
    r"(?<![\w.,])(?P<sign>-?)[$\u00a3\u20ac]?(?P<whole>[0-9]{1,3}(?:,[0-9]{3})+|[0-9]{1,15})"
    r"(?:\.(?P<part>[0-9]{1,15}))?(?![\w,]|\.[0-9])"
)
DIGIT = re.compile("[0-9]")
FIRST = re.compile(r"\s*([^\n]+)")
SENTENCE = re.compile(r"(?<!\bSt)[.!?](?=[\"'*]*(?:\s|$))")
"""What ends a sentence, but for the short form of Saint."""
SAYS = re.compile(r"(?:\b(?:is|are|was|be|means)\b|[:=])\s+(?:the (?:word|term|adjective)\s+)?")
QUOTED = re.compile(r"(?:[a-z]+ ){0,2}[\"\u201c*]+([^\"\u201d*]+)(?:[\"\u201d*]|$)")
REMARK = re.compile(r"(?<=\w)[,;]?\s+(?:which|meaning|\()|(?<=\w)[,;]")
"""Where a sentence goes on about the answer that it has given."""
"""What introduces the answer of a sentence."""
BLANKS = "".join(chr(sign) for sign in range(0x3001) if chr(sign).isspace())
MARKS = BLANKS + "*_`\"'\u2018\u2019\u201c\u201d.,;:!"
BETWEEN = "|"
"""Parts the further right answers of a problem, where it has any."""


def line_span(completion: str) -> Span | None:
    """Return the range of the first line without the blanks, full stops and commas around it.

    None where nothing is left, or more than an answer is.
    """
    line = completion[: 10 * MAX_LENGTH].partition("\n")[0]
    bare = line.rstrip()
    while bare.endswith((".", ",")):
        bare = bare[:-1].rstrip()
    start = len(bare) - len(bare.lstrip())
    return (start, len(bare)) if 0 < len(bare) - start <= MAX_LENGTH else None


def stated_span(completion: str) -> Span | None:
    """Return the range of the answer in the first sentence, without the marks around it; None where nothing is left."""
    line = FIRST.match(completion[: 10 * MAX_LENGTH])
    if line is None:
        return None
    start, end = line.span(1)
    if ended := SENTENCE.search(completion, start, end):
        end = ended.start()
    if said := SAYS.search(completion, start, end):
        start = said.end()
    if quoted := QUOTED.match(completion, start, end):
        start, end = quoted.span(1)
    elif remark := REMARK.search(completion, start, end):
        end = remark.start()
    bare = completion[start:end].rstrip(MARKS)
    start += len(bare) - len(bare.lstrip(MARKS))
    end = start + len(bare.lstrip(MARKS))
    return (start, end) if 0 < end - start <= MAX_LENGTH else None


def reordered(prompt: str, view: int) -> str:
    """Return a prompt with its solved lines in another order."""
    *solved, asked = prompt.split("\n")
    return "\n".join([*turned(solved, view), asked])


class Line(Scorer):
    """What the first line says, whatever its capitals; a problem may have several right answers."""

    def _span(self, completion: str) -> Span | None:
        return line_span(completion)

    def answer(self, completion: str) -> str | None:
        span = self._span(completion)
        return self.canonical(completion[slice(*span)]) if span else None

    def canonical(self, text: str) -> str | None:
        """Return the one spelling of an answer, None where there is none in the text."""
        spelled = " ".join(text.casefold().split())
        return spelled if 0 < len(spelled) <= MAX_LENGTH else None

    def judged(self, doc: Doc, answer: str) -> Verdict:
        return Verdict(answer in (doc["gold"], *doc.get("also", "").split(BETWEEN)), "same text")

    def completion(self, answer: str) -> str:
        return f" {answer}"

    def posed(self, gold: str) -> Doc:
        found = self.answer(gold)
        if found is None:
            raise UsageError(f"the gold answer {gold[:80]!r} is empty or over-long: give another")
        return {"gold": found}

    def answer_span(self, completion: str) -> Span | None:
        return None if self.answer(completion) is None else self._span(completion)

    def rephrase(self, doc: Doc, view: int) -> str:
        return reordered(doc["prompt"], view)


class StatedLine(Line):
    """Where a question was asked: what the first sentence says after its first "is" or colon, else all of it."""

    def _span(self, completion: str) -> Span | None:
        return stated_span(completion)

    def completion(self, answer: str) -> str:
        """Return a sentence that is read as the answer: in quotes where it would be taken to go on behind it."""
        plain = f"The answer is {answer}."
        return plain if self.answer(plain) == answer else f'The answer is "{answer}".'

    def rephrase(self, doc: Doc, view: int) -> str:
        return Scorer.rephrase(self, doc, view)  # there are no solved lines to turn


class NumberLine(Line):
    """The one number of the first line, or of what stands after its last equals sign, in digits or as a word."""

    def canonical(self, text: str) -> str | None:
        text = text.rpartition("=")[2]
        numbers = list(NUMBER.finditer(text))
        if not DIGIT.search(text):
            spelled = [word for word in re.findall("[a-z]+", text.casefold()) if word in words.NUMBERS]
            return str(words.NUMBERS[spelled[0]]) if len(spelled) == 1 else None
        if len(numbers) != 1 or DIGIT.search(NUMBER.sub("", text)):
            return None
        (found,) = numbers
        whole, part = str(int(found["whole"].replace(",", ""))), (found["part"] or "").rstrip("0")
        size = f"{whole}.{part}" if part else whole
        return size if size == "0" else found["sign"] + size


class ExpressionLine(Countdown):
    """Countdown: the expression that is the first line; what it comes to may follow after an equals sign."""

    cue = ""

    def _span(self, completion: str) -> Span | None:
        return line_span(completion)

    def canonical(self, text: str) -> str | None:
        left, equals, right = text.partition("=")
        answer = super().canonical(left)
        if answer is None or not equals:
            return answer
        claimed, found = expression.read(right), expression.read(answer, signed=True)
        return answer if claimed and found and claimed.value == found.value else None

    def rephrase(self, doc: Doc, view: int) -> str:
        return reordered(doc["prompt"], view)

    def completion(self, answer: str) -> str:
        return f" {answer}"
