"""The Python interface: what docs/python.md shows runs, frames hold what they document, and refusals name the way."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import urlvr_bench as ub
from tests.conftest import ROOT
from urlvr_bench.api import results
from urlvr_bench.errors import UsageError
from urlvr_bench.local_data import DATA_VARIABLE

BLOCKS = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "python.md").read_text(), re.DOTALL)
LABELLED = ("train_accuracy", "label_accuracy", "reward_accuracy", "mixed_groups", "pass_at_group")


def python(code: str, folder: Path) -> str:
    values = {**os.environ, "PYTHONPATH": str(ROOT), "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder, env=values, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


@pytest.mark.lab
@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: re.sub(r"\W+", " ", block)[-40:])
def test_every_example_of_the_page_runs(block: str, tmp_path: Path) -> None:
    (tmp_path / "results").symlink_to(ROOT / "results")
    assert python(block, tmp_path).strip()


def test_policy_trainer_on_ones_own_data_takes_at_most_25_lines() -> None:
    (block,) = (block for block in BLOCKS if "PolicyTrainer(" in block)
    assert len(block.splitlines()) <= 25


def test_importing_the_package_loads_no_engine(tmp_path: Path) -> None:
    code = "import sys, urlvr_bench; dir(urlvr_bench); print({'torch', 'pandas', 'trl', 'datasets'} & set(sys.modules))"
    assert python(code, tmp_path).strip() == "set()"
    assert set(ub.__all__) == set(dir(ub)) and all(getattr(ub, name) for name in ("load", "table", "Results", "Extra"))
    with pytest.raises(AttributeError, match="no attribute 'lod'"):
        ub.lod  # noqa: B018


@pytest.fixture(scope="module")
def loaded() -> ub.Results:
    return ub.load(ROOT / "results" / "pocket@1" / "pocket-6" / "chain_addition" / "majority_vote")


def test_frames_hold_the_documented_columns_and_the_records_numbers(loaded: ub.Results) -> None:
    assert list(loaded.runs) == [*results.KEYS, *results.RUNS]
    assert list(loaded.steps) == [*results.KEYS, *results.STEPS]
    assert list(loaded.problems) == [*results.KEYS, *results.PROBLEMS]
    one, first = loaded.records[0], loaded.runs.iloc[0]
    assert len(loaded.runs) == len(loaded.records) and len(loaded.steps) == sum(r.last_step for r in loaded.records)
    counts = loaded.problems.query("seed == @one.seed and step == @one.last_step")
    assert first["final"] == pytest.approx(counts["correct"].sum() / counts["n"].sum())
    assert loaded.steps.query("seed == @one.seed")["proxy_reward"].tolist() == one.steps.proxy_reward
    assert (loaded.problems["majority"] <= loaded.problems["n"]).all()


def test_table_is_the_frame_behind_the_command(loaded: ub.Results) -> None:
    frame = ub.table(loaded, "pass")
    assert frame.loc[frame["method"] == "majority_vote", "avg@16"].item() == pytest.approx(loaded.runs["final"].mean())
    assert ub.table(loaded, "ood").empty
    with pytest.raises(UsageError, match="unknown kind of table 'pas'; did you mean 'pass'"):
        ub.table(loaded, "pas")


def test_a_folder_without_records_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no records under"):
        ub.load(str(tmp_path))


def test_a_reward_function_pays_groups_and_reads_equal_answers_as_one() -> None:
    reward = ub.reward_function("majority_vote", task="gsm8k", group_size=4)
    texts = [r"\boxed{7}", r"so \boxed{7.0}", r"\boxed{8}", "no idea"]
    assert reward(prompts=["3 + 4?"] * 4, completions=texts) == [1.0, 1.0, 0.0, 0.0]
    turns = [[{"role": "assistant", "content": text}] for text in texts]
    asked = [[{"role": "user", "content": "3 + 4?"}]] * 4
    assert reward(prompts=asked, completions=turns, answer=["1"] * 4) == [1.0, 1.0, 0.0, 0.0]
    with pytest.raises(UsageError, match="not the 4 of one prompt: set num_generations=4"):
        reward(prompts=["a", "a", "b", "b"], completions=texts)
    assert reward.__name__ == "majority_vote"


def test_a_file_of_ones_own_says_how_its_answers_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(DATA_VARIABLE, "")
    (tmp_path / "mine.jsonl").write_text('{"prompt": "3 + 4?"}\n')
    reward = ub.reward_function("majority_vote", task=f"{tmp_path}/mine.jsonl@native", group_size=2)
    assert reward(prompts=["3 + 4?"] * 2, completions=[r"\boxed{7}", "hm"]) == [1.0, 0.0]
    ub.verl_reward_function("majority_vote", task=f"{tmp_path}/mine.jsonl")


def test_tokens_and_places_reach_the_methods_that_declare_them() -> None:
    counted = ub.reward_function("length_reward", task="gsm8k", group_size=2)
    long, short = counted(prompts=["a"] * 2, completions=["x", "x"], completion_ids=[[1] * 3000, [1] * 500])
    assert long != short
    drawn = ub.reward_function("random_reward", group_size=2)
    assert drawn(prompts=["a"] * 2, completions=["x", "y"]) == drawn(prompts=["a"] * 2, completions=["x", "y"])


@pytest.mark.parametrize(
    "method", ["token_entropy", "ground_truth", "majority_vote(extra_votes=8)", "self_verification"]
)
def test_what_a_reward_function_cannot_serve_names_the_trainer_that_can(method: str) -> None:
    with pytest.raises(UsageError, match=r"needs .*, which a reward function is not given; .*PolicyTrainer"):
        ub.reward_function(method)


@pytest.mark.parametrize(
    ("method", "says"),
    [
        ("restrain(start_votes=0)", "pays advantages, from which another trainer would take the group's mean"),
        ("majority_vote+0.1*format_only", "hand the trainer its terms one by one, with multi_objective_aggregation"),
    ],
)
def test_what_another_trainer_would_scale_away_is_refused(method: str, says: str) -> None:
    for make in (ub.reward_function, ub.verl_reward_function):
        with pytest.raises(UsageError, match=says):
            make(method)
    weighed = "weighted_sum(terms='majority_vote+0.1*format_only',scale=none)"
    assert ub.reward_function(weighed, group_size=2)(["p"] * 2, ["\\boxed{7}", "hm"]) == pytest.approx([1.1, 0.0])


def test_what_trains_single_tokens_is_no_reward_function(monkeypatch: pytest.MonkeyPatch) -> None:
    class Weighs(ub.Method):
        needs = ("token_counts",)

        def reward(self, group: ub.Group) -> list[float]:
            return [0.0] * len(group)

        def token_advantages(self, group: ub.Group) -> list[list[float]]:
            return [[1.0] * count for count in group.token_counts or []]

    monkeypatch.setattr("urlvr_bench.methods.build", lambda spec: ("weighs", Weighs()))
    with pytest.raises(UsageError, match=r"weighs trains single tokens, which a reward function cannot"):
        ub.reward_function("weighs")


def test_verl_groups_by_index_in_any_order() -> None:
    score = ub.verl_reward_function("majority_vote", task="gsm8k")
    texts = [r"\boxed{7}", r"\boxed{3}", r"\boxed{7}", r"\boxed{4}", r"\boxed{3}", r"\boxed{9}"]
    infos = [{"index": 0}, {"index": 1}, {"index": 0}, {"index": 0}, {"index": 1}, {"index": 1}]
    assert score(["gsm8k"] * 6, texts, [None] * 6, infos) == [1.0, 1.0, 1.0, 0.0, 1.0, 0.0]
    with pytest.raises(UsageError, match="rollout 1 has no extra_info"):
        score(["gsm8k"] * 2, texts[:2], [None] * 2, [{"index": 0}, {}])


@pytest.mark.lab
def test_a_run_is_made_once_and_its_failure_has_a_reason(tmp_path: Path) -> None:
    record = ub.run("majority_vote", protocol="smoke", out=tmp_path, steps=1, **{"evaluation.samples": 2, "k": [1, 2]})
    assert record.steps.step == [1] and record.evals[0].n == 2 and record.protocol.evaluation.k == (1, 2)
    (path,) = tmp_path.rglob("record.json")
    before = path.stat().st_mtime_ns
    assert ub.run("ttrl", protocol="smoke", out=tmp_path, steps=1, **{"evaluation.samples": 2, "k": [1, 2]}) == record
    assert path.stat().st_mtime_ns == before
    with pytest.raises(UsageError, match="unknown protocol setting 'stepz'"):
        ub.run("majority_vote", protocol="smoke", out=tmp_path, stepz=1)
    with pytest.raises(RuntimeError, match="gsm8k"):
        ub.run("majority_vote", protocol="smoke", task="gsm8k@boxed-plain", out=tmp_path)


def test_programs_are_judged_by_the_tests_that_their_prompt_shows() -> None:
    reward = ub.reward_function("python_tests", task="mbpp", group_size=2)
    prompt = "Write add(a, b).\nassert add(3, 4) == 7"
    good, bad = (f"```python\ndef add(a, b): return a {sign} b\n```" for sign in "+-")
    assert reward(prompts=[prompt] * 2, completions=[good, bad]) == [1.0, 0.0]
