"""How rows of published datasets are read: each becomes `{id, prompt, public, gold}`, the prompt a bare question."""

import hashlib
import json
import string
from collections.abc import Callable, Mapping
from typing import Any

from urlvr_bench.errors import UsageError
from urlvr_bench.tasks import answers, instructions, latex, phrase, puzzle
from urlvr_bench.tasks.remote import Source
from urlvr_bench.verifiers import python_source

Row = dict[str, str]
Given = Mapping[str, Any]
"""A row as it is published."""
LETTERS = string.ascii_uppercase
NONE = "no answer"


class SetAsideError(Exception):
    """A row that cannot be asked, and what it has that stands against it; the task goes on without it."""


def row(prompt: str, public: str, gold: str, **more: str) -> Row:
    """Return a row; its id is a hash of what the problem shows, so it survives a change of the prompt's wording."""
    name = hashlib.sha256(public.encode()).hexdigest()[:12]
    return {"id": name, "prompt": prompt, "public": public, "gold": gold, **more}


def _column(where: str, given: Given, name: str) -> Any:
    if name not in given:
        raise UsageError(
            f"{where} has no column {name!r}; it has {', '.join(given)}: take the data of the pinned revision, "
            f"or a local copy with that column"
        )
    return given[name]


def _gold(text: str, canonical: Callable[[str], str | None], absent: str = NONE) -> str:
    """Return the one spelling of a published answer; what has none cannot be compared, and is set aside."""
    gold = canonical(text)
    if gold is None:
        raise SetAsideError("an answer too long to compare" if len(text) > latex.MAX_LENGTH else absent)
    return gold


def _math(where: str, given: Given, source: Source) -> Row:
    """Return a problem; its gold is the `answer` column, or in it what is boxed or what follows a mark."""
    question = str(_column(where, given, source["question"]))
    answer, mark = _column(where, given, source["answer"]), source.get("gold_after", "")
    text = ", ".join(map(str, answer)) if isinstance(answer, list) else str(answer)
    if mark:
        part = text.rpartition(mark)[2] if mark in text else None
    else:
        part = latex.last_box(text) if source.get("gold_boxed") else text
    return row(question, question, _gold(part or "", _spelled, f"no answer after {mark!r}" if mark else NONE))


def _spelled(text: str) -> str | None:
    found = answers.read(text)
    return None if found is None else found.text


def _countdown(where: str, given: Given, _: Source) -> Row:
    """Return a puzzle; its published numbers are put in order, so that no two prompts are one puzzle."""
    numbers, target = (_column(where, given, name) for name in ("nums", "target"))
    public = puzzle.shown(sorted(map(int, numbers)), int(target))
    return row(puzzle.question(public), public, "")


def _mbpp(where: str, given: Given, _: Source) -> Row:
    """Return a problem whose tests are all shown."""
    text, shown = (_column(where, given, name) for name in ("text", "test_list"))
    question = "\n".join([str(text).strip(), "", "Your code should pass these tests:", *map(str.strip, shown)])
    tests = "\n".join([_column(where, given, "test_setup_code"), *shown])
    gold = python_source.canonical(_column(where, given, "code"))
    return row(question, question, gold, setup="", tests=tests)


def _humaneval(where: str, given: Given, _: Source) -> Row:
    """Return a function to complete; its head runs before the completion, and its tests are hidden."""
    head, solution, tests, name = (
        _column(where, given, column) for column in ("prompt", "canonical_solution", "test", "entry_point")
    )
    return row(
        f"Complete this function.\n\n```python\n{head}\n```",
        head,
        python_source.canonical(head + solution),
        setup=head,
        tests=f"{tests}\ncheck({name})",
    )


def _phrase(where: str, given: Given, source: Source) -> Row:
    """Return a question whose answer is a word, a letter, a number or a short list."""
    question, answer = (str(_column(where, given, source[name])) for name in ("question", "answer"))
    return row(question, question, _gold(answer, phrase.canonical))


def _choice(where: str, given: Given, source: Source) -> Row:
    """Return a question with its choices: as they come or, where the right one has its own column, in hash order."""
    question = str(_column(where, given, source["question"])).strip()
    if "choices" in source:
        choices = [str(choice).strip() for choice in _column(where, given, source["choices"])]
        right = choices[int(_column(where, given, source["answer"]))]
    else:
        columns = ("right", "wrong1", "wrong2", "wrong3")
        right, *wrong = (str(_column(where, given, source[column])).strip() for column in columns)
        choices = sorted([right, *wrong], key=lambda choice: hashlib.sha256((question + choice).encode()).digest())
    listed = "\n".join(f"{letter}. {choice}" for letter, choice in zip(LETTERS, choices, strict=False))
    text = f"{question}\n\n{listed}\n\nThe answer is the letter of the right choice."
    return row(text, text, LETTERS[choices.index(right)])


def _instructions(where: str, given: Given, _: Source) -> Row:
    """Return a prompt with its instructions, all of which can be checked."""
    prompt, names, arguments = (_column(where, given, name) for name in ("prompt", "instruction_id_list", "kwargs"))
    if not instructions.UNCHECKED.isdisjoint(names):
        raise SetAsideError("an instruction that is not checked")
    if unread := set(names) - instructions.CHECKS.keys():
        raise UsageError(f"{where} has the unknown instruction {min(unread)!r}")
    asked = [
        (name, {key: value for key, value in one.items() if value is not None})
        for name, one in zip(names, arguments, strict=True)
    ]
    return row(prompt, prompt, "", instructions=json.dumps(asked))


FORMS: dict[str, Callable[[str, Given, Source], Row]] = {
    "math": _math,
    "phrase": _phrase,
    "choice": _choice,
    "instructions": _instructions,
    "countdown": _countdown,
    "mbpp": _mbpp,
    "humaneval": _humaneval,
}
"""How each kind of dataset is read; SetAsideError stands for a row that cannot be judged."""
