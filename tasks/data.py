"""The rows of a task, generated, from the hub or from local files; every row is `{id, prompt, public, gold}`."""

import hashlib
import json
import os
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from urlvr_bench.errors import UsageError
from urlvr_bench.pocket import problems as pocket
from urlvr_bench.tasks import DATA_VARIABLE, latex

SEED = 0
"""Of the generated problems; another one would be another version of the task."""

Row = dict[str, str]


class Splits(Mapping[str, Any]):
    """The splits of a task, each read when asked for: `rows` for us, `[split]` as a dataset for lm-eval."""

    def __init__(self, names: Sequence[str], read: Callable[[str], list[Row]]) -> None:
        self.names, self.rows = tuple(names), read

    def __getitem__(self, split: str) -> Any:
        import datasets

        return datasets.Dataset.from_list(self.rows(split))

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __len__(self) -> int:
        return len(self.names)


def row(prompt: str, public: str, gold: str) -> Row:
    """Return a row; its id is a hash of what the problem shows, so it survives a change of the prompt's wording."""
    return {"id": hashlib.sha256(public.encode()).hexdigest()[:12], "prompt": prompt, "public": public, "gold": gold}


def generated(*, problems: str, arguments: Mapping[str, Any], sizes: Mapping[str, int], **_: Any) -> Splits:
    """Return generated pocket problems: up to `sizes[split]` different ones, fewer where a split has no more."""
    draw = partial({"chain_addition": _draw_addition, "countdown": _draw_countdown}[problems], **arguments)

    def read(split: str) -> list[Row]:
        drawn = islice(pocket.distinct(draw, split, SEED), sizes[split])
        return [row(problem.prompt, problem.public, problem.gold) for problem in drawn]

    return Splits(tuple(sizes), read)


def _draw_addition(rng: random.Random, terms: Sequence[int], width: int) -> pocket.Problem:
    return pocket.addition_problem(pocket.chain_addition(rng, tuple(terms), width), width)


def _draw_countdown(rng: random.Random) -> pocket.Problem:
    return pocket.countdown_problem(pocket.countdown(rng))


def hub(
    *,
    task: str,
    dataset: Mapping[str, str],
    splits: Sequence[str],
    columns: Mapping[str, str],
    gold_after: str,
    prompt: str,
    **_: Any,
) -> Splits:
    """Return the rows of a hub dataset, or of its local copy; the gold answer follows the last `gold_after`."""

    def read(split: str) -> list[Row]:
        folder = _local_copies().get(task)
        found = _from_hub(task, dataset, split) if folder is None else _from_files(task, folder, split)
        rows = []
        for i, given in enumerate(found):
            missing = [theirs for theirs in columns.values() if theirs not in given]
            if missing:
                raise UsageError(f"{task}: {split} row {i} has no column {missing[0]!r}; it has {', '.join(given)}")
            question, answer = str(given[columns["question"]]), str(given[columns["answer"]])
            gold = latex.canonical(answer.rpartition(gold_after)[2])
            if gold is None:
                raise UsageError(f"{task}: {split} row {i} has no answer after {gold_after!r}")
            rows.append(row(prompt.replace("{question}", question), question, gold))
        return rows

    return Splits(splits, read)


def _local_copies() -> dict[str, Path]:
    """Return the folder of each task that the environment variable names."""
    copies = {}
    for pair in filter(None, os.environ.get(DATA_VARIABLE, "").split(",")):
        task, equals, folder = pair.partition("=")
        if not equals or not folder:
            raise UsageError(f"{DATA_VARIABLE}: {pair!r} does not read as task=folder")
        copies[task.strip()] = Path(folder.strip()).expanduser()
    return copies


def _from_hub(task: str, dataset: Mapping[str, str], split: str) -> list[dict[str, Any]]:
    import datasets

    try:
        found = datasets.load_dataset(dataset["id"], dataset["config"], revision=dataset["revision"], split=split)
    except (OSError, ValueError, RuntimeError) as error:
        reason = str(error).strip().splitlines()[0].rstrip(".")
        raise UsageError(
            f"{task}: cannot load {dataset['id']} (revision {dataset['revision'][:8]}) from the hub: {reason}. "
            f"Give a folder with a local copy: --data {task}=DIR or {DATA_VARIABLE}={task}=DIR"
        ) from error
    return list(found)


def _from_files(task: str, folder: Path, split: str) -> list[dict[str, Any]]:
    for ending, read in READERS.items():
        path = folder / f"{split}{ending}"
        if path.is_file():
            try:
                return read(path)
            except (OSError, ValueError) as error:
                raise UsageError(f"{task}: cannot read {path}: {error}") from error
    present = sorted(path.name for path in folder.glob("*")) if folder.is_dir() else []
    wanted = " or ".join(f"{split}{ending}" for ending in READERS)
    raise UsageError(f"{task}: {folder} has no {wanted}; it has {', '.join(present[:10]) or 'nothing'}")


def _read_jsonl(path: Path) -> list[dict[str, Any]]:
    with path.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines if line.strip()]


def _read_json(path: Path) -> list[dict[str, Any]]:
    found = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(found, list):
        raise ValueError("not a list of rows")
    return found


def _read_parquet(path: Path) -> list[dict[str, Any]]:
    import pyarrow.parquet

    rows: list[dict[str, Any]] = pyarrow.parquet.read_table(path).to_pylist()
    return rows


READERS: dict[str, Callable[[Path], list[dict[str, Any]]]] = {
    ".jsonl": _read_jsonl,
    ".json": _read_json,
    ".parquet": _read_parquet,
}
