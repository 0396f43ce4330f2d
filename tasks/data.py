"""The rows of a task, generated or published: `{id, prompt, public, gold}`, and what its kind of task needs besides."""

import hashlib
import json
import random
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import islice
from typing import Any

from urlvr_bench.errors import UsageError
from urlvr_bench.pocket import lemmas, texts
from urlvr_bench.pocket import problems as pocket
from urlvr_bench.tasks import FOLDER, puzzle, remote
from urlvr_bench.tasks.forms import FORMS, Given, Row, row
from urlvr_bench.tasks.styles import STYLES

SEED = 0
"""Of the generated problems; another one would be another version of the task."""
FUNCTION = "{question}\n\nAnswer with one Python code block that holds the whole function and its imports."


SYMBOLIC = {None, "phrase", "countdown"}
"""Forms in which every sign is part of the problem; None stands for generated problems."""


class Splits(Mapping[str, Any]):
    """The splits of a task, each read when asked for: `rows` for us, `[split]` as a dataset for lm-eval."""

    def __init__(
        self, names: Iterable[str], read: Callable[[str], list[Row]], example: Callable[[str], list[Row]] | None = None
    ) -> None:
        self.names, self.rows, self.example = tuple(names), read, example or read

    def __getitem__(self, split: str) -> Any:
        import datasets

        return datasets.Dataset.from_list(self.rows(split))

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __len__(self) -> int:
        return len(self.names)


def _wording(style: str | None, default: str) -> str:
    return STYLES[style].wording if style else default


def _worded(bare: Row, wording: str) -> Row:
    """Return a row whose prompt is the bare question with the wording around it."""
    return {**bare, "prompt": wording.replace("{question}", bare["prompt"])}


def generated(
    *,
    problems: str,
    arguments: Mapping[str, Any],
    sizes: Mapping[str, int],
    prompt_style: str | None = None,
    **_: Any,
) -> Splits:
    """Return generated problems: up to `sizes[split]` different ones, fewer where a split has no more."""
    draw, wording = (
        partial(DRAWS[problems], **arguments),
        STYLES[prompt_style].wording if prompt_style else "{question}",
    )

    def read(split: str) -> list[Row]:
        drawn = islice(pocket.distinct(draw, split, SEED), sizes[split])
        return [_worded(_generated_row(problem), wording) for problem in drawn]

    return Splits(sizes, read)


def _generated_row(problem: pocket.Problem) -> Row:
    more = {"continuation": problem.continuation} if isinstance(problem, texts.Piece) else {}
    return row(problem.prompt, problem.public, problem.gold, **more)


def _draw_addition(rng: random.Random, terms: Sequence[int], width: int) -> pocket.Problem:
    return pocket.addition_problem(pocket.chain_addition(rng, tuple(terms), width), width)


def _draw_countdown(rng: random.Random) -> pocket.Problem:
    return pocket.countdown_problem(pocket.countdown(rng))


DRAWS: dict[str, Callable[..., pocket.Problem]] = {
    "chain_addition": _draw_addition,
    "countdown": _draw_countdown,
    "puzzle": puzzle.draw,
    "lemmas": lemmas.lemma_problem,
    "text": texts.piece,
}


def frozen(*, file: str, sha256: str, prompt_style: str, **_: Any) -> Splits:
    """Return the test split of a file that ships with the tasks; refuse it where it is not what `sha256` says."""

    def read(split: str) -> list[Row]:
        content = (FOLDER / file).read_bytes()
        if hashlib.sha256(content).hexdigest() != sha256:
            raise UsageError(f"tasks/{file} is not the file that its task was made for: restore it, or reinstall")
        wording = STYLES[prompt_style].wording
        lines, columns = content.decode().splitlines(), {"question": "question", "answer": "answer"}
        rows = [FORMS["phrase"](f"{file} line {i}", json.loads(line), columns) for i, line in enumerate(lines, 1)]
        return [_worded(one, wording) for one in rows if one is not None]

    return Splits(["test"], read)


def published(
    *,
    task: str,
    sources: Mapping[str, remote.Source],
    sample: Mapping[str, list[Given]],
    form: str,
    prompt_style: str | None = None,
    wording: str = FUNCTION,
    **_: Any,
) -> Splits:
    """Return the rows of hub datasets, or of local copies: no problem twice, and none of the test split elsewhere.

    `sources` says where each split comes from, `sample` holds rows of our own in the same columns.
    """
    convert, wording, key = FORMS[form], _wording(prompt_style, wording), sameness(form)

    def converted(split: str, given: Sequence[Given], drop: set[str]) -> list[Row]:
        seen, rows = set(drop), []
        for i, one in enumerate(given):
            found = convert(f"{task}: {split} row {i}", one, sources[split])
            if found is not None and key(found["public"]) not in seen:
                seen.add(key(found["public"]))
                rows.append(_worded(found, wording))
        return rows

    def read(split: str) -> list[Row]:
        drop = {key(one["public"]) for one in read("test")} if split != "test" and "test" in sources else set()
        return converted(split, remote.read(task, split, sources[split]), drop)

    return Splits(sources, read, lambda split: converted(split, sample[split], set()))


def sameness(form: str | None) -> Callable[[str], str]:
    """Return what two problems must not share to count as different."""
    return str if form in SYMBOLIC else normalised


def normalised(text: str) -> str:
    """Return the letters and digits of a text in lower case: what must not meet across splits."""
    return re.sub(r"[\W_]+", "", text.lower()) or text
