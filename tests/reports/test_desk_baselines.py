"""What was measured of the desk models before training: read from a folder, told with its sums."""

import json
from pathlib import Path

import pytest

from urlvr_bench.errors import UsageError
from urlvr_bench.reports import desk_baselines


def judged(boxed: int, apart: int) -> desk_baselines.Baseline:
    counts = {
        "problems": 12,
        "questions": 72,
        "tokens": 24,
        "boxed": boxed,
        "apart": apart,
        "right": 0.5,
        "wrong": 0.25,
    }
    return {"model": "smollm2-135m", "method": "serl", "task": "words", **counts}


def test_judges_are_told_row_by_row_and_summed(tmp_path: Path) -> None:
    (tmp_path / desk_baselines.JUDGED).write_text(json.dumps([judged(4, 0), judged(6, 3)]))
    _, grid, said = desk_baselines.judging(desk_baselines.rows_of(tmp_path, desk_baselines.JUDGED))
    assert "4 of 72" in grid and "6 of 72" in grid and "0.25" in grid
    assert "10 of 144 hold the box" in " ".join(said.split())
    assert "up to 24 tokens" in " ".join(said.split())
    assert "for 3 of 24 problems" in " ".join(said.split())
    assert not list(desk_baselines.judging(desk_baselines.rows_of(tmp_path, desk_baselines.FILE)))


def test_a_broken_file_is_one_line(tmp_path: Path) -> None:
    (tmp_path / desk_baselines.FILE).write_text("[{]")
    with pytest.raises(UsageError, match=r"desk-baselines\.json: .*delete it and run `make desk-baselines`"):
        desk_baselines.rows_of(tmp_path, desk_baselines.FILE)
