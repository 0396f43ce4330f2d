"""What is done with stored samples, without a model: score them again, export them in the forms that others read."""

import json
import re
from pathlib import Path

import jsonschema
import lm_eval
import pytest
from lm_eval.tasks import TaskManager
from records import fabricate

from tests.conftest import ROOT
from urlvr_bench import models, protocol, settings, tasks
from urlvr_bench.errors import UsageError
from urlvr_bench.evaluation import evaluate, exporting
from urlvr_bench.evaluation.counting import followed
from urlvr_bench.evaluation.judgements import gather
from urlvr_bench.evaluation.lm_eval_form import results, sample
from urlvr_bench.evaluation.replay import replayed
from urlvr_bench.evaluation.rescore import rescore
from urlvr_bench.local_data import DATA_VARIABLE
from urlvr_bench.pocket.language import tiny_llama, tokenizer
from urlvr_bench.records import record, run_folder
from urlvr_bench.statistics import metrics

TASK, LAST = "chain_addition", 40
SCHEMAS = Path(__file__).parents[1] / "fixtures" / "every_eval_ever"


@pytest.fixture(scope="module")
def judged(tmp_path_factory):
    """A run's folder with the samples of two policies, and the record of them; nothing was trained."""
    folder = tmp_path_factory.mktemp("run")
    evaluation = settings.Evaluation(
        every=LAST, problems=6, samples=4, max_tokens=12, k=(1, 4), greedy=True, baseline_samples=6, native=True
    )
    made = fabricate(steps=LAST, problems=6, samples=4, every=LAST, task=TASK).protocol
    made = made.model_copy(update={"evaluation": evaluation})
    run = protocol.Run(made, "pocket-1", TASK, "majority_vote", 0)
    parts = []
    for step, model in ((0, "pocket-1"), (LAST, "pocket-6")):
        store = folder / "evals" / f"step-{step:06d}"
        parts.append(evaluate.checkpoint(run, models.resolve(model), step, LAST, store))
        files = [folder / "evals" / f"step-{at:06d}" / f"{TASK}.jsonl" for at in (0, step)]
        parts[-1]["evals"][0]["initial"] = followed(tasks.load(TASK), *files)
        run_folder.once(store.with_suffix(".json"), parts[-1].copy, print)
    values = json.loads(fabricate(steps=LAST, problems=6, samples=4, every=LAST, task=TASK).model_dump_json())
    values |= {"protocol": made.model_dump(mode="json"), "protocol_hash": made.hash()}
    values |= {key: [one for part in parts for one in part[key]] for key in ("evals", "controls")}
    values["problems"] = {TASK: parts[0]["problems"][TASK]}
    values["provenance"]["eval_tokens"] = 10**6
    record.write(record.Record.model_validate_json(json.dumps(values)), folder / "record.json")
    return folder


def test_controls_are_greedy_at_both_ends_and_more_samples_at_the_start(judged):
    found = record.read(judged / "record.json")
    assert [(one.step, one.temperature, one.n) for one in found.controls] == [(0, 0.0, 1), (0, 1.0, 6), (LAST, 0.0, 1)]
    more = found.controls[1]
    (first,) = [one for one in found.evals if one.step == 0]
    assert all(few <= many <= few + 2 for few, many in zip(first.correct, more.correct, strict=True))
    assert metrics.evaluation_at(found, 0) == first


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda controls: controls[:-1], r"no control \(40, 'chain_addition', 0.0, 1\)"),
        (lambda controls: [*controls, controls[0]], r"unasked or doubled control \(0, 'chain_addition', 0.0, 1\)"),
    ],
)
def test_a_record_must_hold_the_controls_that_its_protocol_asks_for(judged, change, message):
    values = json.loads((judged / "record.json").read_text())
    values["controls"] = change(values["controls"])
    with pytest.raises(UsageError, match=message):
        record.parse(json.dumps(values).encode())


def test_the_native_style_is_judged_at_the_start_only(tmp_path, monkeypatch):
    rows = [{"question": f"{i} + 1?", "answer": f"Easy.\n#### {i + 1}"} for i in range(3)]
    for split in ("train", "test"):
        (tmp_path / f"{split}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    monkeypatch.setenv(DATA_VARIABLE, f"gsm8k={tmp_path}")
    model = tiny_llama(0)
    model.config.max_position_embeddings = 1024
    model.save_pretrained(tmp_path / "model")
    words = tokenizer()
    words.model_max_length = 1024
    words.save_pretrained(tmp_path / "model")
    changes = {
        "native": "true",
        "problems": "2",
        "samples": "1",
        "k": "[1]",
        "max_tokens": "4",
        "evaluation.every": "4",
    }
    run = protocol.Run(protocol.load("smoke", changes), "m", "gsm8k@boxed-plain", "majority_vote", 0)
    start = evaluate.checkpoint(run, str(tmp_path / "model"), 0, 4, tmp_path / "0")
    assert [one["task"] for one in start["evals"]] == ["gsm8k@boxed-plain"]
    assert [(one["task"], one["temperature"]) for one in start["controls"]] == [("gsm8k@native", 1.0)]
    prompts = {name: row["prompt"] for name in start["problems"] for row in tasks.load(name).docs("test")[:1]}
    assert len(set(prompts.values())) == 2
    assert not evaluate.checkpoint(run, str(tmp_path / "model"), 4, 4, tmp_path / "4")["controls"]


def copied(judged, tmp_path):
    for path in [*judged.rglob("*.json"), *judged.rglob("*.jsonl")]:
        record.write_atomically(tmp_path / path.relative_to(judged), path.read_text())
    return tmp_path


def test_untouched_samples_score_the_same(judged, command):
    done = command("rescore", judged, "--json")
    assert done.returncode == 0, done.stderr
    rows = json.loads(done.stdout)
    assert [(row["step"], row["temperature"], row["samples"]) for row in rows] == [
        (0, None, 4), (0, 0.0, 1), (0, 1.0, 6), (LAST, None, 4), (LAST, 0.0, 1),
    ]  # fmt: skip
    assert not any(row["changed"] or row["differs"] for row in rows)
    assert rows[3]["correct now"] == rows[3]["correct before"] > rows[0]["correct now"]


def test_another_count_is_reported_and_written_only_on_demand(judged, tmp_path, command):
    run = copied(judged, tmp_path)
    path = run / "evals" / "step-000040" / f"{TASK}.jsonl"
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    right = next(one for one in lines[0]["samples"] if one["correct"])
    right["text"] = "nonsense"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    before = (run / "record.json").read_text()
    done = command("rescore", run)
    assert done.returncode == 1 and f"counts differ in {path}" in done.stderr
    assert (run / "record.json").read_text() == before
    assert command("rescore", run, "--write").returncode == 0
    assert metrics.evaluation_at(record.read(run / "record.json"), LAST).correct[0] == (
        metrics.evaluation_at(record.parse(before.encode()), LAST).correct[0] - 1
    )
    after = {one.counts.step: one.counts for one in rescore(run) if not one.differs and not one.changed}
    start = {one.counts.step: one.counts for one in rescore(judged)}
    assert after.keys() == start.keys() == {0, LAST}
    assert after[0].initial == start[0].initial
    step = run_folder.once(run / "evals" / "step-000040.json", dict, print)
    assert step["evals"][0]["correct"] == metrics.evaluation_at(record.read(run / "record.json"), LAST).correct


def test_rescoring_loads_no_engine(judged):
    import subprocess
    import sys

    code = "import sys; from urlvr_bench.evaluation.rescore import rescore; from pathlib import Path;"
    code += "rescore(Path(sys.argv[1]));"
    code += "print([name for name in ('torch', 'lm_eval', 'transformers', 'pandas') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code, judged], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout == "[]\n"


def test_what_is_no_sample_gets_one_line(judged, tmp_path):
    with pytest.raises(UsageError, match="holds no samples: give a run folder"):
        rescore(tmp_path)
    (tmp_path / f"{TASK}.jsonl").write_text('{"id": "a"}\n')
    with pytest.raises(UsageError, match=r"chain_addition\.jsonl line 1 is no problem with its samples"):
        rescore(tmp_path)
    with pytest.raises(UsageError, match=r"steps\.jsonl holds no samples: their file is called <task>\.jsonl"):
        (tmp_path / "steps.jsonl").write_text("")
        rescore(tmp_path / "steps.jsonl")
    with pytest.raises(UsageError, match="unknown step '7'"):
        gather(judged, [7])


def test_exported_results_and_samples_are_those_of_lm_eval(judged):
    (first, *_) = gather(judged, [LAST])
    task = tasks.load(TASK)
    spec = first.record.protocol.evaluation
    path = judged / "evals" / f"step-{LAST:06d}" / f"{TASK}.jsonl"
    with evaluate.undisturbed():
        theirs = lm_eval.evaluate(
            replayed(path),
            TaskManager(include_defaults=False).load([evaluate.config(task, task.docs("test")[:6], spec)]),
            bootstrap_iters=1000,
        )
    ours = json.loads(json.dumps(results(first)))
    assert ours["results"][TASK].keys() == theirs["results"][TASK].keys()
    for key, value in theirs["results"][TASK].items():
        assert ours["results"][TASK][key] == (pytest.approx(value) if isinstance(value, float) else value), key
    for part in ("higher_is_better", "n-shot", "n-samples", "group_subtasks"):
        assert ours[part] == theirs[part], part
    for number, line in enumerate(theirs["samples"][TASK]):
        line = json.loads(json.dumps(line))
        (request,) = line.pop("arguments")
        mine = sample(first, number)
        assert mine.pop("arguments")[0][0] == request[0]
        assert mine == {key: pytest.approx(value) if "@" in key else value for key, value in line.items()}


def test_every_eval_ever_accepts_the_export(judged, tmp_path, command):
    done = command("export", judged, "--format", "every-eval-ever", "--out", tmp_path, "--json")
    assert done.returncode == 0, done.stderr
    aggregate, instance = (
        jsonschema.Draft7Validator(json.loads((SCHEMAS / f"{name}.schema.json").read_text()))
        for name in ("eval", "instance_level_eval")
    )
    written = [Path(path) for path in json.loads(done.stdout)]
    assert len(written) == 10 and len({path.name for path in written}) == 10
    for path in (path for path in written if path.suffix == ".json"):
        values = json.loads(path.read_text())
        aggregate.validate(values)
        rows = [json.loads(line) for line in (tmp_path / values["detailed_evaluation_results"]["file_path"]).open()]
        assert len(rows) == values["detailed_evaluation_results"]["total_rows"]
        for row in rows:
            instance.validate(row)
            assert row["evaluation_id"] == values["evaluation_id"]
        accuracy = next(one for one in values["evaluation_results"] if one["metric_config"]["metric_name"] == "pass@1")
        assert accuracy["evaluation_result_id"] == rows[0]["evaluation_result_id"]
        mean = sum(row["evaluation"]["score"] for row in rows) / len(rows)
        assert accuracy["score_details"]["score"] == pytest.approx(mean)


def test_a_record_alone_is_exported_without_samples(judged, tmp_path):
    written = exporting.export(judged / "record.json", "lm-eval", tmp_path)
    assert len(written) == 5 and all(path.suffix == ".json" for path in written)
    assert {path.parent.name for path in written} == {"pocket-s1250", "pocket-s1250+majority_vote-seed0-step40"}
    with pytest.raises(UsageError, match=re.escape("unknown format 'helm'. Known: lm-eval, every-eval-ever.")):
        exporting.export(judged / "record.json", "helm", tmp_path)
