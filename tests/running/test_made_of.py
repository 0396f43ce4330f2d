"""A run goes on, and counts as done, only with the texts of methods and the problems that it began with."""

import os

import pytest
from records import fabricate

from urlvr_bench import local_data, methods
from urlvr_bench.errors import UsageError
from urlvr_bench.records import record
from urlvr_bench.records.run_folder import once
from urlvr_bench.running import made_of, plan


def begin(spec, out, task="chain_addition"):
    """Lay out a run as its worker does when it begins; return the run."""
    (run,) = plan.grid("smoke", [spec], [0], task_names=[task])
    folder = out / run.path
    folder.mkdir(parents=True)
    (folder / "run.json").write_text(run.to_json())
    once(folder / made_of.STARTED, lambda: {"made_of": made_of.made_of(run)}, print)
    return run


@pytest.mark.parametrize("done", [False, True])
@pytest.mark.parametrize("spec", ["majority_vote", "token_entropy+0.1*majority_vote"])
def test_a_changed_method_neither_goes_on_nor_is_done(tmp_path, monkeypatch, spec, done):
    run = begin(spec, tmp_path)
    if done:
        record.write(fabricate(steps=4), tmp_path / run.path / "record.json")
    assert [cell.state for cell in plan.lay_out([run], tmp_path)] == ["done" if done else "begun"]
    true = methods.source_hash
    monkeypatch.setattr(methods, "source_hash", lambda name: "0" * 16 if name == "majority_vote" else true(name))
    with pytest.raises(UsageError, match=r"method majority_vote has changed since the run in .* give another --out"):
        plan.lay_out([run], tmp_path)


def test_a_text_that_pays_the_same_goes_on(tmp_path, monkeypatch):
    run = begin("majority_vote", tmp_path)
    (old,) = made_of.made_of(run)["method"].values()
    monkeypatch.setattr(methods, "source_hash", lambda name: "0" * 16)
    monkeypatch.setattr(methods.load("majority_vote"), "same_as", (old,))
    assert [cell.state for cell in plan.lay_out([run], tmp_path)] == ["begun"]


def test_changed_prompts_of_ones_own_do_not_go_on(tmp_path, monkeypatch):
    monkeypatch.setenv(local_data.DATA_VARIABLE, os.environ.get(local_data.DATA_VARIABLE, ""))
    mine = tmp_path / "mine.jsonl"
    mine.write_text('{"prompt": "1+1=", "answer": "2"}\n')
    run = begin("majority_vote", tmp_path / "runs", str(mine))
    mine.write_text('{"prompt": "1+2=", "answer": "3"}\n')
    with pytest.raises(UsageError, match="task mine has changed since"):
        plan.lay_out([run], tmp_path / "runs")
