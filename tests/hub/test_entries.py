"""Trained policies on the Hub: on which boards of benchmarks they stand, read back by the Hub's own client; cards."""

import json
import re
from pathlib import Path
from typing import Any

import hubboards
import pytest
import yaml
from hubdesk import Desk, signed_in
from huggingface_hub import constants
from records import fabricate

from urlvr_bench import released, tasks
from urlvr_bench.errors import UsageError
from urlvr_bench.hub import bases, entries
from urlvr_bench.hub.cards import HUB_ID
from urlvr_bench.records import record
from urlvr_bench.records.record import Record
from urlvr_bench.reports import task_docs

desk = pytest.fixture(signed_in)
REPO, BASE = "org/results", "someone/tiny"
GSM8K, GPQA, MMLU_PRO = "openai/gsm8k", "Idavidrein/gpqa", "TIGER-Lab/MMLU-Pro"


def trained(task: str, problems: int, ood: tuple[str, ...] = (), model: str = BASE, **changes: Any) -> Record:
    """Return the record of a policy that was trained on a task of this suite, as this version has it."""
    one = fabricate(steps=4, task=task, model=model, problems=problems, samples=4, k=(1, 4), ood=ood)
    now = tasks.load(task)
    about = {"version": now.version, "source": now.source, "revision": now.revision, **changes}
    return one.model_copy(update={"task": one.task.model_copy(update=about)})


def folder(tmp_path: Path, one: Record, **files: str) -> Path:
    """Write the run folder of a record, weights and all."""
    run = tmp_path / "runs" / one.path.with_suffix("")
    record.write(one, run / "record.json")
    weights = run / "weights" / "step-000004"
    weights.mkdir(parents=True)
    whole = {"model.safetensors": "weights", "config.json": "{}", "tokenizer.json": "{}", "training_args.bin": "x"}
    for name, text in (files or whole).items():
        (weights / name).write_text(text)
    return tmp_path / "runs"


def pushed(desk: Desk, tmp_path: Path, one: Record, **files: str) -> tuple[str, dict[str, bytes]]:
    """Push a policy to a Hub that has the benchmarks; return its repo and what that holds."""
    if not hubboards.benchmarks(desk.fake):
        hubboards.register(desk.fake)
    model = desk.push([folder(tmp_path, one, **files)], REPO, models=True)[-1].repo.id
    return model, desk.fake.files(f"models/{model}")


def metadata(files: dict[str, bytes]) -> dict[str, Any]:
    return hubboards.card(files)


def test_tasks_name_the_benchmark_that_their_test_split_is_and_no_other() -> None:
    boards = {
        f"{dataset} {task['config']} {task['split']}": task["id"]
        for dataset, registered in hubboards.REGISTERED.items()
        for task in registered
    }
    found = {}
    for name in tasks.names():
        task = tasks.load(name)
        test = task.config["dataset_kwargs"].get("sources", {}).get("test", {})
        where = f"{test.get('id')} {test.get('config', 'default')} {test.get('split')}"
        one = entries.benchmark(task)
        assert (one and one.task_id) == boards.get(where), name
        found |= {name: one} if one else {}
    assert set(found) == {"gsm8k", "gpqa_diamond", "mmlu_pro"}
    assert entries.benchmark(tasks.load("gsm8k@native")) == found["gsm8k"]


@pytest.mark.parametrize(
    ("name", "given"), [("gsm8k", "gsm8k"), ("gsm8k", {"task_id": "gsm8k"}), ("chain_addition", {"task_id": "x"})]
)
def test_a_benchmark_that_is_not_named_in_full_is_one_line(name: str, given: Any) -> None:
    task = tasks.load(name)
    config = {**task.config, "metadata": {**task.config["metadata"], "benchmark": given}}
    with pytest.raises(UsageError, match=rf"tasks/{name}.yaml: metadata.benchmark is .*; give \{{task_id"):
        entries.benchmark(tasks.Task(name, config))


def test_the_size_of_a_benchmark_is_that_of_the_published_split() -> None:
    counted = json.loads(task_docs.COUNTS.read_text())
    for name in tasks.names():
        if one := entries.benchmark(tasks.load(name)):
            stated = f"{one.problems:,} questions" in tasks.load(name).description
            assert stated or counted[name]["test"]["rows"] == one.problems, name


def test_data_sets_of_a_card_are_those_that_were_trained_on() -> None:
    for name in tasks.names():
        task = tasks.load(name)
        sources = task.config["dataset_kwargs"].get("sources", {})
        first = sources.get(task.splits[0])
        assert bool(HUB_ID.fullmatch(task.source)) == bool(sources), name
        assert not first or "id" not in first or first["id"] == task.source, name


def test_the_hubs_own_calls_read_back_what_was_written(desk: Desk, tmp_path: Path) -> None:
    one = trained("gsm8k", 1319)
    model, files = pushed(desk, tmp_path, one)
    assert model == "org/urlvr-pocket-1-someone__tiny-gsm8k-majority_vote-seed0"
    assert set(files) - {".gitattributes"} == {
        "model.safetensors",
        "config.json",
        "tokenizer.json",
        "record.json",
        "README.md",
        ".eval_results/gsm8k.yaml",
    }
    last = next(evaluation for evaluation in one.evals if evaluation.step == 4)
    percent = pytest.approx(100 * sum(last.correct) / (4 * 1319), abs=0.01)
    api = desk.hub.api
    assert {found.id for found in api.list_datasets(benchmark=True)} == set(hubboards.REGISTERED)
    (row,) = api.get_dataset_leaderboard(GSM8K, base_model_only=False)
    assert (row.rank, row.model_id, row.value, row.filename) == (1, model, percent, ".eval_results/gsm8k.yaml")
    assert row.source == {"url": f"https://huggingface.co/datasets/{REPO}", "name": "urlvr-bench"}
    assert row.notes is not None and "majority_vote, seed 0" in row.notes and "avg@4 over 1319" in row.notes
    assert api.get_dataset_leaderboard(GSM8K) == []  # by default without models that name their base
    for info in (api.model_info(model, expand=["evalResults"]), *api.list_models(author="org", expand=["evalResults"])):
        (entry,) = info.eval_results
        assert (entry.dataset_id, entry.task_id, entry.value) == (GSM8K, "gsm8k", percent)
        assert (entry.dataset_revision, entry.date) == (one.task.revision, one.provenance.finished)
    again = desk.push([tmp_path / "runs"], REPO, models=True)
    assert not any(each.change for each in again)


def test_policies_are_ranked_on_the_board_of_a_benchmark(desk: Desk, tmp_path: Path) -> None:
    better = trained("gsm8k", 1319)
    worse = fabricate("token_entropy", steps=4, task="gsm8k", model=BASE, problems=1319, samples=4, k=(1, 4), peak=0.5)
    worse = worse.model_copy(update={"task": better.task})
    models = [pushed(desk, tmp_path / str(n), one)[0] for n, one in enumerate((worse, better))]
    rows = desk.hub.api.get_dataset_leaderboard(GSM8K, base_model_only=False)
    assert [row.model_id for row in rows] == models[::-1] and rows[0].value > rows[1].value


@pytest.mark.parametrize(
    ("one", "said"),
    [
        (trained("gsm8k_train", 500), None),  # its test split is MATH-500, whatever it was trained on
        (trained("gsm8k_train", 1319), None),
        (trained("math500", 500), None),  # no benchmark of the Hub
        (trained("chain_addition", 20, model="pocket-6"), None),
        (trained("gsm8k", 100), "no entry, as 100 of 1,319 problems were judged"),
        (trained("gsm8k", 1319, version="1-boxed-chat"), "1-boxed-chat of openai/gsm8k was judged, not 2-boxed-chat"),
        (trained("gsm8k", 1319, source="someone/else"), "2-boxed-chat of someone/else was judged"),
        (trained("math_train", 100, ood=("gsm8k",)), "no entry, as 100 of 1,319 problems were judged"),
    ],
    ids=lambda value: value.task.name if isinstance(value, Record) else str(value)[:30],
)
def test_nothing_else_is_written_as_a_result_of_a_benchmark(
    desk: Desk, tmp_path: Path, one: Record, said: str | None
) -> None:
    model, files = pushed(desk, tmp_path, one)
    assert not [path for path in files if "eval_results" in path]
    assert desk.hub.api.model_info(model, expand=["evalResults"]).eval_results is None
    told = [line for line in [*desk.said, files["README.md"].decode()] if "no entry" in line]
    assert len(told) == (2 if said else 0) and all(said in line for line in told if said)


@pytest.mark.parametrize(("ood", "dataset", "problems"), [("gpqa_diamond", GPQA, 198), ("mmlu_pro", MMLU_PRO, 12032)])
def test_a_benchmark_that_was_not_trained_on_has_its_entry_too(
    desk: Desk, tmp_path: Path, ood: str, dataset: str, problems: int
) -> None:
    model, files = pushed(desk, tmp_path, trained("math_train", problems, ood=(ood, "gsm8k")))
    assert [path for path in files if "eval_results" in path] == [f".eval_results/{ood}.yaml"]
    (row,) = desk.hub.api.get_dataset_leaderboard(dataset, base_model_only=False)
    (entry,) = desk.hub.api.model_info(model, expand=["evalResults"]).eval_results
    assert (row.model_id, row.value) == (model, entry.value) and entry.dataset_revision is None
    assert f"{dataset} ({entry.task_id}): {entry.value} % of {problems:,}" in files["README.md"].decode()


def test_a_wrong_entry_of_an_earlier_push_goes_and_those_of_others_stay(desk: Desk, tmp_path: Path) -> None:
    one = trained("gsm8k_train", 500)
    model, _ = pushed(desk, tmp_path, one)
    wrong = [{"dataset": {"id": GSM8K, "task_id": "gsm8k"}, "value": 90.0}]
    theirs = [{"dataset": {"id": "cais/hle", "task_id": "hle"}, "value": 1.0}]
    for name, entry in (("gsm8k_train", wrong), ("hle", theirs)):
        desk.fake.put(f"models/{model}", f".eval_results/{name}.yaml", yaml.safe_dump(entry).encode())
    assert len(desk.hub.api.get_dataset_leaderboard(GSM8K, base_model_only=False)) == 1
    desk.push([tmp_path / "runs"], REPO, models=True)
    assert not desk.hub.api.get_dataset_leaderboard(GSM8K, base_model_only=False)
    (kept,) = desk.hub.api.model_info(model, expand=["evalResults"]).eval_results
    assert kept.dataset_id == "cais/hle"


def test_the_page_about_it_reads_the_board_and_names_the_benchmarks(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    page = (Path(__file__).parents[2] / "docs" / "hub.md").read_text()
    model, _ = pushed(desk, tmp_path, trained("gsm8k", 1319))
    capsys.readouterr()
    monkeypatch.setattr(constants, "ENDPOINT", desk.fake.url)
    (code,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    exec(code, {})  # noqa: S102 (a page of this repository)
    assert capsys.readouterr().out.startswith(f"1 {model} ")
    for name in tasks.names():
        if one := entries.benchmark(tasks.load(name)):
            assert f"`{name}` ({one.dataset})" in page
            assert name != "gsm8k" or f"{{task_id: {one.task_id}, problems: {one.problems}}}" in page


def test_a_dry_run_without_the_hub_says_what_would_go(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    runs = folder(tmp_path, trained("gsm8k", 1319))
    *_, model = desk.push([runs], REPO, models=True, namespace="org", dry_run=True)
    assert ".eval_results/gsm8k.yaml" in model.change.added and b"license: unknown" in model.change.added["README.md"]
    assert not desk.fake.log


@pytest.mark.parametrize(
    ("stated", "license"),
    [
        ({"license": "mit"}, {"license": "mit"}),
        (
            {"license": "other", "license_name": "tiny-1", "license_link": "LICENSE"},
            {
                "license": "other",
                "license_name": "tiny-1",
                "license_link": "https://huggingface.co/someone/tiny/blob/main/LICENSE",
            },
        ),
        ({}, {"license": "unknown"}),
        (None, {"license": "unknown"}),
    ],
)
def test_a_policy_keeps_the_licence_of_its_base_and_names_its_data(
    desk: Desk, tmp_path: Path, stated: dict[str, str] | None, license: dict[str, str]
) -> None:
    if stated is not None:
        desk.fake.create(f"models/{BASE}")
        text = f"---\n{yaml.safe_dump({**stated, 'tags': ['x']})}---\n# tiny\n"
        desk.fake.put(f"models/{BASE}", "README.md", text.encode())
    found = metadata(pushed(desk, tmp_path, trained("gsm8k_train", 500))[1])
    assert {key: value for key, value in found.items() if key.startswith("license")} == license
    assert (found["base_model"], found["base_model_relation"]) == (BASE, "finetune")
    assert found["datasets"] == ["openai/gsm8k"] and "model-index" not in found


def test_models_of_this_package_have_its_licence_and_released_ones_their_own(desk: Desk) -> None:
    assert bases.find("pocket-6", desk.hub) == bases.Base(None, {"license": "apache-2.0"})
    ours = released.MODELS[0]
    assert bases.find(ours.name, desk.hub) == bases.Base(ours.hub_id, {"license": "apache-2.0"})
    assert bases.find("my-folder", desk.hub) == bases.Base(None, {"license": "unknown"})
    assert not desk.fake.log


@pytest.mark.parametrize(("base", "named"), [(BASE, BASE), ("pocket-6", "pocket-6")])
def test_an_adapter_names_its_base_and_no_place_on_this_machine(
    desk: Desk, tmp_path: Path, base: str, named: str
) -> None:
    config = json.dumps({"r": 4, "base_model_name_or_path": "/home/somebody/models/tiny"})
    one = trained("chain_addition", 20, model=base)
    _, files = pushed(desk, tmp_path, one, **{"adapter_config.json": config, "adapter_model.safetensors": "weights"})
    assert json.loads(files["adapter_config.json"]) == {"r": 4, "base_model_name_or_path": named}
    assert not re.search(rb"/home/", b"".join(files.values()))
    found = metadata(files)
    assert found["library_name"] == "peft" and found.get("base_model_relation") == ("adapter" if base == BASE else None)
