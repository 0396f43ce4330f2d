"""Prompts that a model cannot read whole are refused before a step is taken, by the longest of them."""

import json
from pathlib import Path

import pytest

from urlvr_bench import models, tasks
from urlvr_bench.errors import UsageError
from urlvr_bench.evaluation.sampling import load_tokenizer
from urlvr_bench.local_data import DATA_VARIABLE
from urlvr_bench.running import plan
from urlvr_bench.training import room

PRIOR = models.resolve("pocket-6")
LONG = "+".join(["12"] * 20) + "="


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv(DATA_VARIABLE, "")
    rows = [{"prompt": LONG, "answer": 240}, {"prompt": "1+1=", "answer": 2}]
    path = tmp_path / "long.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return f"{path}@chain_addition"


def test_the_longest_prompt_is_named_with_what_to_set(file: str) -> None:
    (run,) = plan.grid("smoke", ["majority_vote"], [0], [], [file])
    task, tokenizer = tasks.load(run.task), load_tokenizer(PRIOR)
    said = (
        rf"long@chain_addition: the longest prompt, '12\+.*=', has {len(LONG)} tokens, which with "
        r"max_completion_tokens=12 exceed the 64 that the model reads: --set max_completion_tokens=4 at most, or leave"
    )
    with pytest.raises(UsageError, match=said):
        room.require(run, PRIOR, tokenizer, task, ["1+1=", LONG])
    room.require(run, PRIOR, tokenizer, task, ["1+1="])
    with pytest.raises(UsageError, match="the 64 that the model reads: leave out such prompts"):
        room.fits(PRIOR, tokenizer, task, [LONG * 2], "max_completion_tokens", 12)


def test_what_judges_after_the_last_step_is_measured_before_the_first(file: str) -> None:
    (run,) = plan.grid("smoke", ["majority_vote"], [0], [], [], {"evaluation.task": file})
    with pytest.raises(UsageError, match=r"long@chain_addition: the longest prompt, .*--set evaluation.max_tokens=4"):
        room.require(run, PRIOR, load_tokenizer(PRIOR), tasks.load(run.task), ["1+1="])
