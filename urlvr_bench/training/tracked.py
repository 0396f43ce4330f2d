"""What torch's own memory tracker says that a training takes of one process: model, shards, optimizer.

Nothing is allocated and no GPU is needed: tensors are fake, the process group is one process of many that are not
there, and the tracker counts what would lie in memory at once. Chunks of logits, and what CUDA and NCCL take for
themselves, are outside of it.
"""

from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.distributed._tools.fsdp2_mem_tracker import FSDPMemTracker
from torch.distributed._tools.mem_tracker import MemTracker
from torch.distributed.device_mesh import DeviceMesh, init_device_mesh
from torch.distributed.fsdp import MixedPrecisionPolicy, fully_shard
from torch.utils.hooks import RemovableHandle
from transformers import AutoConfig, AutoModelForCausalLM

from urlvr_bench.settings import Training
from urlvr_bench.training.parallel import adapter


@dataclass(frozen=True)
class Tracked:
    """Bytes of one process."""

    states: float
    """Weights, gradients and Adam's moments, between two updates."""
    passes: float
    """At most, while a micro-batch passes forward and backward with all states there."""


def track(config: dict[str, Any], training: Training, prompt_tokens: int, processes: int = 1) -> Tracked:
    """Return what an update of a model with this config.json takes of one of `processes`, sharded if more."""
    tokens = torch.Size((training.micro_batch, prompt_tokens + training.max_completion_tokens))
    whole = model_of(config, training)
    with one_of(processes) as mesh, FakeTensorMode():
        model = _placed(whole)
        if mesh is not None:
            shard(model, training, mesh)
        optimizer = torch.optim.AdamW([one for one in model.parameters() if one.requires_grad], foreach=True)
        _pass(model, tokens, training)
        optimizer.step()  # its moments are there from now on, and so are all gradients
        tracker = FSDPMemTracker(model, optimizer) if processes > 1 else MemTracker()
        if processes == 1:
            tracker.track_external(model, optimizer)
        _unhooked(tracker, model)
        with tracker:
            states = _total(tracker, "current")
            _pass(model, tokens, training)
            passes = _total(tracker, "peak")
    return Tracked(states, passes)


def model_of(config: dict[str, Any], training: Training) -> Any:
    """Return the model of a config.json on the meta device, with the adapter where one is trained."""
    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(AutoConfig.for_model(**config), dtype=torch.float32)
    if training.gradient_checkpointing:
        model.gradient_checkpointing_enable({"use_reentrant": False})
        model.enable_input_require_grads()
    if (asked := adapter(training)) is not None:
        from peft import get_peft_model

        with torch.device("meta"):
            model = get_peft_model(model, asked)
    return model.train()


def _placed(model: torch.nn.Module) -> torch.nn.Module:
    """Replace what lies on the meta device by empty tensors of the current mode; tied weights stay tied."""
    made: dict[int, torch.Tensor] = {}
    for module in model.modules():
        stores: tuple[dict[str, Any], ...] = (module._parameters, module._buffers)
        for kept in stores:
            for name, one in kept.items():
                if one is not None and id(one) not in made:
                    empty = torch.empty(one.shape, dtype=one.dtype)
                    trained = isinstance(one, torch.nn.Parameter)
                    made[id(one)] = torch.nn.Parameter(empty, one.requires_grad) if trained else empty
                kept[name] = None if one is None else made[id(one)]
    return model


def shard(whole: Any, training: Training, mesh: DeviceMesh) -> None:
    """Shard as Accelerate does: every block, then embeddings, last norm and head together, then what is left.

    The adapter of a block is sharded with the block.
    """
    model = whole.get_base_model() if training.lora_rank else whole
    low = torch.bfloat16 if training.precision == "bfloat16" else torch.float32
    policy: dict[str, Any] = {
        "mesh": mesh,
        "mp_policy": MixedPrecisionPolicy(param_dtype=low, reduce_dtype=torch.float32),
    }
    for block in model.model.layers:
        fully_shard(block, **policy)
    tail = [model.model.norm, model.model.embed_tokens, model.lm_head]
    if not model.config.tie_word_embeddings:
        fully_shard(tail.pop(1), **policy)
    fully_shard(tail, **policy, reshard_after_forward=False)
    fully_shard(whole, **policy)


def _pass(model: Any, tokens: torch.Size, training: Training) -> None:
    """Pass a micro-batch forward and backward; of the logits only the last token's are computed."""
    with torch.autocast("cpu", torch.bfloat16, enabled=training.precision == "bfloat16"):
        ids = torch.zeros(tokens, dtype=torch.long)
        logits = model(input_ids=ids, use_cache=False, logits_to_keep=1).logits
    logits.float().mean().backward()


def _unhooked(tracker: MemTracker, model: torch.nn.Module) -> None:
    """Keep a tracker from hooking the gradients of frozen weights, which it would do for all and torch refuses."""
    for one in model.parameters():
        if not one.requires_grad:
            tracker._param_to_grad_hook_handles[one] = (RemovableHandle(OrderedDict()),) * 2


def _total(tracker: MemTracker, when: str) -> float:
    found = tracker.get_tracker_snapshot(when)
    return float(sum(each["Total"] for each in found.values()))


@contextmanager
def one_of(processes: int) -> Iterator[DeviceMesh | None]:
    """Be the first of processes that are not there; what they would send is made up."""
    if processes == 1:
        yield None
        return
    import torch.distributed as dist
    from torch.testing._internal.distributed.fake_pg import FakeStore

    dist.init_process_group("fake", rank=0, world_size=processes, store=FakeStore())
    try:
        yield init_device_mesh("cpu", (processes,))
    finally:
        dist.destroy_process_group()
