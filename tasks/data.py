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
from urlvr_bench.tasks import FOLDER, puzzle, remote, stories
from urlvr_bench.tasks.forms import FORMS, Given, Row, row
from urlvr_bench.tasks.selection import Selection
from urlvr_bench.tasks.selection import select as selected
from urlvr_bench.tasks.styles import STYLES

SEED = 0
"""Of the generated problems; another one would be another version of the task."""
FUNCTION = "{question}\n\nAnswer with one Python code block that holds the whole function and its imports."


SYMBOLIC = {None, "phrase", "countdown"}
"""Forms in which every sign is part of the problem; None stands for generated problems."""


class Splits(Mapping[str, Any]):
    """The splits of a task, each read when asked for: a selection for us, `[split]` as a dataset for lm-eval."""

    def __init__(
        self, names: Iterable[str], select: Callable[[str], Selection], example: Callable[[str], list[Row]]
    ) -> None:
        self.names, self.select, self.example = tuple(names), select, example

    def __getitem__(self, split: str) -> Any:
        import datasets

        return datasets.Dataset.from_list(self.select(split).docs)

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
    wording: str = "{question}",
    **_: Any,
) -> Splits:
    """Return generated problems: up to `sizes[split]` different ones, fewer where a split has no more.

    None is among the solved examples of a few-shot wording.
    """
    draw, wording = partial(DRAWS[problems], **arguments), _wording(prompt_style, wording)

    def draws(split: str) -> list[Row]:
        fresh = (drawn for drawn in pocket.distinct(draw, split, SEED) if drawn.prompt not in wording)
        return [_worded(_generated_row(problem), wording) for problem in islice(fresh, sizes[split])]

    def select(split: str) -> Selection:
        docs = draws(split)
        return Selection(docs, {"rows": len(docs), "left_out": {}})

    return Splits(sizes, select, draws)


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
    "brief_puzzle": puzzle.draw_brief,
    "story": stories.draw,
    "lemmas": lemmas.lemma_problem,
    "text": texts.piece,
}


def intact(file: str, sha256: str) -> bytes:
    """Return a file that ships with the tasks; refuse it where it is not what `sha256` says."""
    content = (FOLDER / file).read_bytes()
    if hashlib.sha256(content).hexdigest() != sha256:
        raise UsageError(f"tasks/{file} is not the file that its task was made for: restore it, or reinstall")
    return content


def frozen(*, file: str, sha256: str, prompt_style: str, **_: Any) -> Splits:
    """Return the test split of a file that ships with the tasks; refuse it where it is not what `sha256` says."""

    def select(split: str) -> Selection:
        given = [json.loads(line) for line in intact(file, sha256).decode().splitlines()]
        source = {"question": "question", "answer": "answer"}
        return selected(file, given, _reader("phrase", source, STYLES[prompt_style].wording), "family")

    return Splits(["test"], select, lambda split: select(split).docs)


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

    `sources` says where each split comes from and, as `stratum`, by which column the first test problems are
    spread; `sample` holds rows of our own in the same columns.
    """
    wording = _wording(prompt_style, wording)
    readers = {split: _reader(form, source, wording) for split, source in sources.items()}

    def select(split: str) -> Selection:
        where, given = f"{task}: {split}", remote.read(task, split, sources[split])
        if split == "test":
            return selected(where, given, readers[split], sources[split].get("stratum", ""))
        judged = {name for doc in (select("test").docs if "test" in sources else []) for name in sameness(form)(doc)}
        return selected(where, given, readers[split], elsewhere=lambda doc: not judged.isdisjoint(sameness(form)(doc)))

    return Splits(sources, select, lambda split: selected(task, sample[split], readers[split]).docs)


def _reader(form: str, source: remote.Source, wording: str) -> Callable[[str, Given], Row]:
    return lambda where, given: _worded(FORMS[form](where, given, source), wording)


Names = tuple[tuple[str, ...], ...]


def sameness(form: str | None) -> Callable[[Mapping[str, str]], Names]:
    """Return what names a problem: those that share a name are one, and must not meet across splits.

    Its text names it and, where not every sign matters, its letters and digits together with its answer.
    """
    if form in SYMBOLIC:
        return lambda doc: ((doc["public"],),)
    return lambda doc: ((doc["public"],), (normalised(doc["public"]), doc.get("gold", "")))


def normalised(text: str) -> str:
    """Return the letters and digits of a text in lower case."""
    return re.sub(r"[\W_]+", "", text.lower()) or text
