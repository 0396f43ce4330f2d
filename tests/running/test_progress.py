"""How long it still takes, foretold from the stored times of real runs, and how that is told."""

import io
import json
from datetime import datetime
from itertools import accumulate
from pathlib import Path
from statistics import fmean, median

import pytest
from records import fabricate
from rich.console import Console

from tests.conftest import ROOT
from urlvr_bench.protocol import Run
from urlvr_bench.records import record
from urlvr_bench.records.record import Record
from urlvr_bench.records.run_folder import dumps
from urlvr_bench.running import pace, progress
from urlvr_bench.running.following import Follower, collapsed
from urlvr_bench.running.ledger import Ledger
from urlvr_bench.running.plan import Cell
from urlvr_bench.running.progress import Progress, cropped, names

TASK = "chain_addition"
WITHIN = 0.3
"""What the time left may be wrong by, once a quarter of all time is over."""


def cell_of(one: Record, out: Path) -> Cell:
    run = Run(one.protocol, one.model.name, one.task.name, one.method.name, one.seed, one.method.params, one.overrides)
    return Cell(run, out / run.path, "new")


class Replay:
    """A run that is over, whose folder is laid out again as it was so many seconds after its start."""

    def __init__(self, one: Record, out: Path) -> None:
        self.record, self.cell = one, cell_of(one, out)
        self.parts = [
            {"generation": g, "reward": r, "update": u}
            for g, r, u in zip(*(values for _, values in one.timing), strict=True)
        ]
        wall = datetime.fromisoformat(one.provenance.finished) - datetime.fromisoformat(one.provenance.started)
        judging = len(one.protocol.evaluation.steps(one.last_step))
        self.judging = [one.provenance.eval_seconds / judging] * judging
        work = sum(sum(part.values()) for part in self.parts) + one.provenance.eval_seconds
        self.lead = max(0.0, wall.total_seconds() - work)
        self.seconds = self.lead + work

    def lay_out(self, now: float) -> None:
        """Write what the run had written `now` seconds after its start."""
        ends = list(accumulate([sum(part.values()) for part in self.parts], initial=self.lead))[1:]
        done = sum(end <= now for end in ends)
        rows = [{"step": i + 1, "seconds": self.parts[i], **self.numbers(i)} for i in range(done)]
        self.write("steps.jsonl", "".join(dumps(row) + "\n" for row in rows))
        if done == len(ends):
            self.write("train.json", "{}")
            for i, end in enumerate(accumulate(self.judging, initial=ends[-1])):
                if i and end <= now:
                    self.write(f"evals/step-{i:06d}.json", json.dumps({"values": {"seconds": self.judging[i - 1]}}))

    def numbers(self, i: int) -> dict[str, object]:
        columns = ("tokens", "length", "proxy_reward", "train_accuracy")
        return {name: getattr(self.record.steps, name)[i] for name in columns}

    def write(self, name: str, text: str) -> None:
        record.write_atomically(self.cell.folder / name, text)


def error(records: list[Record], jobs: int, out: Path, share: float = 0.25) -> float:
    """Return by what share the time left is wrong when runs go side by side and a `share` of all time is over."""
    replays = [Replay(one, out) for one in records]
    starts, free = [], [0.0] * jobs
    for one in replays:
        starts.append(min(free))
        free[free.index(starts[-1])] = starts[-1] + one.seconds
    end = max(free)
    now, ledger = share * end, Ledger([one.cell for one in replays], jobs, None)
    for one, start in zip(replays, starts, strict=True):
        if start <= now:
            one.lay_out(now - start)
            ledger.begin(one.cell, start)
    for one, start in zip(replays, starts, strict=True):
        if start + one.seconds <= now:
            ledger.end(one.cell, start + one.seconds, True)
    left = ledger.left(now)
    assert left is not None
    return left / (end - now) - 1


def steady(one: Replay) -> bool:
    """Whether a run's machine kept its pace, and nothing else held the run up: what no forecast can know."""
    seconds = [sum(part.values()) for part in one.parts]
    first, rest = seconds[: len(seconds) // 4], seconds[len(seconds) // 4 :]
    return abs(fmean(rest) / fmean(first) - 1) < 0.2 and one.lead < 0.2 * one.seconds


def test_the_time_left_is_right_after_the_first_quarter(tmp_path: Path) -> None:
    folders = [ROOT / "results" / name for name in ("pocket@1", "pocket@2", "pocket-probe@2")]
    real = [one for one in record.read_all(folders) if steady(Replay(one, tmp_path))]
    errors = [error([one], 1, tmp_path / str(i)) for i, one in enumerate(real)]
    assert len(errors) > 300 and abs(median(errors)) < 0.05
    assert sum(abs(each) < WITHIN for each in errors) / len(errors) > 0.85


@pytest.mark.parametrize("jobs", [1, 2, 3])
def test_the_time_left_of_many_runs_is_right_after_the_first_quarter(tmp_path: Path, jobs: int) -> None:
    ladder = [ROOT / f"results/pocket@1/pocket-{rung}/chain_addition/ground_truth" for rung in range(1, 6)]
    assert abs(error(record.read_all(ladder), jobs, tmp_path)) < WITHIN


def test_evaluations_are_foretold_before_the_first_and_by_those_that_are_done() -> None:
    run = cell_of(fabricate(task=TASK, steps=40, every=10, problems=20, samples=16), Path()).run
    row = {"seconds": {"generation": 2.0, "reward": 1.0, "update": 1.0}, "tokens": 100, "length": 10.0}
    training = run.protocol.training
    for done in (1, 40):
        reading = pace.Reading(run, [row] * done, [], done == 40)
        assert reading.judgements == 5  # at 0, 10, ... 40
        assert reading.seconds_left == pytest.approx(4.0 * (40 - done) + 5 * 20 * 16 * 10 * 2 / 100)
    assert pace.Reading(run, [row] * 40, [3.0, 5.0], True).seconds_left == pytest.approx(3 * 4.0)
    assert pace.Reading(run, [], [], False).seconds_left is None
    assert pace.work(run) == 40 * training.rows + 5 * 20 * 16
    assert pace.until_all([5.0, 1.0], [3.0, 3.0], 2) == 7.0 and pace.until_all([], [4.0, 4.0], 8) == 4.0


def test_steps_are_read_once_and_again_after_a_return_to_a_checkpoint(tmp_path: Path) -> None:
    one = fabricate(task=TASK, collapse_at=20)
    follower, path = Follower(cell_of(one, tmp_path).run, tmp_path), tmp_path / "steps.jsonl"
    rows = [{"step": i + 1, "train_accuracy": value, "more": [1]} for i, value in enumerate(one.steps.train_accuracy)]
    lines = [dumps(row) + "\n" for row in rows]
    assert follower.look().rows == []
    path.write_text("".join(lines[:30]) + lines[30][:7])
    assert len(follower.look().rows) == 30 and "more" not in follower.rows[0]
    path.write_text("".join(lines[:31]))
    assert len(follower.look().rows) == 31
    path.write_text("".join(lines[:10]))
    assert len(follower.look().rows) == 10
    path.write_text("".join(lines[:5]))
    follower.look()
    path.write_text("".join(lines))
    reading = follower.look()
    assert [row["step"] for row in reading.rows] == list(range(1, 41))
    means = [sum(one.steps.train_accuracy[i - 5 : i]) / 5 for i in range(5, 41)]
    assert collapsed(reading) == next(i for i, mean in enumerate(means, 5) if mean < 0.1)


LONG = "organisation/a-model-with-a-long-name-7B-Instruct"


def followed(out: Path, console: Console) -> Progress:
    """Return the progress of two of three runs of one method, one of which has collapsed."""
    replays = [
        Replay(fabricate(task=TASK, seed=seed, collapse_at=(None, 20, None)[seed], model=LONG), out)
        for seed in range(3)
    ]
    shown = Progress(console, [each.cell for each in replays], 2, 600.0)
    for each in replays[:2]:
        shown.begin(each.cell)
        each.lay_out(each.lead + 18.0)
    return shown


@pytest.mark.parametrize("width", [60, 80, 200])
def test_a_terminal_shows_whole_counts_and_the_collapse(tmp_path: Path, width: int) -> None:
    console = Console(file=io.StringIO(), width=width, force_terminal=True, color_system=None)
    shown = followed(tmp_path, console)
    shown.ledger.look()
    shown.names = {folder: f"{LONG} {name}" for folder, name in shown.names.items()}
    console.file = text = io.StringIO()
    console.print(shown.shown(0.0))
    lines = text.getvalue().splitlines()
    assert len(lines) == 3 and max(map(len, lines)) <= width
    assert "eed 0  35/40" in lines[0] and "reward" in lines[0]
    assert "eed 1  35/40" in lines[1] and ("collapsed at 2" in lines[1] or width == 60)
    assert "all runs" in lines[2] and "0/3" in lines[2] and "left" in lines[2]


def test_a_file_gets_a_line_at_once_at_news_and_now_and_then(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    path = tmp_path / "log"
    with path.open("w") as stream, followed(tmp_path, Console(file=stream, width=20)) as shown:
        said = lambda: path.read_text().splitlines()  # noqa: E731
        assert said() == ["starting majority_vote seed 0", "starting majority_vote seed 1"]
        shown.look()
        assert len(said()) == 4 and "seed 1: step 35/40, accuracy 0.000, collapsed at 2" in said()[3]
        for seconds, lines in ((30.0, 4), (61.0, 6), (62.0, 6)):
            now[0] = seconds
            shown.look()
            assert len(said()) == lines
        assert "left, all runs" in said()[-1]
        shown.end(next(iter(shown.ledger.running.values())).cell, failed=False)
        assert said()[-1] == "done majority_vote seed 0 (1 of 3)"


def test_names_tell_what_differs() -> None:
    runs = [cell_of(fabricate(task=TASK, seed=seed, model=model), Path()) for seed in (0, 1) for model in ("a", "b")]
    assert list(names(runs).values()) == [f"{m} majority_vote seed {s}" for s in (0, 1) for m in ("a", "b")]
    assert list(names(runs[:1]).values()) == ["majority_vote"]
    assert cropped("0123456789", 10) == "0123456789" and cropped("0123456789", 7) == "012…789"
