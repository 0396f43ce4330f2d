"""Samples on disk: one JSON line each, written as soon as it is drawn, so that an evaluation continues after a kill."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from urlvr_bench.errors import UsageError
from urlvr_bench.system.files import append

PARTIAL = "samples.jsonl"
"""The store of an evaluation that is under way; gone when every task has its own file."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One completion: its text, its length in tokens, and whether the token limit cut it off."""

    text: str
    tokens: int
    truncated: bool

    def values(self) -> dict[str, Any]:
        """Return the fields by name; dataclasses.asdict would take a tenth of an evaluation's time."""
        return {"text": self.text, "tokens": self.tokens, "truncated": self.truncated}


def stored(path: Path) -> list[tuple[dict[str, str], list[Sample], list[dict[str, Any]]]]:
    """Return the problems of a `<task>.jsonl` that an evaluation left, each with its samples and their old verdicts."""
    found = []
    for number, text in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        try:
            row = json.loads(text)
            lines = row.pop("samples")
            samples = [Sample(one["text"], one["tokens"], one["truncated"]) for one in lines]
        except (ValueError, KeyError, TypeError) as error:
            raise UsageError(f"{path} line {number} is no problem with its samples: {error!r}") from error
        found.append((row, samples, lines))
    return found


Drawn = dict[tuple[str, int], list[Sample]]
"""Samples by task and number of the problem, in the order of the clones of its request."""


class SampleStore:
    """Samples by key, kept in a file if a path is given. Half a last line, left by a kill, is dropped."""

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self.samples: dict[str, Sample] = {}
        if path is not None and path.is_file():
            whole = path.read_bytes()
            whole = whole[: whole.rfind(b"\n") + 1]
            with path.open("r+b") as file:
                file.truncate(len(whole))
            for number, line in enumerate(whole.splitlines(), 1):
                self._read(line, f"{path} line {number}")

    def _read(self, line: bytes, where: str) -> None:
        try:
            values = json.loads(line)
            key = values.pop("key")
            self.samples[key] = Sample(**values)
        except (ValueError, KeyError, TypeError) as error:
            raise UsageError(f"{where} is not a sample ({error}): delete the file to draw its samples again") from error

    def add(self, samples: Mapping[str, Sample]) -> None:
        """Keep samples, and append them to the file."""
        self.samples.update(samples)
        if self.path is not None:
            lines = [json.dumps({"key": key, **sample.values()}) + "\n" for key, sample in samples.items()]
            append(self.path, "".join(lines))


def before(stops: Sequence[str], text: str) -> tuple[str, bool]:
    """Return the text before its first stop string, and whether it has one."""
    places = [place for stop in stops if (place := text.find(stop)) >= 0]
    return (text[: min(places)], True) if places else (text, False)
