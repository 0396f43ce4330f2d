"""What a policy wrote is kept beside its record: the same few problems at the start, the best step and the end."""

import json
from pathlib import Path

import pytest
from records import fabricate
from sites import SMALL, inert

from urlvr_bench import board
from urlvr_bench.errors import UsageError
from urlvr_bench.records import excerpts, record
from urlvr_bench.records.record import Record, short_hash
from urlvr_bench.running import excerpting
from urlvr_bench.statistics.collapse import eval_curve, rise_and_fall

EVIL = '"><script>alert(1)</script><img src=x onerror=alert(1)>{{7*7}}\ud800'


def finished(folder: Path, text: str = "3+4=7", seed: int = 0) -> Record:
    """Lay out the folder of a finished run whose judged samples all say the same, and the step."""
    done = fabricate("token_entropy", seed, collapse_at=8, **SMALL)
    for step in eval_curve(done)[0]:
        lines = [
            {
                "id": name,
                "prompt": f"What is problem {i}?",
                "samples": [
                    {"text": f"{text} {step}", "tokens": 5, "truncated": False, "answer": "7", "correct": step == 0}
                ]
                * 4,
            }
            for i, name in enumerate(done.problems[done.task.name])
        ]
        store = folder / "evals" / f"step-{step:06d}" / f"{done.task.name}.jsonl"
        store.parent.mkdir(parents=True)
        store.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return done


def test_the_first_problems_are_kept_at_three_steps(tmp_path: Path) -> None:
    done = finished(tmp_path)
    excerpting.finish(tmp_path, done)
    content = record.contents(tmp_path / "record.json")
    found = excerpts.Excerpts.read(tmp_path / "record.json", content)
    assert found is not None and record.read(tmp_path / "record.json") == done
    assert [one.id for one in found.problems] == done.problems[done.task.name][: excerpts.PROBLEMS]
    steps, values = eval_curve(done)
    assert found.peak == rise_and_fall(steps, values).peak_step
    said = found.problems[0].said
    assert [one.step for one in said] == sorted({steps[0], found.peak, steps[-1]})
    assert [one.samples[0].text for one in said] == [f"3+4=7 {one.step}" for one in said]
    assert len(said[0].samples) == excerpts.SAMPLES and said[0].samples[0].correct
    with pytest.raises(UsageError, match="another run"):
        excerpts.Excerpts.read(tmp_path / "record.json", content + b" ")


def test_long_texts_are_cut_and_say_so(tmp_path: Path) -> None:
    done = finished(tmp_path, "x" * 100_000)
    excerpting.finish(tmp_path, done)
    path = excerpts.Excerpts.beside(tmp_path / "record.json")
    assert path.stat().st_size < 100_000
    found = excerpts.Excerpts.read(tmp_path / "record.json", record.contents(tmp_path / "record.json"))
    assert found is not None and found.problems[0].said[0].samples[0].cut == 100_002 - excerpts.LONGEST


def test_texts_travel_with_their_record_also_of_runs_that_kept_none(tmp_path: Path) -> None:
    runs, out = tmp_path / "runs", tmp_path / "results"
    for seed in (0, 1):
        done = finished(runs / str(seed), seed=seed)
        if seed:
            record.write(done, runs / str(seed) / "record.json")  # as before texts were kept
        else:
            excerpting.finish(runs / str(seed), done)
    record.collect([runs], out)
    placed = excerpting.collect([runs], out)
    assert len(placed) == 2 and len(record.read_all([out])) == 2
    assert len(board.gather([out]).samples) == 2


def test_a_run_page_shows_the_texts_and_they_are_inert(tmp_path: Path) -> None:
    done = finished(tmp_path / "run", EVIL)
    excerpting.finish(tmp_path / "run", done)
    record.write(fabricate("token_entropy", 1, **SMALL), tmp_path / "other/record.json")
    found = board.gather([tmp_path])
    assert found.samples.keys() == {done.path} and not found.damaged
    board.build(found.records, tmp_path / "site", found)
    inert(tmp_path / "site")
    pages = [(tmp_path / "site/runs" / one.path).with_suffix(".html").read_text() for one in found.records]
    shown = {"What the policy wrote" in page for page in pages}
    assert shown == {True, False}
    assert sum("&lt;script&gt;alert(1)" in page for page in pages) == 1
    texts = (tmp_path / "site/data/records" / done.path).with_suffix(".samples.json")
    assert json.loads(texts.read_text())["record_sha256"] == short_hash(record.text(done))


def test_damaged_texts_are_named_and_left_out(tmp_path: Path) -> None:
    excerpting.finish(tmp_path / "run", finished(tmp_path / "run"))
    excerpts.Excerpts.beside(tmp_path / "run/record.json").write_text('{"schema_version": 2}')
    found = board.gather([tmp_path])
    assert len(found.records) == 1 and not found.samples
    assert found.damaged[0].name == "run/record.samples.json"
