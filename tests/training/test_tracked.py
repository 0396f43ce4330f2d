"""Models of billions of weights without their memory: what plans say beside what torch's memory tracker counts."""

import pytest

from urlvr_bench import protocol
from urlvr_bench.running import footprint, shapes
from urlvr_bench.training import tracked

BLOCKS = 3
"""Blocks are alike, so a few of each model's tell what they take; the whole ones are in docs/scaling.md."""
WITHIN = 0.1
SIZES = ["Qwen/Qwen3-1.7B-Base", "Qwen/Qwen3-4B-Base", "Qwen/Qwen3-8B-Base"]


@pytest.fixture
def shallow(monkeypatch):
    """Make a known model known with fewer blocks, by another name."""

    def call(name: str) -> str:
        monkeypatch.setitem(shapes.KNOWN, "a/shallow", {**shapes.KNOWN[name], "num_hidden_layers": BLOCKS})
        return "a/shallow"

    return call


@pytest.mark.lab
@pytest.mark.parametrize("name", SIZES)
@pytest.mark.parametrize("processes", [1, 8])
@pytest.mark.parametrize("rank", [0, 32])
def test_a_plan_is_near_what_torch_counts(name, processes, rank, shallow):
    training = protocol.load("paper", {"lora_rank": str(rank), "backend": "hf"} if rank else {}).training
    shape = shapes.shape_of(shallow(name))
    layout = "multi_gpu" if processes == 1 else "fsdp2"
    found = tracked.track(shapes.KNOWN["a/shallow"], training, footprint.PROMPT_TOKENS, processes)
    states = footprint.states(layout, shape.parameters, processes, footprint.adapter_parameters(shape, rank))
    assert found.states == pytest.approx(states, rel=0.01)
    assert found.passes == pytest.approx(states + footprint.activations(layout, shape, training), rel=WITHIN)


@pytest.mark.parametrize("name", SIZES)
def test_an_adapter_is_put_on_every_linear_layer_but_the_head(name):
    training = protocol.load("paper", {"lora_rank": "16", "backend": "hf"}).training
    adapted, shape = tracked.model_of(shapes.KNOWN[name], training), shapes.shape_of(name)
    frozen = {key: weight.numel() for key, weight in adapted.named_parameters() if not weight.requires_grad}
    assert sum(number for key, number in frozen.items() if "norm" not in key) == shape.parameters
    trained = {key: weight.numel() for key, weight in adapted.named_parameters() if weight.requires_grad}
    assert sum(trained.values()) == footprint.adapter_parameters(shape, 16)
    layers = {key.split(".lora_")[0].rpartition(".")[2] for key in trained}
    assert layers == {f"{one}_proj" for one in ("q", "k", "v", "o", "gate", "up", "down")}
