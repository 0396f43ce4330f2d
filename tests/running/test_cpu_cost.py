"""What a run of a real model takes on a CPU, held to what two runs took."""

import pytest

from urlvr_bench import protocol
from urlvr_bench.protocol import Run
from urlvr_bench.running import cpu_cost, estimates, machine, plan

SMOL = "HuggingFaceTB/SmolLM2-135M-Instruct"
GFLOPS = {16: 121e9, 64: 186e9, 512: 211e9, 1024: 200e9}
"""Of a core with AVX512-BF16 in bfloat16, by the rows of the product."""


@pytest.fixture(autouse=True)
def known_core(monkeypatch):
    def seconds(rows: int, precision: str, threads: int) -> float:
        return 2 * rows / (GFLOPS[min(GFLOPS, key=lambda known: abs(known - rows))] * threads)

    monkeypatch.setattr(cpu_cost, "seconds_per_weight", seconds)


def minutes(name: str, task: str, prompt: int, threads: int, monkeypatch, **settings: str) -> float:
    monkeypatch.setattr(cpu_cost, "prompt_tokens", lambda task: prompt)
    run = Run(protocol.load(name, settings), SMOL, task, "majority_vote", 0)
    return cpu_cost.cost(run, threads).minutes


def test_the_estimate_is_within_half_of_what_was_measured(monkeypatch):
    desk = minutes("desk-press", "words", 23, 1, monkeypatch)
    assert 7.4 / 1.5 < desk < 7.4 * 1.5  # 60 steps of 5.0 s and 7 judgements of 20 s, on a core of its own
    half = {f"{part}.precision": "bfloat16" for part in ("training", "evaluation")}
    longer = {"training.max_completion_tokens": "256", "evaluation.max_tokens": "256", **half}
    step = minutes(
        "smoke", "gsm8k", 130, 2, monkeypatch, **longer, **{"training.steps": "400", "evaluation.every": "400"}
    )
    assert 68 / 1.5 < step * 60 / 400 < 68 * 1.5  # seconds, on two cores


def test_freezing_the_embeddings_saves_their_gradients_and_moments():
    shape, training = cpu_cost.shape_of(SMOL), protocol.load("desk-press").training
    whole = cpu_cost.memory(shape, training.model_copy(update={"freeze_embeddings": False}), 20)
    assert whole - cpu_cost.memory(shape, training, 20) == 12 * shape.vocabulary * shape.hidden


def test_a_run_takes_its_share_of_the_cores_or_what_was_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda _: range(8))
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    assert [machine.threads(SMOL, jobs) for jobs in (1, 2, 3, 16)] == [8, 4, 2, 1]
    assert machine.threads("pocket-6", 1) == 1
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    assert machine.threads(SMOL, 1) == 3


def test_what_a_processor_only_emulates_is_estimated_and_float32_is_offered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "devices", list)
    monkeypatch.setattr(cpu_cost, "prompt_tokens", lambda task: 23)
    run = Run(protocol.load("desk-press"), "smollm2-135m", "words", "majority_vote", 0)
    shape = cpu_cost.shape_of(SMOL)
    monkeypatch.setattr(cpu_cost, "shape_of", lambda model: shape)
    cell = plan.Cell(run, run.path, "new")
    low, full = {"bfloat16": 1e-7, "float32": 1e-8}, {"bfloat16": 1e-9, "float32": 1e-8}
    monkeypatch.setattr(cpu_cost, "seconds_per_weight", lambda rows, precision, threads: rows * low[precision])
    slow = estimates.minutes_per_run(cell, run.path, 1)
    offered = estimates.minutes_in_float32([cell], 1)
    assert offered is not None and slow is not None and offered < slow / 5
    monkeypatch.setattr(cpu_cost, "seconds_per_weight", lambda rows, precision, threads: rows * full[precision])
    assert estimates.minutes_per_run(cell, run.path, 1) == run.protocol.reference_minutes
    assert estimates.minutes_in_float32([cell], 1) is None
