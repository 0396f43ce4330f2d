"""Prompts of one's own: a JSONL file with rows `{"prompt": ..., "answer": optional}`, trained on as a whole."""

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from urlvr_bench.errors import UsageError
from urlvr_bench.tasks.data import Splits
from urlvr_bench.tasks.forms import FORMS, Row, SetAsideError, row
from urlvr_bench.tasks.selection import Selection
from urlvr_bench.tasks.styles import STYLES

READ_AS = {"math", "phrase"}
"""Forms of published sets whose answers are read from a column; other tasks take an answer as it is written."""


def prompts(*, path: str, form: str | None = None, prompt_style: str | None = None, **_: Any) -> Splits:
    """Return the rows of a file as the training split and, where every one has an answer, as the test split too."""
    found = rows(Path(path), form, prompt_style)
    return Splits(["train", "test"], lambda _: Selection(found, {"rows": len(found), "left_out": {}}), lambda _: found)


def rows(path: Path, form: str | None, prompt_style: str | None) -> list[Row]:
    """Return a problem per line, in order; `gold` is empty where no answer is given. A bad line is a UsageError."""
    wording = STYLES[prompt_style].wording if prompt_style else "{question}"
    found: dict[str, Row] = {}
    for number, line in enumerate(_text(path).split("\n"), 1):  # a text may hold other ends of lines
        if not line.strip():
            continue
        where = f"{path.name} line {number}"
        given = _given(where, line)
        one = _row(where, given, form)
        if one["id"] in found:
            raise UsageError(f"{where} asks what an earlier line asks: {given['prompt'][:60]!r}; delete one of them")
        found[one["id"]] = {**one, "prompt": wording.replace("{question}", given["prompt"])}
    if not found:
        raise UsageError(f'{path.name} has no prompts; write one row {{"prompt": "...", "answer": "..."}} a line')
    return list(found.values())


def labelled(path: Path) -> bool:
    """Return whether every row of a file has an answer."""
    return all(row["gold"] for row in rows(path, None, None))


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise UsageError(f"{path.name} line {line} is not UTF-8: save the file as UTF-8") from error
    except OSError as error:
        raise UsageError(f"{path.name} cannot be read: {error.strerror}") from error


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return what JSON reads as a dictionary; of two values of one name it keeps the last in silence."""
    if len(found := dict(pairs)) < len(pairs):
        raise ValueError("a name stands twice")
    return found


def _given(where: str, line: str) -> Mapping[str, Any]:
    try:
        given = json.loads(line, object_pairs_hook=_each_once)
        json.dumps(given, ensure_ascii=False).encode()  # halves of letters, which no tokenizer reads
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{where} is not JSON: {error}") from error
    known = {"prompt", "answer"}
    if not isinstance(given, dict) or not isinstance(given.get("prompt"), str) or not given["prompt"].strip():
        raise UsageError(f'{where} has no "prompt" with text; write rows {{"prompt": "...", "answer": "..."}}')
    if unknown := set(given) - known:
        raise UsageError(f"{where} has the column {min(unknown)!r}; a row holds prompt and, where it is known, answer")
    answer = given.get("answer")
    number = isinstance(answer, int | float) and not isinstance(answer, bool) and math.isfinite(answer)
    if not (answer is None or isinstance(answer, str) or number):
        raise UsageError(f"{where} has the answer {json.dumps(answer)[:60]}: write a text or a number, or leave it out")
    return given


def _row(where: str, given: Mapping[str, Any], form: str | None) -> Row:
    prompt, answer = given["prompt"], given.get("answer")
    text = "" if answer is None else str(answer).strip()
    if text and form in READ_AS:
        columns = {"question": "question", "answer": "answer"}
        try:
            return FORMS[form](where, {"question": prompt, "answer": text}, columns)
        except SetAsideError as reason:
            raise UsageError(f"{where} has {reason}: {text[:60]!r}; mend it, or leave it out") from reason
    return row(prompt, prompt, text)
