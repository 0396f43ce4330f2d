"""TRL's configuration of a run: every value that decides the training, set by the protocol."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from trl import GRPOConfig

from urlvr_bench.models import NO_CODE
from urlvr_bench.settings import Training, split_batch
from urlvr_bench.training import sharding
from urlvr_bench.training.parallel import vllm_settings


def trainer_config(
    training: Training,
    folder: Path,
    seed: int,
    processes: int,
    use_cpu: bool,
    stops: Sequence[str] = (),
    length: int | None = None,
) -> GRPOConfig:
    """Return TRL's configuration with every value that decides the training set by the protocol.

    `length` is what vLLM is to hold of one text, in tokens.
    """
    micro_batch, accumulation = split_batch(training, processes)
    updates = training.mini_batches
    return GRPOConfig(
        output_dir=str(folder / "checkpoints"),
        max_steps=training.steps * updates,
        per_device_train_batch_size=micro_batch,
        gradient_accumulation_steps=accumulation,
        steps_per_generation=accumulation * updates,
        num_iterations=1,
        num_generations=training.group_size,
        max_completion_length=training.max_completion_tokens,
        temperature=training.temperature,
        top_p=1.0,
        top_k=0,
        min_p=None,
        repetition_penalty=1.0,
        learning_rate=training.learning_rate,
        lr_scheduler_type=training.schedule,
        warmup_steps=training.warmup_steps,
        optim="adamw_torch",
        adam_beta1=0.9,
        adam_beta2=training.adam_beta2,
        adam_epsilon=1e-8,
        weight_decay=training.weight_decay,
        max_grad_norm=training.max_grad_norm,
        beta=training.kl_coefficient,
        use_bias_correction_kl=False,
        epsilon=training.clip,
        epsilon_high=training.clip,
        loss_type=training.loss,
        scale_rewards=training.scale_rewards,
        mask_truncated_completions=False,
        shuffle_dataset=False,
        dataloader_num_workers=0,
        ddp_find_unused_parameters=False,
        bf16=training.precision == "bfloat16",
        fp16=False,
        gradient_checkpointing=training.gradient_checkpointing,
        model_init_kwargs=loaded(training),
        use_cpu=use_cpu,
        ddp_backend=sharding.backend(),
        seed=seed,
        data_seed=seed,
        logging_steps=1,
        logging_nan_inf_filter=False,
        save_strategy="steps",
        save_steps=training.save_every * updates,
        save_total_limit=None,
        save_only_model=False,
        report_to="none",
        disable_tqdm=True,
        log_completions=False,
        **vllm_settings(training, stops, length),
    )


def loaded(training: Training) -> dict[str, Any]:
    """Return how the model is loaded: in float32, for bfloat16 weights would swallow updates as small as lr 1e-6."""
    attention = {} if training.attention == "auto" else {"attn_implementation": training.attention}
    return {"dtype": "float32", **attention, **NO_CODE}


PLACES = ("output_dir", "logging_dir", "run_name", "hub_", "push_", "local_rank", "report_to", "trackio", "project")
"""Settings that say where a run was made, not how."""


def resolved(config: GRPOConfig) -> dict[str, Any]:
    """Return every plain value of the configuration that decides the training; none names a place or a token."""
    values = config.to_dict()
    plain = {key: value for key, value in values.items() if isinstance(value, bool | int | float | str | None)}
    return {
        key: value
        for key, value in sorted(plain.items())
        if not key.startswith(PLACES) and not key.endswith(("_token", "_dir", "_path"))
    }
