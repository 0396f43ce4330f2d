"""Train one run: TRL's GRPOTrainer under the protocol's settings, every one of them pinned and stored."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
import transformers
from accelerate import PartialState
from datasets import Dataset
from transformers import PrinterCallback
from trl import GRPOConfig

from urlvr_bench.evaluation.merging import merged
from urlvr_bench.evaluation.sampling import load_tokenizer
from urlvr_bench.models import NO_CODE, name_for_others, weights_hash
from urlvr_bench.protocol import Run
from urlvr_bench.records.run_folder import MERGED, read_steps
from urlvr_bench.rollouts import LABELS
from urlvr_bench.settings import Training, split_batch
from urlvr_bench.tasks import Task
from urlvr_bench.training import checkpoints, first_votes, reporting, schedule, sharding, steplog
from urlvr_bench.training.booth import Booth
from urlvr_bench.training.bridge import RewardBridge
from urlvr_bench.training.parallel import AllSaved, adapter, vllm_settings
from urlvr_bench.training.policy import base_facts, fitted, freeze_embeddings, text_tokens
from urlvr_bench.training.reporting import Report
from urlvr_bench.training.steplog import EarlyStop
from urlvr_bench.training.teacher import TeacherKeeper
from urlvr_bench.training.trainer import PolicyTrainer

Say = Callable[[str], None]
PAID_TWICE = 2
"""First steps whose rollouts are paid a second time, with permuted labels."""


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


def prompt_rows(task: Task, docs: Sequence[dict[str, Any]], order: Sequence[int], chat: bool) -> Dataset:
    """Return the scheduled prompts as TRL reads them; no column but the row number leads to a label."""
    texts = [task.prompt(docs[i]) for i in order]
    prompts = [[{"role": "user", "content": text}] for text in texts] if chat else texts
    return Dataset.from_dict({"prompt": prompts, "row": list(range(len(order)))})


def train(run: Run, model_path: str, task: Task, folder: Path, say: Say) -> dict[str, Any]:
    """Train a run to its last step, from its last whole checkpoint if there is one; the method never runs in here.

    Returns what the record needs to know: the method, the hash of the prompts in the order shown, the resolved
    configuration, and the number of processes.
    """
    opened = reporting.opened(run, folder, say)
    with Booth(run.method, dict(run.params)) as booth, opened as report:  # before a label that the booth could inherit
        return _train(run, booth, report, model_path, task, folder, say)


def _train(
    run: Run, booth: Booth, report: Report, model_path: str, task: Task, folder: Path, say: Say
) -> dict[str, Any]:
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    training = run.protocol.training
    use_cpu = sharding.use_cpu()
    with PartialState(cpu=use_cpu).main_process_first():
        start = merged(model_path, folder / MERGED)
    docs = task.docs(training.split)
    choose = first_votes.choose(run, start, task, docs, folder) if training.initial_vote != "any" else iter
    order = schedule.draw(len(docs), training, run.seed, choose)
    tokenizer = load_tokenizer(start)
    shown = [docs[i] for i in order]
    bridge = RewardBridge(booth, run.method, task, shown, training.group_size, run.seed, twice=PAID_TWICE)
    processes = PartialState(cpu=use_cpu).num_processes
    prompts = [task.prompt(doc) for doc in shown]
    if use_cpu:
        training = fitted(training, start, tokenizer, prompts, processes)
    length = None if training.vllm == "none" else text_tokens(training, start, tokenizer, prompts)
    config = trainer_config(training, folder, run.seed, processes, use_cpu, task.stops, length)
    sharding.prepare(config.mixed_precision)
    trainer = PolicyTrainer(
        bridge,
        start,
        training.kl_every,
        training.mini_batches,
        draws=training.draws,
        share_prompts=training.share_prompts and not sharding.is_asked(),
        stops=task.stops,
        model=start,
        args=config,
        train_dataset=prompt_rows(task, docs, order, task.chats(tokenizer.chat_template)),
        processing_class=tokenizer,
        peft_config=adapter(training),
    )
    if training.freeze_embeddings:
        freeze_embeddings(trainer.model)
    for config_of_adapter in getattr(trainer.model, "peft_config", {}).values():
        config_of_adapter.base_model_name_or_path = name_for_others(run.model)
    trainer.remove_callback(PrinterCallback)
    steps, judged = folder / "steps.jsonl", set(run.protocol.evaluation.steps(training.steps)) - {0}
    trainer.add_callback(steplog.StepLog(steps, training.mini_batches, bridge, report))
    saver = steplog.WeightSaver(folder, judged, training.mini_batches, trainer.save_model)
    trainer.add_callback(saver)
    keepers = TeacherKeeper(trainer.teachers), checkpoints.MemoryKeeper(bridge.memory)
    for keeper in keepers:
        trainer.add_callback(keeper)
    trainer.add_callback(AllSaved())
    trainer.add_callback(checkpoints.Sealer(steps))
    trainer.add_callback(checkpoints.Leaver(training.mini_batches, say))
    with PartialState().main_process_first():
        checkpoint = checkpoints.latest(folder / "checkpoints", say)
    if checkpoint:
        for keeper in keepers:
            keeper.restore(checkpoint)
    done = int(checkpoint.name.removeprefix("checkpoint-")) // training.mini_batches if checkpoint else 0
    if trainer.is_world_process_zero():
        schedule.write(folder / "schedule.jsonl", docs, order)
        checkpoints.restore_steps(steps, checkpoint, say)
    earlier = read_steps(steps)[:done] if done else []
    if training.without_signal == "stop" and training.unique_prompts is None:
        trainer.add_callback(steplog.SignalCheck(training, earlier))
    if training.stop_at:
        ends = steplog.at_collapse(training.stop_at, training.prompts_per_step)
        trainer.add_callback(EarlyStop([training.stop_at], ends, training.mini_batches, saver, earlier))
    if training.stop_rule:
        trainer.add_callback(EarlyStop(*steplog.by_rule(training.stop_rule), training.mini_batches, saver, earlier))
    if done:
        say(f"continuing after step {done}")
    if done < training.steps:
        trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
    return {
        "prompts_sha256": schedule.prompts_hash(prompts),
        "trainer_config": resolved(config),
        "processes": processes,
        "model": {
            "parameters": trainer.model.num_parameters(),
            "revision": getattr(trainer.model.config, "_commit_hash", None),
            "weights_sha256": weights_hash(model_path),
            "base": base_facts(model_path),
        },
        "method": method_facts(booth, min(training.steps, PAID_TWICE) if any(doc.get("gold") for doc in shown) else 0),
        "device": torch.cuda.get_device_name() if torch.cuda.is_available() else "cpu",
    }


def method_facts(booth: Booth, twice: int) -> dict[str, Any]:
    """Return what a record says of its method and of where it was run."""
    facts, uses_labels = booth.facts, not LABELS.isdisjoint(booth.needs)
    return {
        "family": facts["family"],
        "signals": list(booth.needs),
        "uses_labels": uses_labels,
        "binary": booth.binary,
        "paper": facts["paper"],
        "closed_by": facts["closed_by"],
        "paid_twice": None if uses_labels else twice,
    }


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
