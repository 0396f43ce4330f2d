"""Models and tokenizers that cannot be judged, or need care: one clear line each, with the fix."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from fakehub import Fault, serving

from tests.conftest import ROOT
from urlvr_bench.errors import UsageError
from urlvr_bench.evaluation import evaluate
from urlvr_bench.local_data import DATA_VARIABLE
from urlvr_bench.pocket.language import tiny_llama, tokenizer
from urlvr_bench.settings import Evaluation


def saved(folder: Path, context: int = 64, **words) -> str:
    """Save a random pocket model with a tokenizer of which some settings are others."""
    model = tiny_llama(0)
    model.config.max_position_embeddings = context
    if words.get("eos_token", "$") is None:
        model.generation_config.eos_token_id = model.config.eos_token_id = None
    model.save_pretrained(folder)
    made = tokenizer()
    for name, value in words.items():
        setattr(made, name, value)
    made.save_pretrained(folder)
    return str(folder)


def judged(model: str, store: Path, task: str = "chain_addition", **changes) -> list[evaluate.EvalResult]:
    values = {"every": 1, "problems": 5, "samples": 2, "max_tokens": 8, **changes}
    return evaluate.evaluate(model, [task], 0, Evaluation(**values), 0, store)


def test_a_tokenizer_without_padding_token_samples_the_same(tmp_path):
    (usual,) = judged(saved(tmp_path / "usual"), tmp_path / "a")
    (bare,) = judged(saved(tmp_path / "bare", pad_token=None), tmp_path / "b")
    assert usual == bare
    assert (tmp_path / "a" / "chain_addition.jsonl").read_text() == (
        tmp_path / "b" / "chain_addition.jsonl"
    ).read_text()


@pytest.mark.parametrize(
    ("model", "settings", "message"),
    [
        ({"eos_token": None}, {}, "the tokenizer of model has no end token; set eos_token in its config"),
        ({"context": 16}, {}, "tokens and 8 new tokens do not fit into the model's context of 16"),
        ({}, {"max_tokens": 60}, "and 60 new tokens do not fit into the model's context of 64: lower evaluation.max_t"),
        (
            {},
            {"task": "math500"},
            "math500 asks in the style boxed-chat, but the model's tokenizer has no chat templat",
        ),
    ],
)
def test_what_cannot_be_judged_gets_one_line(tmp_path, monkeypatch, model, settings, message):
    row = {"problem": "1+1?", "solution": "2", "answer": "2"}
    (tmp_path / "test.jsonl").write_text(json.dumps(row) + "\n")
    monkeypatch.setenv(DATA_VARIABLE, f"math500={tmp_path}")
    with pytest.raises(UsageError, match=message) as caught:
        judged(saved(tmp_path / "model", **model), tmp_path, **settings)
    assert "\n" not in str(caught.value)


def test_vllm_that_is_not_installed_gets_one_line(tmp_path, monkeypatch):
    monkeypatch.setattr(evaluate, "find_spec", lambda name: None)
    with pytest.raises(UsageError, match=r"backend vllm needs the package vllm: pip install 'urlvr-bench\[vllm\]'"):
        judged(saved(tmp_path / "model"), tmp_path, backend="vllm")


LOADS = """
import sys
from urlvr_bench.errors import UsageError
from urlvr_bench.evaluation.sampling import load
for name in sys.argv[1:]:
    try:
        load(name, "cpu", "auto")
    except UsageError as error:
        print(error)
"""


def test_models_that_the_hub_does_not_give_get_one_line(tmp_path):
    with serving() as hub:
        gate = {"status": 403, "message": "gated", "headers": {"X-Error-Code": "GatedRepo"}}
        hub.faults.append(Fault("/org/gated/", times=99, **gate))
        call = [sys.executable, "-c", LOADS, "org/gated", "org/none"]
        environment = {"HF_ENDPOINT": hub.url, "HF_HOME": str(tmp_path), "PYTHONPATH": str(ROOT), "PATH": "/usr/bin"}
        done = subprocess.run(call, capture_output=True, text=True, env=environment, timeout=120)
    lines = done.stdout.splitlines()
    assert len(lines) == 2, done.stderr[-2000:]
    assert lines[0].startswith("cannot load model org/gated: it is gated: accept its terms on its page on the hub")
    assert lines[1].startswith("cannot load model org/none: the hub knows no public model of this name")


def test_a_model_that_is_not_in_the_cache_of_an_offline_machine_gets_one_line(tmp_path, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(UsageError, match="cannot load model org/none: it is not in the cache and the hub cannot be"):
        judged("org/none", tmp_path)
