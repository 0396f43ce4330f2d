"""A policy that is sharded among processes: as exact as a whole one, and on processors too."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from accelerate import Accelerator, PartialState
from accelerate.utils import DistributedType, FullyShardedDataParallelPlugin
from torch import Tensor, nn
from torch.distributed.fsdp import FSDPModule, MixedPrecisionPolicy
from torch.distributed.tensor import DTensor, distribute_tensor
from transformers.integrations.deepspeed import set_hf_deepspeed_config, unset_hf_deepspeed_config

from urlvr_bench.errors import UsageError


def refuse_what_only_gpus_share() -> None:
    """Refuse a layout that only GPUs have: Accelerate would give each process the whole model, without a word."""
    if _asks("FSDP") and not _asks_fsdp2() and not torch.cuda.is_available():
        raise UsageError("--config asks for FSDP1, which shards among GPUs, and there is none here: fsdp2 does without")


def is_asked() -> bool:
    """Return whether processes shard the model, so that all of them have to call it equally often."""
    return _asks("FSDP") or _asks("DEEPSPEED")


def use_cpu() -> bool:
    """Return whether the trainer is told to use the processors; DeepSpeed finds them itself, and refuses when told."""
    return not torch.cuda.is_available() and not _asks("DEEPSPEED")


def backend() -> str | None:
    """Return the backend of the process group where it has to be named: DeepSpeed's on processors."""
    return "gloo" if _asks("DEEPSPEED") and not torch.cuda.is_available() else None


@contextmanager
def whole_models(accelerator: Accelerator) -> Iterator[None]:
    """Load models in here whole on every process: under ZeRO-3 a model is else loaded as shards of no use by itself."""
    plugin = accelerator.state.deepspeed_plugin
    if plugin is not None:
        unset_hf_deepspeed_config()
    try:
        yield
    finally:
        if plugin is not None:
            set_hf_deepspeed_config(plugin.dschf)


def prepare(mixed_precision: str) -> None:
    """Make the state that a trainer's Accelerator will share, where FSDP2 is asked for.

    Accelerate's own would round gradients and outputs, and with them log-probabilities, to bfloat16, and would not
    shard among processors, though it can. Call it between the trainer's configuration and the trainer.
    """
    if not _asks_fsdp2():
        return
    low = torch.bfloat16 if mixed_precision == "bf16" else torch.float32
    policy = MixedPrecisionPolicy(param_dtype=low, reduce_dtype=torch.float32)
    plugin = FullyShardedDataParallelPlugin(mixed_precision_policy=policy)  # the rest as the configuration says
    state = Accelerator(mixed_precision=mixed_precision, fsdp_plugin=plugin).state
    if state.distributed_type == DistributedType.MULTI_CPU:
        state.fsdp_plugin = plugin
        state.distributed_type = PartialState().distributed_type = DistributedType.FSDP


def _asks(name: str) -> bool:
    return os.environ.get(f"ACCELERATE_USE_{name}", "").lower() == "true"


def _asks_fsdp2() -> bool:
    return _asks("FSDP") and os.environ.get("FSDP_VERSION") == "2"


def parameters(model: nn.Module) -> dict[str, nn.Parameter]:
    """Return a model's parameters by name, as shards where it is sharded and however it was left."""
    for module in model.modules():
        if isinstance(module, FSDPModule):
            module.reshard()
    return dict(model.named_parameters())


def whole(weight: Tensor) -> Tensor:
    """Return all of a weight, of which this process may hold a shard. Every process calls it."""
    return weight.full_tensor() if isinstance(weight, DTensor) else weight


def like(weight: Tensor, parameter: Tensor) -> Tensor:
    """Return a weight where and as `parameter` is: on its device, as a shard of its mesh. Every process calls it."""
    weight = weight.to(parameter.device)
    if isinstance(parameter, DTensor) and not isinstance(weight, DTensor):
        return distribute_tensor(weight, parameter.device_mesh, parameter.placements)
    return weight
