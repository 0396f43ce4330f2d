"""What one training shares among processes: whole groups, one order of files, adapters, vLLM."""

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from accelerate import PartialState
from transformers import TrainerCallback

from urlvr_bench.errors import UsageError
from urlvr_bench.settings import Training

if TYPE_CHECKING:
    from peft import LoraConfig

VLLM_SERVER = "URLVR_VLLM_SERVER"
"""Names the variable with the address of a vLLM server, which is a place and no part of a protocol."""


def vllm_settings(training: Training, stops: Sequence[str] = (), length: int | None = None) -> dict[str, Any]:
    """Return TRL's settings of the vLLM that samples texts of up to `length` tokens, none where transformers does."""
    if training.vllm == "none":
        return {}
    if training.draws == "rollout":
        raise UsageError("training.draws=rollout: vLLM draws from its own generator; sample with training.vllm=none")
    server = os.environ.get(VLLM_SERVER)
    if training.vllm == "server" and not server:
        raise UsageError(f"training.vllm=server: set {VLLM_SERVER} to the server's address, http://host:port")
    return {
        "use_vllm": True,
        "vllm_mode": training.vllm,
        "vllm_server_base_url": server if training.vllm == "server" else None,
        "vllm_gpu_memory_utilization": training.vllm_memory,
        "vllm_max_model_length": length,  # the model's own may ask for more cache than its share of the GPU holds
        "vllm_enable_sleep_mode": False,  # every further generation of a step would copy all weights anew
        "vllm_importance_sampling_correction": True,
        "vllm_importance_sampling_mode": "token_truncate",  # TRL's default drops long completions (trl#5814)
        "vllm_importance_sampling_clip_max": 3.0,
        "generation_kwargs": {"stop": list(stops), "include_stop_str_in_output": True} if stops else None,
    }


def adapter(training: Training) -> "LoraConfig | None":
    """Return the LoRA adapter to train on every linear layer but the head, None where all weights are trained."""
    if not training.lora_rank:
        return None
    from peft import LoraConfig  # takes a second to import

    return LoraConfig(
        r=training.lora_rank,
        lora_alpha=training.lora_alpha or 2 * training.lora_rank,
        lora_dropout=0.0,
        target_modules="all-linear",
        task_type="CAUSAL_LM",
    )


class AllSaved(TrainerCallback):
    """Holds every process at a checkpoint until all have written their part, so that what is sealed is whole."""

    def on_save(self, *_: Any, **__: Any) -> None:
        """Wait for the other processes."""
        PartialState().wait_for_everyone()
