"""The proof of a GPU: refused without one, its checks as far as processors go, and the sentence that it writes."""

import json
import subprocess
import sys

import pytest
import torch

from benchmarks import gpu_proof
from tests.conftest import ROOT
from urlvr_bench.reports import scaling_docs


@pytest.mark.lab
@pytest.mark.skipif(torch.cuda.is_available(), reason="needs a machine without a GPU")
def test_a_machine_without_a_gpu_is_refused_in_one_line(tmp_path):
    target = tmp_path / "proof.json"
    command = [sys.executable, ROOT / "benchmarks" / "gpu_proof.py", "--json", target]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100, cwd=ROOT)
    assert done.returncode == 2 and not target.exists()
    assert done.stdout.startswith("error: this proof needs a CUDA GPU") and done.stdout.count("\n") == 1


@pytest.mark.lab
def test_checks_train_and_compare_and_one_that_fails_or_is_skipped_leaves_the_others(capsys):
    proof = gpu_proof.Proof("pocket-6", "chain_addition")
    proof.check("same", lambda given: gpu_proof.signals(given, ("cpu", "cpu")))
    proof.check("broken", lambda given: {"passed": given.nothing})
    proof.check("one_gpu", lambda _: gpu_proof.require_gpus(1_000_000))
    proof.check("run", lambda given: {"passed": gpu_proof.steady(given.run("r", "--method", "majority_vote")) > 0})
    states = [(check["check"], check["state"]) for check in proof.checks]
    assert states == [("same", "passed"), ("broken", "failed"), ("one_gpu", "skipped"), ("run", "passed")]
    assert set(proof.checks[0]["apart"]) == {"logprobs", "entropies", "self_certainties", "top_gaps"}
    assert "needs 1000000 GPUs" in proof.checks[2]["why"]


def test_the_page_says_never_until_a_proof_is_there(tmp_path):
    path = tmp_path / "proof.json"
    assert "never been run on a GPU" in scaling_docs.proof(path)
    checks = [{"check": "training", "state": "passed", "seconds": 61.2}, {"check": "server", "state": "skipped"}]
    path.write_text(json.dumps({"gpus": ["A"], "date": "D", "torch": "T", "model": "m", "checks": checks}))
    said = scaling_docs.proof(path)
    assert "never" not in said and "Run on A (D, torch T, m)" in said and "| training | passed  | 61.2" in said
