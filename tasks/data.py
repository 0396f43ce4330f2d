"""The rows of a task, generated or published: `{id, prompt, public, gold}`, and what its kind of task needs besides."""

import hashlib
import random
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import islice
from typing import Any

from urlvr_bench.errors import UsageError
from urlvr_bench.pocket import lemmas, texts
from urlvr_bench.pocket import problems as pocket
from urlvr_bench.tasks import latex, programs, puzzle, remote
from urlvr_bench.tasks.styles import STYLES

SEED = 0
"""Of the generated problems; another one would be another version of the task."""
FUNCTION = "{question}\n\nAnswer with one Python code block that holds the whole function and its imports."

Row = dict[str, str]
Given = Mapping[str, Any]
"""A row as it is published."""


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


def row(prompt: str, public: str, gold: str, **more: str) -> Row:
    """Return a row; its id is a hash of what the problem shows, so it survives a change of the prompt's wording."""
    name = hashlib.sha256(public.encode()).hexdigest()[:12]
    return {"id": name, "prompt": prompt, "public": public, "gold": gold, **more}


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


def published(
    *,
    task: str,
    sources: Mapping[str, remote.Source],
    sample: Mapping[str, list[Given]],
    form: str,
    prompt_style: str | None = None,
    **_: Any,
) -> Splits:
    """Return the rows of hub datasets, or of local copies: no problem twice, and none of the test split elsewhere.

    `sources` says where each split comes from, `sample` holds rows of our own in the same columns.
    """
    convert, wording = FORMS[form], _wording(prompt_style, FUNCTION)

    def converted(split: str, given: Sequence[Given], drop: set[str]) -> list[Row]:
        seen, rows = set(drop), []
        for i, one in enumerate(given):
            found = convert(f"{task}: {split} row {i}", one, sources[split])
            if (key := normalised(found["public"])) not in seen:
                seen.add(key)
                rows.append(_worded(found, wording))
        return rows

    def read(split: str) -> list[Row]:
        drop = {normalised(one["public"]) for one in read("test")} if split != "test" and "test" in sources else set()
        return converted(split, remote.read(task, split, sources[split]), drop)

    return Splits(sources, read, lambda split: converted(split, sample[split], set()))


def normalised(text: str) -> str:
    """Return the letters and digits of a text in lower case: what must not meet across splits."""
    return re.sub(r"[\W_]+", "", text.lower()) or text


def _column(where: str, given: Given, name: str) -> Any:
    if name not in given:
        raise UsageError(f"{where} has no column {name!r}; it has {', '.join(given)}")
    return given[name]


def _math(where: str, given: Given, source: remote.Source) -> Row:
    """Return a problem; its gold is the `answer` column, or in it what is boxed or what follows a mark."""
    question = str(_column(where, given, source["question"]))
    answer, mark = _column(where, given, source["answer"]), source.get("gold_after", "")
    text = ", ".join(map(str, answer)) if isinstance(answer, list) else str(answer)
    part = text.rpartition(mark)[2] if mark else latex.solution_box(text) if source.get("gold_boxed") else text
    gold = latex.canonical(part or "")
    if gold is None:
        raise UsageError(f"{where} has no answer {f'after {mark!r}' if mark else 'that is short enough to compare'}")
    return row(question, question, gold)


def _countdown(where: str, given: Given, _: remote.Source) -> Row:
    """Return a puzzle; its published numbers are put in order, so that no two prompts are one puzzle."""
    numbers, target = (_column(where, given, name) for name in ("nums", "target"))
    public = puzzle.shown(sorted(map(int, numbers)), int(target))
    return row(puzzle.question(public), public, "")


def _mbpp(where: str, given: Given, _: remote.Source) -> Row:
    """Return a problem whose tests are all shown."""
    text, shown = (_column(where, given, name) for name in ("text", "test_list"))
    question = "\n".join([str(text).strip(), "", "Your code should pass these tests:", *map(str.strip, shown)])
    tests = "\n".join([_column(where, given, "test_setup_code"), *shown])
    gold = programs.canonical(_column(where, given, "code"))
    return row(question, question, gold, setup="", tests=tests)


def _humaneval(where: str, given: Given, _: remote.Source) -> Row:
    """Return a function to complete; its head runs before the completion, and its tests are hidden."""
    head, solution, tests, name = (
        _column(where, given, column) for column in ("prompt", "canonical_solution", "test", "entry_point")
    )
    return row(
        f"Complete this function.\n\n```python\n{head}\n```",
        head,
        programs.canonical(head + solution),
        setup=head,
        tests=f"{tests}\ncheck({name})",
    )


FORMS: dict[str, Callable[[str, Given, remote.Source], Row]] = {
    "math": _math,
    "countdown": _countdown,
    "mbpp": _mbpp,
    "humaneval": _humaneval,
}
"""How the rows of a kind of dataset are read; their prompt is the bare question, which the wording then wraps."""
