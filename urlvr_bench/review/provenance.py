"""Whether a record's own story holds: its settings, times, tokens, model, prompts and commit."""

import subprocess
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from urlvr_bench import models, tasks
from urlvr_bench.records.schema import Record
from urlvr_bench.review import sources
from urlvr_bench.review.findings import REDO, Level, Remark
from urlvr_bench.settings import Training
from urlvr_bench.training import schedule

SLACK = timedelta(seconds=5)
"""Moments are kept to the second, and clocks are set."""
ENGINES = ("torch", "transformers", "trl", "lm-eval")
FIRST_RELEASE = datetime(2026, 1, 1, tzinfo=UTC)


def trainer_config(file: Path, one: Record) -> Iterator[Remark]:
    """The trainer's resolved configuration is what the protocol asks for."""
    found = one.provenance.trainer_config
    for name, value in _asked(one).items():
        if name not in found:
            yield f"trainer_config lacks {name}", REDO
        elif found[name] != value:
            yield f"trainer_config has {name} = {found[name]!r}, the protocol asks for {value!r}", REDO
    rows, batches = (found.get(name) for name in ("per_device_train_batch_size", "steps_per_generation"))
    if isinstance(rows, int) and isinstance(batches, int):
        made = one.provenance.processes * rows * batches
        if made != one.protocol.training.rows:
            yield f"trainer_config makes {made} rollouts a step, the protocol {one.protocol.training.rows}", REDO


def _asked(one: Record) -> dict[str, Any]:
    """Return the values of the trainer's configuration that the protocol and the seed decide."""
    training = one.protocol.training
    return {
        "max_steps": training.steps * training.mini_batches,
        "num_generations": training.group_size,
        "max_completion_length": training.max_completion_tokens,
        "temperature": training.temperature,
        "learning_rate": training.learning_rate,
        "lr_scheduler_type": training.schedule,
        "warmup_steps": training.warmup_steps,
        "adam_beta2": training.adam_beta2,
        "weight_decay": training.weight_decay,
        "max_grad_norm": training.max_grad_norm,
        "beta": training.kl_coefficient,
        "epsilon": training.clip,
        "loss_type": training.loss,
        "scale_rewards": training.scale_rewards,
        "bf16": training.precision == "bfloat16",
        "gradient_checkpointing": training.gradient_checkpointing,
        "seed": one.seed,
        "data_seed": one.seed,
    }


def times(file: Path, one: Record) -> Iterator[Remark]:
    """Moments come in order, and the seconds of the stages fit between them."""
    source = one.provenance
    started, finished = (datetime.fromisoformat(moment) for moment in (source.started, source.finished))
    spent = timedelta(seconds=source.train_seconds + source.eval_seconds)
    steps = sum(map(sum, (one.timing.generation, one.timing.reward, one.timing.update)))
    if not FIRST_RELEASE <= started <= finished <= datetime.now(UTC) + timedelta(days=1):
        yield f"started {source.started} and finished {source.finished}, which cannot be", REDO
    elif spent > finished - started + SLACK:
        yield f"{spent.total_seconds():.0f} s of training and evaluation in {finished - started} of the clock", REDO
    if abs(steps - source.train_seconds) > 1e-6 * steps:
        yield f"train_seconds is {source.train_seconds:.3f}, the steps' timing adds up to {steps:.3f}", REDO
    if not source.eval_seconds or not all(map(all, (one.timing.generation, one.timing.update))):
        yield "a stage that took no time at all", REDO
    if one.last_step > 3 and len(set(one.timing.update)) == 1:
        yield "every update took the very same time", REDO
    if source.git_commit and (written := _written(source.git_commit)) and started < written - SLACK:
        level: Level = "warning" if finished > written else "error"
        said = f"started {source.started}, before its commit was written ({written.isoformat()})"
        yield said, "make the run again from one commit", level


def tokens(file: Path, one: Record) -> Iterator[Remark]:
    """Tokens add up, and fit the samples that they spell."""
    source, judged = one.provenance, [*one.evals, *one.controls]
    for name, total, parts in (
        ("train_tokens", source.train_tokens, sum(one.steps.tokens)),
        ("eval_tokens", source.eval_tokens, sum(part.tokens for part in judged)),
    ):
        if total != parts:
            yield f"{name} is {total}, its parts add up to {parts}", REDO
    limit = one.protocol.evaluation.max_tokens
    for part in judged:
        samples, cut = part.n * len(part.correct), sum(part.truncated)
        if not cut * limit + samples - cut <= part.tokens <= samples * limit:
            what = f"{part.tokens} tokens for {samples} samples of at most {limit} tokens, {cut} of them cut there"
            yield f"evaluation of {part.task} at step {part.step}: {what}", REDO
            return


def model(file: Path, one: Record) -> Iterator[Remark]:
    """A shipped prior has the weights that ship."""
    if one.model.name in _priors() and one.model.weights_sha256 != (true := _weights(one.model.name)):
        yield f"weights of {one.model.name} are {one.model.weights_sha256}, those that ship are {true}", REDO


@lru_cache(maxsize=1)
def _priors() -> frozenset[str]:
    return frozenset(prior.name for prior in models.priors())


@lru_cache(maxsize=100)
def _weights(name: str) -> str:
    return models.weights_hash(models.resolve(name))


def prompts(file: Path, one: Record) -> Iterator[Remark]:
    """The prompts that were shown are those of the seed, wherever the task is generated."""
    training = one.protocol.training
    if not tasks.exists(one.task.name) or training.initial_vote != "any":
        return
    task = _task(one.task.name)
    if task.revision or task.version != one.task.version or training.split not in task.splits:
        return
    if one.task.prompts_sha256 != (true := _prompts(one.task.name, training, one.seed)):
        yield f"prompts {one.task.prompts_sha256} are not those of seed {one.seed} ({true})", REDO


_task = lru_cache(maxsize=64)(tasks.load)


@lru_cache(maxsize=8)
def _texts(name: str, split: str) -> list[str]:
    task = _task(name)
    return [task.prompt(doc) for doc in task.docs(split)]


@lru_cache(maxsize=1000)
def _prompts(name: str, training: Training, seed: int) -> str:
    texts = _texts(name, training.split)
    return schedule.prompts_hash([texts[i] for i in schedule.draw(len(texts), training, seed)])


def commit(file: Path, one: Record) -> Iterator[Remark]:
    """The commit exists, wherever the whole history is at hand."""
    source = one.provenance
    if source.git_commit and sources.whole_history() and _written(source.git_commit) is None:
        yield f"its commit {source.git_commit} is none of this repository", "push the commit, or make the run again"


@lru_cache(maxsize=256)
def _written(commit: str) -> datetime | None:
    """Return when a commit was written, None where it is not known here."""
    try:
        found = sources.git("show", "--no-patch", "--format=%cI", f"{commit}^{{commit}}")
        return datetime.fromisoformat(found.decode().strip())
    except (OSError, subprocess.CalledProcessError):
        return None


def packages(file: Path, one: Record) -> Iterator[Remark]:
    """The packages that decide a result are named."""
    if missing := [name for name in ENGINES if name not in one.provenance.packages]:
        yield f"names no version of {', '.join(missing)}", REDO


TESTS: tuple[Callable[[Path, Record], Iterable[Remark]], ...] = (
    trainer_config,
    times,
    tokens,
    model,
    prompts,
    commit,
    packages,
)
