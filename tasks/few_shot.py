"""Few-shot problems about words, in plain text: three solved lines of a kind, then an open one to be completed."""

from collections.abc import Sequence
from typing import Any

from urlvr_bench.tasks import scoring
from urlvr_bench.tasks.data import Splits, intact
from urlvr_bench.tasks.forms import Row, row
from urlvr_bench.tasks.line import BETWEEN
from urlvr_bench.tasks.selection import Selection, in_turn

FILE = "lexicon/words.tsv"
SHA256 = "0023a1281f89e6562cebeebd4c77baee28a4bbdf76d080ad7cbd297cbf9f7baa"
"""Of the file; another one would be another version of every task that reads it."""

ASKED = {
    "plural": "one {}, two",
    "past": "{}:",
    "comparative": "{}:",
    "superlative": "The superlative of {}:",
    "opposite": "The opposite of {}:",
    "capital": "The capital of {}:",
    "nationality": "{}:",
}
"""How each kind is asked: so that a small model at times knows what is meant, and at times does not."""

QUESTIONS = {
    "plural": 'What is the plural of "{}"?',
    "past": 'What is the past tense of "{}"?',
    "comparative": 'What is the comparative of "{}"?',
    "superlative": 'What is the superlative of "{}"?',
    "opposite": 'What is the opposite of "{}"?',
    "capital": "What is the capital of {}?",
    "nationality": "What is the adjective for something from {}?",
}
"""The same as questions, for models that follow instructions."""

Line = tuple[str, str, str, Sequence[str]]
"""A kind, a split or `shot`, what is asked, and the right answers, the usual one first."""


def lines() -> list[Line]:
    """Return the lines of the file in order."""
    found = [line.split("\t") for line in intact(FILE, SHA256).decode().splitlines()]
    return [(kind, split, asked, answers.split(BETWEEN)) for kind, split, asked, answers in found]


def words(*, kinds: Sequence[str], questions: bool = False, **_: Any) -> Splits:
    """Return problems of these kinds; each beginning of a split holds every kind's share.

    As `questions` they are the same problems in the same order, by the same ids, without solved lines.
    """

    def docs(split: str) -> list[Row]:
        known = lines()
        heads = {kind: "".join(f"{line}\n" for line in _solved(known, kind)) for kind in kinds}
        found = []
        for kind, _, word, answers in [line for line in known if line[0] in kinds and line[1] == split]:
            problem, question = _problem(heads[kind] + ASKED[kind].format(word), answers), QUESTIONS[kind].format(word)
            found.append((problem | ({"prompt": question, "public": question} if questions else {}), kind))
        return in_turn(found)

    def select(split: str) -> Selection:
        found = docs(split)
        return Selection(found, {"rows": len(found), "left_out": {}})

    return Splits(["train", "test"], select, docs)


def _solved(known: Sequence[Line], kind: str) -> list[str]:
    shots = [line for line in known if line[:2] == (kind, "shot")]
    return [f"{ASKED[kind].format(word)} {answers[0]}" for _, _, word, answers in shots]


def _problem(prompt: str, answers: Sequence[str]) -> Row:
    gold, *also = dict.fromkeys(filter(None, map(scoring.line.answer, answers)))
    return row(prompt, prompt, gold, also=BETWEEN.join(also))
