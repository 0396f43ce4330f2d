"""How whole Qwen3 models lie in files and among processes: on the meta device, where nothing takes memory."""

import inspect
import re

import pytest
from accelerate import FullyShardedDataParallelPlugin
from accelerate.utils.fsdp_utils import fsdp2_prepare_auto_wrap_policy
from huggingface_hub import split_torch_state_dict_into_shards
from peft import get_peft_model_state_dict
from torch.distributed.fsdp import FSDPModule
from torch.distributed.tensor import DTensor
from transformers import PreTrainedModel

from urlvr_bench import protocol
from urlvr_bench.running import footprint, shapes
from urlvr_bench.training import tracked

GB = 10**9
PROCESSES = 8
FILES = {"Qwen/Qwen3-1.7B-Base": 2, "Qwen/Qwen3-4B-Base": 4, "Qwen/Qwen3-8B-Base": 7}
"""Of at most 5 GB each, as models of these sizes are published."""
WHOLE = protocol.load("paper").training
ADAPTER = protocol.load("paper", {"lora_rank": "32", "backend": "hf"}).training


def norms(shape: shapes.Shape, head: int = 128) -> int:
    """Return the weights that a shape leaves out: two norms and two of heads in a block, and the last."""
    return shape.layers * (2 * shape.hidden + 2 * head) + shape.hidden


@pytest.mark.parametrize("name", FILES)
def test_a_checkpoint_holds_every_weight_once_in_files_below_their_limit(name: str) -> None:
    weights = dict(tracked.model_of(shapes.KNOWN[name], WHOLE).named_parameters())  # tied ones are one
    total = 4 * (shapes.shape_of(name).parameters + norms(shapes.shape_of(name)))
    limits = {
        inspect.signature(PreTrainedModel.save_pretrained).parameters["max_shard_size"].default: 1,
        5 * GB: FILES[name],
    }
    for limit, number in limits.items():
        split = split_torch_state_dict_into_shards(
            weights, filename_pattern="model{suffix}.safetensors", max_shard_size=limit
        )
        files = split.filename_to_tensors
        assert split.metadata["total_size"] == total and len(files) == number
        assert sorted(key for keys in files.values() for key in keys) == sorted(weights)
        sizes = [sum(4 * weights[key].numel() for key in keys) for keys in files.values()]
        assert sum(sizes) == total and (number == 1 or max(sizes) <= 5 * GB)
        ending = "" if number == 1 else rf"-0000\d-of-0000{number}"
        assert all(re.fullmatch(rf"model{ending}\.safetensors", file) for file in files)


@pytest.mark.parametrize("name", FILES)
def test_the_checkpoint_of_an_adapter_holds_the_adapter_alone(name: str) -> None:
    shape, model = shapes.shape_of(name), tracked.model_of(shapes.KNOWN[name], ADAPTER)
    saved = get_peft_model_state_dict(model, save_embedding_layers=False)
    assert sum(weight.numel() for weight in saved.values()) == footprint.adapter_parameters(shape, 32)
    assert len(saved) == 2 * 7 * shape.layers and all(".lora_" in key for key in saved)


@pytest.mark.parametrize("training", [WHOLE, ADAPTER], ids=["whole", "adapter"])
@pytest.mark.parametrize("name", FILES)
def test_every_block_is_a_unit_and_every_process_holds_its_part(name, training) -> None:
    shape, model = shapes.shape_of(name), tracked.model_of(shapes.KNOWN[name], training)
    blocks = [*(model.get_base_model() if training.lora_rank else model).model.layers]
    plugin = FullyShardedDataParallelPlugin(fsdp_version=2, auto_wrap_policy="transformer_based_wrap")  # TRL's fsdp2
    policy = fsdp2_prepare_auto_wrap_policy(plugin, model)
    assert policy is not None and [part for part in model.modules() if policy(part)] == blocks
    with tracked.one_of(PROCESSES) as mesh:
        tracked.shard(model, training, mesh)
        assert len(blocks) == shape.layers and all(isinstance(block, FSDPModule) for block in blocks)
        adapter = footprint.adapter_parameters(shape, training.lora_rank)
        of_block = shape.block + (norms(shape) - shape.hidden + adapter) // shape.layers
        assert {local_bytes(block) for block in blocks} == {4 * of_block / PROCESSES}
        assert local_bytes(model) == 4 * (shape.parameters + norms(shape) + adapter) / PROCESSES


def local_bytes(part) -> float:
    """Return bytes of the weights that the first process holds of a part."""
    weights = [*part.parameters()]
    assert all(isinstance(weight, DTensor) for weight in weights)
    return float(sum(4 * weight.to_local().numel() for weight in weights))
