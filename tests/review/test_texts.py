"""The texts beside a record are of its run, and read and judged as they say: what was touched is found."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from urlvr_bench.records import record
from urlvr_bench.records.excerpts import Excerpts
from urlvr_bench.review import texts

ROOT = Path(__file__).parents[2]
RUN = ROOT / "results/pocket@2/pocket-6/chain_addition/ground_truth/seed0.json"


def said(values: Any) -> Any:
    """Return the samples of the first problem at step 0."""
    return values["problems"][0]["said"][0]["samples"]


def all_wrong(values: Any) -> None:
    """Make believe that the policy had only written nonsense, consistently."""
    for problem in values["problems"]:
        for step in problem["said"]:
            for sample in step["samples"]:
                sample.update(text="hm", answer=None, correct=False)


EDITS: dict[str, tuple[Callable[[Any], object], str]] = {
    "another text": (lambda v: said(v)[0].update(text="TAMPERED"), "'TAMPERED' does not read as"),
    "another answer": (lambda v: said(v)[0].update(answer="1"), "does not read as '1', right"),
    "another verdict": (lambda v: said(v)[0].update(correct=not said(v)[0]["correct"]), "does not read as"),
    "nonsense": (all_wrong, "right ones of 2, the record"),
    "another problem": (lambda v: v["problems"][0].update(id="mine"), "text 0 is of problem 'mine'"),
    "problems in another order": (lambda v: v["problems"].reverse(), "none of the first that were judged"),
    "another step": (lambda v: v["problems"][0]["said"][0].update(step=1), "of no evaluation"),
    "another peak": (lambda v: v.update(peak=25), "the best at step 25, which they are not"),
    "another run": (lambda v: v.update(record_sha256="0" * len(v["record_sha256"])), "texts of another run"),
    "another form": (lambda v: v.update(problems=3), "problems"),
}


def found(folder: Path, change: Callable[[Any], object]) -> list[str]:
    """Return what is found beside a copy of a record, once a `change` was made to the texts."""
    path = folder / "seed0.json"
    shutil.copyfile(RUN, path)
    values = json.loads(Excerpts.beside(RUN).read_bytes())
    change(values)
    Excerpts.beside(path).write_text(json.dumps(values))
    one, content = record.load(path)
    return [problem for problem, *_ in texts.remarks(path, content, one)]


@pytest.mark.parametrize("edit", EDITS)
def test_texts_that_were_touched_are_found(edit: str, tmp_path: Path) -> None:
    assert found(tmp_path, lambda values: None) == []
    change, words = EDITS[edit]
    assert any(words in problem for problem in found(tmp_path, change)), found(tmp_path, change)


def test_a_record_without_texts_is_whole(tmp_path: Path) -> None:
    shutil.copyfile(RUN, tmp_path / "seed0.json")
    one, content = record.load(tmp_path / "seed0.json")
    assert list(texts.remarks(tmp_path / "seed0.json", content, one)) == []
