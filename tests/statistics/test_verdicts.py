"""The verdict on a method follows its stated rule, and the summary says it within 80 columns."""

import io
import json

import pytest
from records import fabricate
from rich.console import Console

from urlvr_bench.commands.summing import FEW, counted, show
from urlvr_bench.commands.summing import LEAST as SHORTEST
from urlvr_bench.errors import UsageError
from urlvr_bench.records.record import Record, write
from urlvr_bench.reports.summary import Line, summaries
from urlvr_bench.statistics.cells import twins
from urlvr_bench.statistics.verdicts import LARGE, LEAST, OUTCOMES


def runs(method: str, **values: object) -> list[Record]:
    return [fabricate(method, seed, problems=60, every=5, **values) for seed in range(3)]  # type: ignore[arg-type]


def lines(*groups: list[Record]) -> dict[str, Line]:
    (found,) = summaries([record for group in groups for record in group])
    return {line.method: line for line in found.lines}


def test_each_course_has_its_word() -> None:
    found = lines(
        runs("majority_vote", base=0.5, peak=0.9),
        runs("token_entropy", base=0.5, peak=0.95, collapse_at=30),
        runs("self_certainty", base=0.9, peak=0.9, collapse_at=16),
        runs("trajectory_entropy", base=0.6, peak=0.6),
    )
    assert {name: line.verdict.word for name, line in found.items()} == {
        "majority_vote": "rose and held",
        "token_entropy": "rose, then fell",
        "self_certainty": "fell",
        "trajectory_entropy": "no change",
    }
    assert list(found) == sorted(found, key=lambda name: OUTCOMES.index(found[name].verdict.word))
    assert found["self_certainty"].verdict.end == 0.0 and found["self_certainty"].collapsed.startswith("3/3 @")
    assert found["majority_vote"].collapsed == "0/3"


def cut(record: Record, last: int) -> Record:
    """Return the record of a run that ended at a step of its own."""
    steps = {name: column and column[:last] for name, column in record.steps}
    evals = [each for each in record.evals if each.step <= last]
    return record.model_copy(update={"steps": record.steps.model_copy(update=steps), "evals": evals})


def test_runs_that_ended_at_different_steps_are_judged_by_their_ends() -> None:
    rising = [fabricate("empo", seed, problems=60, every=5, base=0.5, peak=0.95) for seed in range(3)]
    stopped = [cut(record, 10 * (seed + 1)) for seed, record in enumerate(rising)]
    found = lines(stopped)["empo"].verdict
    assert found.word == "rose and held" and found.steps == (0, 5, 10, 15, 20, 25, 30)
    ends = [sum(record.evals[-1].correct) / (60 * record.protocol.evaluation.samples) for record in stopped]
    assert found.end == pytest.approx(sum(ends) / 3) and found.end > found.accuracies[0]


def test_runs_whose_samples_agree_but_not_their_gradients_are_two_results() -> None:
    first, other = (runs(name, base=0.5, peak=0.9) for name in ("empo", "soft_vote"))
    same = [
        two.model_copy(update={"evals": one.evals, "steps": one.steps.model_copy()})
        for one, two in zip(first, other, strict=True)
    ]
    assert twins({"empo": first, "soft_vote": same}) == {"empo": ("soft_vote",), "soft_vote": ("empo",)}
    turned = [norm * 1.01 for norm in same[-1].steps.grad_norm]
    same[-1] = same[-1].model_copy(update={"steps": same[-1].steps.model_copy(update={"grad_norm": turned})})
    assert twins({"empo": first, "soft_vote": same}) == {"empo": (), "soft_vote": ()}


def test_what_does_not_rise_and_ends_where_noise_ends_is_like_noise() -> None:
    noise = runs("random_reward", base=0.6, peak=0.6)
    found = lines(noise, runs("trajectory_entropy", base=0.6, peak=0.6), runs("empo", base=0.6, peak=0.95))
    assert found["trajectory_entropy"].verdict.word == "like noise"
    assert found["empo"].verdict.word == "rose and held" and found["random_reward"].verdict.word == "no change"
    assert list(found)[-1] == "random_reward"  # references below the contenders


def test_a_rise_that_few_seeds_leave_open_is_neither_none_nor_noise() -> None:
    peaks = (0.6, 0.75, 0.98)
    parting = [fabricate("empo", seed, problems=60, every=5, base=0.58, peak=peak) for seed, peak in enumerate(peaks)]
    found = lines(runs("random_reward", base=0.6, peak=0.6), parting)["empo"].verdict
    assert found.word == "undecided" and found.peak > found.accuracies[0] + LARGE
    more = [fabricate("empo", seed, problems=60, every=5, base=0.58, peak=peaks[seed % 3]) for seed in range(12)]
    assert lines(runs("random_reward", base=0.6, peak=0.6), more)["empo"].verdict.word == "rose and held"


def test_seeds_that_part_are_sure_of_what_each_group_does_and_of_nothing_else() -> None:
    held = [fabricate("empo", seed, problems=60, every=5, base=0.5, peak=0.95) for seed in range(2)]
    lost = fabricate("empo", 2, problems=60, every=5, base=0.5, peak=0.95, collapse_at=35)
    assert lines([*held, lost])["empo"].verdict.word == "undecided"  # in the mean it lost 0.3
    sunk = [fabricate("empo", seed, problems=60, every=5, base=0.9, peak=0.9, collapse_at=16) for seed in range(2)]
    less = fabricate("empo", 2, problems=60, every=5, base=0.9, peak=0.9, collapse_at=60)
    assert lines([*sunk, less])["empo"].verdict.word == "fell"


def test_a_rise_has_not_held_where_a_large_fall_cannot_be_excluded() -> None:
    lasts = (None, None, 66)
    seeds = [
        fabricate("empo", seed, problems=60, every=5, base=0.5, peak=0.95, collapse_at=last)
        for seed, last in enumerate(lasts)
    ]
    found = lines(seeds)["empo"]
    assert found.verdict.peak - found.verdict.end < LARGE and found.verdict.word == "undecided"


def test_the_outcome_says_how_a_method_fell() -> None:
    sinking = runs("random_reward", base=0.9, peak=0.9, collapse_at=30)
    found = lines(sinking, runs("empo", base=0.5, peak=0.95, collapse_at=60), runs("soft_vote", base=0.5, peak=0.9))
    words = {name: line.outcome for name, line in found.items()}
    assert words == {"soft_vote": "rose and held", "empo": "rose, hacked", "random_reward": "fell, as noise"}
    assert found["empo"].as_json()["fell"] == "hacked" and found["empo"].as_json()["fell_runs"] == 3


def test_a_change_that_is_sure_but_small_is_none() -> None:
    found = lines(runs("majority_vote", base=0.9, peak=0.9 + LEAST / 2, samples=256, k=(1,)))
    assert found["majority_vote"].verdict.word == "no change"


def test_the_table_fits_80_columns_with_whole_names() -> None:
    records = [*runs("probability_disparity", base=0.5, peak=0.95, collapse_at=30), *runs("ground_truth")]
    text = io.StringIO()
    show(records, Console(file=text, width=80, force_terminal=False))
    printed = text.getvalue().splitlines()
    assert max(map(len, printed)) <= 80
    (row,) = (line for line in printed if line.startswith("probability_disparity "))
    assert "rose, hacked" in row and "3/3 @" in row
    wide = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    show(records, Console(file=wide, width=120, force_terminal=False))
    wide.seek(0)
    assert "█" in wide.read()


def test_forty_methods_of_a_long_named_model_fit_80_columns() -> None:
    model = "organisation/A-Model-With-A-Very-Long-Name-And-7B-Parameters-Instruct-2507"
    records = [
        fabricate(f"method_{i:02d}_of_a_long_name", model=model, collapse_at=20 if i % 2 else None) for i in range(39)
    ]
    records += [
        fabricate(seed=seed, model=model, base=0.99, peak=0.99, params={"a": 1.5, "b": "c" * 60}) for seed in range(12)
    ]
    text = io.StringIO()
    show(records, Console(file=text, width=80, force_terminal=False))
    printed = text.getvalue()
    assert max(map(len, printed.splitlines())) <= 80
    assert printed.count("method_") == 39 and printed.count(" 1/1 @") == 19 and "40 methods on one model" in printed
    widest = "1.00 > 1.00 (4000) > 1.00", "rose, then fell", "12/12 @4000", counted(9_999_000)
    assert SHORTEST + sum(len(cell) + 1 for cell in widest) <= 80
    assert [counted(n) for n in (36_100, 9_999_000, 64_000_000, 2e10)] == ["36k", "9,999k", "64M", "2e+10"]


def test_runs_with_changed_settings_are_folded_and_named_by_what_they_change(command, tmp_path) -> None:
    write(fabricate(), tmp_path / "published" / "seed0.json")
    write(fabricate("empo", overrides={"steps": "40"}), tmp_path / "changed" / "seed0.json")
    done = command("summary", tmp_path)
    assert "majority_vote" in done.stdout and "empo" not in done.stdout
    assert "left out: 1 run with changed settings or that end early; --all or a folder shows them" in done.stderr
    for asked in ([tmp_path, "--all"], [tmp_path / "changed"]):
        shown = command("summary", *asked)
        assert " with steps=40 · " in shown.stdout and "left out" not in shown.stderr
    whole = command("summary", tmp_path, "--all").stdout
    assert whole.index("majority_vote") < whole.index("empo")


def test_each_row_has_its_seeds_and_the_interval_of_its_end(command, tmp_path) -> None:
    for seed in range(3):
        write(fabricate(seed=seed), tmp_path / f"seed{seed}.json")
    write(fabricate("empo"), tmp_path / "other" / "seed0.json")
    (found,) = json.loads(command("summary", tmp_path, "--json").stdout)["summaries"]
    three, one = sorted(found["lines"], key=lambda line: -line["seeds"])
    assert three["end_low"] <= three["end"] <= three["end_high"]
    rows = {line.split()[0]: line for line in command("summary", tmp_path).stdout.splitlines() if line.strip()}
    ends = f"[{three['end_low']:.2f}, {three['end_high']:.2f}]".replace("0.", ".")
    assert f"{ends} " in rows["majority_vote"] and "]*" in rows["empo"] and one["seeds"] == 1


def test_json_is_one_document(command, tmp_path) -> None:
    write(fabricate("majority_vote"), tmp_path / "seed0.json")
    done = command("summary", str(tmp_path), "--json")
    (found,) = json.loads(done.stdout)["summaries"]
    assert found["lines"][0]["method"] == "majority_vote" and found["lines"][0]["verdict"] in OUTCOMES


def test_runs_that_nothing_judged_are_named() -> None:
    with pytest.raises(UsageError, match="no run has been judged"):
        summaries([])


def test_many_comparisons_are_a_line_each_under_one_verdict(command, tmp_path) -> None:
    for model in range(FEW + 1):
        write(fabricate("empo", model=f"m{model}", collapse_at=20), tmp_path / f"{model}" / "empo" / "seed0.json")
        write(fabricate("probability", model=f"m{model}"), tmp_path / f"{model}" / "probability" / "seed0.json")
        write(fabricate("ground_truth", model=f"m{model}"), tmp_path / f"{model}" / "reference" / "seed0.json")
    done = command("summary", tmp_path)
    first, *rest = done.stdout.splitlines()
    rows = [line for line in rest if " · m" in line]
    assert first.startswith(f"Of {2 * (FEW + 1)} rewards without labels in {FEW + 1} comparisons")
    assert len(rows) == FEW + 1 and "empo" not in done.stdout and "left out: the tables" in done.stderr
    (words,) = {line.split(" 1 ", 1)[1].strip() for line in rows}
    counts = [(int(part[0]), part[2:]) for part in words.split("; ")]
    verdict = " ".join(done.stdout.partition("\n\n")[0].split())
    assert sum(count for count, _ in counts) == 2
    assert all(f"{(FEW + 1) * count} {word}" in verdict for count, word in counts)
    for asked in ([tmp_path, "--all"], [tmp_path / "0"]):
        shown = command("summary", *asked)
        assert "empo" in shown.stdout and "ground_truth" in shown.stdout and "the tables" not in shown.stderr
