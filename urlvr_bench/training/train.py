"""Train one run: TRL's GRPOTrainer under the protocol's settings, every one of them pinned and stored."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
import transformers
from accelerate import PartialState
from datasets import Dataset
from transformers import PrinterCallback, TrainerCallback

from urlvr_bench.evaluation.merging import merged
from urlvr_bench.evaluation.sampling import load_tokenizer
from urlvr_bench.models import name_for_others, weights_hash
from urlvr_bench.needs import LABELS
from urlvr_bench.protocol import Run
from urlvr_bench.records.run_folder import MERGED, read_steps
from urlvr_bench.settings import Training
from urlvr_bench.tasks import Task
from urlvr_bench.training import checkpoints, first_votes, reporting, room, schedule, sharding, steplog
from urlvr_bench.training.booth import Booth
from urlvr_bench.training.bridge import RewardBridge
from urlvr_bench.training.configuration import resolved, trainer_config
from urlvr_bench.training.drawing import as_turns
from urlvr_bench.training.parallel import AllSaved, adapter
from urlvr_bench.training.policy import base_facts, fitted, freeze_embeddings, text_tokens
from urlvr_bench.training.reporting import Report
from urlvr_bench.training.steplog import EarlyStop
from urlvr_bench.training.teacher import TeacherKeeper
from urlvr_bench.training.trainer import PolicyTrainer

Say = Callable[[str], None]
PAID_TWICE = 2
"""First steps whose rollouts are paid a second time, with permuted labels."""


def prompt_rows(prompts: Sequence[str], chat: bool) -> Dataset:
    """Return the scheduled prompts as TRL reads them; no column but the row number leads to a label."""
    return Dataset.from_dict({"prompt": as_turns(prompts, chat), "row": list(range(len(prompts)))})


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
    with PartialState(cpu=sharding.use_cpu()).main_process_first():
        start = merged(model_path, folder / MERGED)
    docs = task.docs(training.split)
    choose = first_votes.choose(run, start, task, docs, folder) if training.initial_vote != "any" else iter
    order = schedule.draw(len(docs), training, run.seed, choose)
    shown = [docs[i] for i in order]
    bridge = RewardBridge(booth, run.method, task, shown, training.group_size, run.seed, twice=PAID_TWICE)
    prompts = [task.prompt(doc) for doc in shown]
    trainer = _trainer(run, start, task, prompts, bridge, folder)
    log, saver, keepers = _listeners(trainer, run, bridge, folder, report, say)
    with PartialState().main_process_first():
        checkpoint = checkpoints.latest(folder / "checkpoints", say)
    if checkpoint:
        for keeper in keepers:
            keeper.restore(checkpoint)
    done = int(checkpoint.name.removeprefix("checkpoint-")) // training.mini_batches if checkpoint else 0
    if trainer.is_world_process_zero():
        schedule.write(folder / "schedule.jsonl", docs, order)
        checkpoints.restore_steps(log, checkpoint, say)
    for ending in _endings(training, saver, read_steps(log)[:done] if done else []):
        trainer.add_callback(ending)
    if done:
        say(f"continuing after step {done}")
    if done < training.steps:
        trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
    return {
        "prompts_sha256": schedule.prompts_hash(prompts),
        "trainer_config": resolved(trainer.args),
        "processes": PartialState().num_processes,
        "model": {
            "parameters": trainer.model.num_parameters(),
            "revision": getattr(trainer.model.config, "_commit_hash", None),
            "weights_sha256": weights_hash(model_path),
            "base": base_facts(model_path),
        },
        "method": method_facts(booth, min(training.steps, PAID_TWICE) if any(doc.get("gold") for doc in shown) else 0),
        "device": torch.cuda.get_device_name() if torch.cuda.is_available() else "cpu",
    }


def _trainer(
    run: Run, start: str, task: Task, prompts: Sequence[str], bridge: RewardBridge, folder: Path
) -> PolicyTrainer:
    """Return the trainer of a run whose steps show these prompts in their order."""
    training, use_cpu = run.protocol.training, sharding.use_cpu()
    tokenizer = load_tokenizer(start)
    processes = PartialState(cpu=use_cpu).num_processes
    room.require(run, start, tokenizer, task, prompts)
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
        train_dataset=prompt_rows(prompts, task.chats(tokenizer.chat_template)),
        processing_class=tokenizer,
        peft_config=adapter(training),
    )
    if training.freeze_embeddings:
        freeze_embeddings(trainer.model)
    for config_of_adapter in getattr(trainer.model, "peft_config", {}).values():
        config_of_adapter.base_model_name_or_path = name_for_others(run.model)
    return trainer


def _listeners(
    trainer: PolicyTrainer, run: Run, bridge: RewardBridge, folder: Path, report: Report, say: Say
) -> tuple[Path, steplog.WeightSaver, tuple[TeacherKeeper, checkpoints.MemoryKeeper]]:
    """Add what writes a run down; return the log of its steps, what saves weights and what a resumed run restores."""
    training, log = run.protocol.training, folder / "steps.jsonl"
    judged = set(run.protocol.evaluation.steps(training.steps)) - {0}
    saver = steplog.WeightSaver(folder, judged, training.mini_batches, trainer.save_model)
    keepers = TeacherKeeper(trainer.teachers), checkpoints.MemoryKeeper(bridge.memory)
    trainer.remove_callback(PrinterCallback)
    for callback in (
        steplog.StepLog(log, training.mini_batches, bridge, report),
        saver,
        *keepers,
        AllSaved(),
        checkpoints.Sealer(log),
        checkpoints.Leaver(training.mini_batches, say),
    ):
        trainer.add_callback(callback)
    return log, saver, keepers


def _endings(
    training: Training, saver: steplog.WeightSaver, earlier: list[dict[str, Any]]
) -> Iterator[TrainerCallback]:
    """Yield what may end a run before its last step; `earlier` are the steps that a resumed run has behind it."""
    if training.without_signal == "stop" and training.unique_prompts is None:
        yield steplog.SignalCheck(training, earlier)
    if training.stop_at:
        ends = steplog.at_collapse(training.stop_at, training.prompts_per_step)
        yield EarlyStop([training.stop_at], ends, training.mini_batches, saver, earlier)
    if training.stop_rule:
        yield EarlyStop(*steplog.by_rule(training.stop_rule), training.mini_batches, saver, earlier)


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
