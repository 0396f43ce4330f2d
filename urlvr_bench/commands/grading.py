"""The command that explains a verdict: grade. It needs no model, no torch and no data set."""

import json
from pathlib import Path
from typing import Annotated

import typer

from urlvr_bench.commands.options import AsJson
from urlvr_bench.errors import UsageError, harmless


def grade(
    completion: Annotated[str | None, typer.Argument(help="What a model wrote.")] = None,
    task: Annotated[str | None, typer.Option(help="Task, or task@style, whose scorer judges.")] = None,
    gold: Annotated[str | None, typer.Option(help="The right answer as the data set publishes it.")] = None,
    file: Annotated[
        Path | None, typer.Option("--file", help="JSONL with gold, completion, and style or task in every row.")
    ] = None,
    equal: Annotated[
        tuple[str, str] | None, typer.Option("--equal", metavar="A B", help="Say whether two answers are one vote.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Explain verdicts: the answer and the gold as they are read, right or wrong, and what decided it."""
    from urlvr_bench.review import verdicts

    if (completion is not None) + (file is not None) + (equal is not None) != 1:
        raise UsageError("grade takes one of: a COMPLETION with --gold, --file ROWS.jsonl, --equal A B")
    if equal is not None:
        found = verdicts.equal(verdicts.scorer(task), *equal)
        votes = "one vote" if found["same"] else "two votes"
        said = f"{votes}: {found['reason']}\na  {found['a']}\nb  {found['b']}"
        print(json.dumps(found) if as_json else harmless(said))
    elif file is not None:
        graded = [one.row() for one in verdicts.grade_file(file, task)]
        print("\n".join(map(json.dumps, graded)) if as_json else _table(graded))
    else:
        if gold is None or completion is None:
            raise UsageError("a completion is graded against a gold answer: give --gold")
        one = verdicts.grade(verdicts.scorer(task), gold, completion).row()
        print(json.dumps(one) if as_json else _lines(one))


def _lines(row: dict[str, object]) -> str:
    answer = row["answer"] if row["answer"] is not None else "(none)"
    return harmless(f"{_verdict(row)}: {row['reason']}\nanswer  {answer}\ngold    {row['gold']}")


def _verdict(row: dict[str, object]) -> str:
    return "right" if row["correct"] else "wrong"


def _line(text: object) -> str:
    """Return a text on one line of a table, shortened."""
    line = harmless(" ".join(str("" if text is None else text).split()))
    return line if len(line) <= 60 else f"{line[:59]}…"


def _table(rows: list[dict[str, object]]) -> str:
    """Return one line a row: its number, the verdict, what decided it, the answer and the gold as read."""
    from tabulate import tabulate

    listed = [
        {"row": i, "verdict": _verdict(row), "reason": row["reason"], "answer": _line(row["answer"])}
        | {"gold": _line(row["gold"])}
        for i, row in enumerate(rows, 1)
    ]
    right = sum(bool(row["correct"]) for row in rows)
    return f"{tabulate(listed, headers='keys', tablefmt='github', disable_numparse=True)}\n{right} of {len(rows)} right"
