"""Follow the answers that a model's first votes chose through its training, in the samples that evaluations leave."""

import json
from collections import Counter
from pathlib import Path
from typing import Any


def followed(first: Path, later: Path) -> list[int]:
    """Return, per problem, how many samples of `later` give the answer that was most common in `first`.

    Both are `<task>.jsonl` files with one problem a line. Of equally common answers the first given leads, as in
    `Eval.votes`; a problem that nobody answered has no leader, and 0 samples give it.
    """
    leaders = {row["id"]: _leader(row) for row in _rows(first)}
    return [_given(_answers(row), leaders[row["id"]]) for row in _rows(later)]


def _given(answers: list[str | None], leader: str | None) -> int:
    return 0 if leader is None else answers.count(leader)


def _rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def _answers(row: dict[str, Any]) -> list[str | None]:
    return [sample["answer"] for sample in row["samples"]]


def _leader(row: dict[str, Any]) -> str | None:
    votes = Counter(answer for answer in _answers(row) if answer is not None)
    return votes.most_common(1)[0][0] if votes else None
