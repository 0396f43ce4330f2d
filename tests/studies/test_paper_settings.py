"""Every setting of the study is ours, or differs with a reason: a YAML that drifts from the table fails here."""

from functools import cache

import pytest
from records import fabricate

from urlvr_bench import models, protocol
from urlvr_bench.evaluation.sampling import load_tokenizer
from urlvr_bench.science import indicators
from urlvr_bench.science.ladders import ladders
from urlvr_bench.studies import definition, paper_settings
from urlvr_bench.training import configuration, first_votes, policy, room

ROWS = paper_settings.rows()
RUNS = cache(paper_settings.runs)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.place}: {row.setting}")
def test_a_setting_is_the_studys_or_what_the_table_says_of_it(row):
    assert paper_settings.found(row, RUNS(row.place)) == sorted(row.expected)
    assert (row.why is None) == (row.ours is None)


def test_every_study_and_every_protocol_of_the_paper_is_in_the_table():
    ours = {
        "ood",
        "pressure",
        "alignment",
        "wrong-problems",
        "verifier-quality",
    }  # questions of ours: there is nothing to compare them with
    known = {name for name in protocol.names() if name.startswith("paper")} | set(definition.names())
    assert known - {row.place for row in ROWS} == ours


def test_the_optimizer_and_the_rest_of_the_trainer_are_what_the_scripts_leave_in_force(tmp_path):
    settings = protocol.load("paper", {"vllm": "none", "training.precision": "float32"})
    config = configuration.trainer_config(settings.training, tmp_path, 0, 1, use_cpu=True)
    wanted = {"optim": "adamw_torch", "adam_beta1": 0.9, "adam_epsilon": 1e-8, "beta": 0.0, "epsilon": 0.2}
    wanted |= {"num_iterations": 1, "top_p": 1.0, "top_k": 0, "epsilon_high": 0.2, "mask_truncated_completions": False}
    assert {key: getattr(config, key) for key in wanted} == wanted
    assert config.max_steps == settings.training.steps == 17_000 * 1 // settings.training.prompts_per_step + 1


def test_what_no_setting_holds_is_what_the_code_does():
    assert paper_settings.FIXED["first_votes"] == first_votes.SAMPLES


def test_the_gains_and_pass_at_256_are_of_aime_2024_in_the_indicators_own_terms():
    """The indicator reads pass@256 from the step-0 samples, and gains from the task that a run is judged on."""
    probe = next(run for run in RUNS("priors") if run.protocol.name == "paper-mcs")
    taught = next(run for run in RUNS("priors") if run.method == "ground_truth")
    records = [
        fabricate(run.method, 0, protocol=shortened(run.protocol), model=run.model, task=run.task)
        for run in (probe, taught)
    ]
    assert indicators.start_evaluation(records[0]).n == 256 and records[0].judged == "aime24"
    assert 0 < indicators.pass_gain(records[0]) < 1
    found = {ladder.method: rungs for ladder, rungs in ladders(records).items()}
    assert set(found) == {"majority_vote", "ground_truth"}
    assert len(indicators.per_model(found["majority_vote"], found["ground_truth"])) == 1


def test_the_further_tasks_are_judged_at_every_evaluation_of_the_paper_protocol():
    record = fabricate(protocol=shortened(protocol.load("paper")), task="dapo17k")
    assert {one.step for one in record.evals if one.task == "aime25"} == {0, 4, 8, 12}
    assert {one.task for one in record.evals if one.step == 4} == {"amc23", "aime24", "aime25"}


def shortened(settings):
    """Return a protocol of a few steps, whose records are valid and soon made."""
    training = settings.training.model_copy(update={"steps": 12, "stop_at": None})
    evaluation = settings.evaluation.model_copy(update={"every": 4, "problems": 16})
    return settings.model_copy(update={"training": training, "evaluation": evaluation})


def test_vllm_holds_two_turns_and_no_more_than_a_model_reads():
    """A 128k window would ask for more cache than vLLM's share holds."""
    path = models.resolve("pocket-1")
    words, training = load_tokenizer(path), protocol.load("smoke").training
    assert policy.text_tokens(training, path, words, ["1+2?"]) == 2 * (len(words("1+2?")["input_ids"]) + 12)
    longer = training.model_copy(update={"max_completion_tokens": 7168})
    assert policy.text_tokens(longer, path, words, ["1+2?"]) == room.context(path)


def test_what_is_judged_on_single_problems_is_the_set_that_they_are_from():
    """A study of transitions reads the task judged along the way, which the protocol names."""
    found = [run for name in ("per-problem", "wrong-problems") for run in RUNS(name)]
    assert {(run.task, run.protocol.evaluation.task) for run in found} == {("math500", "math500")}


def test_no_run_is_asked_for_more_tokens_than_its_model_reads():
    short = {"allenai/OLMo-2-1124-7B", "Qwen/Qwen2.5-Math-1.5B"}
    for name in definition.names():
        for run in RUNS(name):
            training, asked = run.protocol.training, run.protocol.evaluation
            longest = max(training.max_completion_tokens, asked.max_tokens)
            assert longest + 1024 <= (4096 if run.model in short else 32768), (name, run.model)


def test_the_indicators_study_makes_no_run_that_the_priors_do_not():
    assert {run.path for run in RUNS("kinds")} <= {run.path for run in RUNS("priors")}
