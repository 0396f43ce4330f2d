"""A run that was told to go on and never had a signal is called so wherever it is shown, and no other run is."""

from pathlib import Path

import pytest
from records import fabricate

from urlvr_bench.board.boards import boards, summarised
from urlvr_bench.board.outcomes import outcome
from urlvr_bench.board.runs import Run
from urlvr_bench.records import record
from urlvr_bench.records.measured import lacking
from urlvr_bench.records.record import Record
from urlvr_bench.reports import tables
from urlvr_bench.reports.summary import summaries
from urlvr_bench.statistics.cells import cells
from urlvr_bench.statistics.downfall import Downfall, of_records
from urlvr_bench.statistics.verdicts import verdicts

SILENT = Path(__file__).parents[2] / "results/pocket@1/pocket-countdown-plain/countdown_pocket/self_verification"
"""Runs in which no rollout was ever paid; they were made before runs without a signal were stopped."""


def told_to_go_on(one: Record) -> Record:
    training = one.protocol.training.model_copy(update={"without_signal": "go_on"})
    protocol = one.protocol.model_copy(update={"training": training})
    return one.model_copy(update={"protocol": protocol, "protocol_hash": protocol.hash()})


def silent(seed: int, **steps: list[float]) -> Record:
    """Return a run whose gradients were all 0, or whose columns of steps are others."""
    one = fabricate("majority_vote", seed, problems=60, every=5)
    columns = {"grad_norm": [0.0] * one.last_step, **steps}
    return told_to_go_on(one.model_copy(update={"steps": one.steps.model_copy(update=columns)}))


@pytest.mark.parametrize(
    ("unparsed", "norms", "lacks"),
    [
        ([1.0, 1.0], [0.2, 0.3], "answers"),
        ([1.0, 0.99], [0.2, 0.3], None),
        ([0.1, 0.1], [0.0, 0.0], "gradients"),
        ([0.1, 0.1], [0.0, 1e-9], None),
        ([1.0, 0.0], [0.1, 0.0], None),  # neither was so throughout
        ([], [], None),
    ],
)
def test_what_steps_lack(unparsed: list[float], norms: list[float], lacks: str | None) -> None:
    assert lacking(unparsed, norms) == lacks


def test_every_place_says_that_there_was_no_signal() -> None:
    runs = [silent(seed) for seed in range(3)]
    heard = [told_to_go_on(fabricate("empo", seed, problems=60, every=5)) for seed in range(3)]
    assert all(one.without_signal for one in runs) and not any(one.without_signal for one in heard)
    (summary,) = summaries(runs + heard)
    by_name = {line.method: line for line in summary.lines}
    line = by_name["majority_vote"]
    assert line.outcome == line.verdict.word == "no signal" and line.collapsed == "-"
    assert line.as_json()["fell"] == "no signal" and by_name["empo"].outcome == "rose and held"
    for kind in ("pass", "collapse"):
        rows = tables.table(runs + heard, kind).splitlines()
        assert any("majority_vote (no signal)" in row for row in rows)
        assert not any("empo" in row and "no signal" in row for row in rows)
    assert Run(runs[0]).story.startswith("No signal:") and not Run(heard[0]).story.startswith("No signal")
    (board,) = summarised(boards(runs + heard))
    entry = next(entry for entry in board.entries if entry.id == "majority_vote")
    cell, (word, how) = outcome(board, entry)
    assert word == "no signal" and how is None and cell.tags[0].text == "no signal"


def test_some_runs_without_a_signal_are_counted() -> None:
    heard = told_to_go_on(fabricate("majority_vote", 2, problems=60, every=5))
    runs = [silent(0), silent(1), heard]
    assert of_records(runs) == Downfall("no signal", 2, 3)
    assert of_records([runs[0], heard, told_to_go_on(fabricate("majority_vote", 3, problems=60, every=5))]) == Downfall(
        "held", 2, 3
    )
    (line,) = summaries(runs)[0].lines
    assert line.verdict.word != "no signal"  # one run did train
    assert "majority_vote (no signal 2/3)" in tables.table(runs, "pass")


def test_committed_runs_keep_their_words() -> None:
    known = record.read_all([SILENT])
    assert [lacking(one.steps.unparsed, one.steps.grad_norm) for one in known] == ["gradients"] * 3
    assert not any(one.without_signal for one in known)
    words = {}
    for runs in (known, [told_to_go_on(one) for one in known]):
        ((cell, rows),) = cells(runs).items()
        words[runs[0].without_signal] = verdicts(cell, rows)["self_verification"].word
    assert words == {False: "no change", True: "no signal"}
