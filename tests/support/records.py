"""Make valid records out of thin air, for tests of everything that reads records."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from urlvr_bench import methods, tasks
from urlvr_bench.errors import UsageError
from urlvr_bench.protocol import Protocol
from urlvr_bench.records.record import (
    Control,
    Eval,
    MethodInfo,
    ModelInfo,
    Provenance,
    Record,
    Steps,
    TaskInfo,
    Timing,
    short_hash,
)
from urlvr_bench.settings import Evaluation, Training

PROXY_RANGE = {"token_entropy": (-1.4, -0.05), "trajectory_entropy": (-0.9, -0.02), "self_certainty": (1.5, 7.0)}


def fabricate(
    method: str = "majority_vote",
    seed: int = 0,
    *,
    collapse_at: int | None = None,
    steps: int = 40,
    problems: int = 20,
    samples: int = 16,
    every: int | None = None,
    k: Sequence[int] = (1, 4, 16),
    ood: Sequence[str] = (),
    protocol: str | Protocol = "pocket",
    model: str = "pocket-s1250",
    task: str = "chain",
    base: float = 0.6,
    peak: float = 0.9,
    params: dict[str, Any] | None = None,
    overrides: dict[str, str] | None = None,
    ids: Mapping[str, Sequence[str]] | None = None,
) -> Record:
    """Return a valid record whose accuracy rises from `base` towards `peak` and, given `collapse_at`, falls to zero.

    `collapse_at` is about the step at which accuracy has fallen to zero. The problems' difficulties depend on the
    task alone, so records of one task pair up problem by problem. The method need not exist. A whole `protocol`
    decides steps, problems, samples and OOD tasks; `ids` are the problem ids by task, where they matter.
    """
    rng = np.random.default_rng([seed, *method.encode()])
    if isinstance(protocol, str):
        protocol = _protocol(protocol, steps, problems, samples, every or max(1, steps // 4), k, ood)
    steps, samples, problems = protocol.training.steps, protocol.evaluation.samples, protocol.evaluation.problems
    accuracy = _accuracy(steps, base, peak, collapse_at)
    info = _method(method, params or {})
    asked, along = protocol.evaluation, protocol.evaluation.task or task
    judged = [(step, name) for step in asked.steps(steps) for name in asked.tasks(step, steps, along)]
    evals = [_eval(rng, step, name, accuracy[step], problems, samples) for step, name in sorted(judged)]
    controls = _controls(rng, asked, along, accuracy)
    return Record(
        protocol=protocol,
        protocol_hash=protocol.hash(),
        overrides=overrides or {},
        model=ModelInfo(name=model, revision=None, parameters=84_288, weights_sha256=short_hash(model)),
        task=TaskInfo(
            name=task, version="1", source=_source(task), revision=None, prompts_sha256=short_hash(f"{task} {seed}")
        ),
        method=info,
        seed=seed,
        steps=_steps(rng, info, accuracy),
        timing=Timing(generation=[0.2] * steps, reward=[0.01] * steps, update=[0.3] * steps),
        problems={name: list((ids or {}).get(name, _ids(name, problems))) for name in asked.tasks(0, steps, along)},
        evals=evals,
        controls=controls,
        provenance=_provenance(steps, [*evals, *controls]),
    )


def _source(task: str) -> str:
    return tasks.load(task).source if tasks.exists(task) else "generated"


def _protocol(
    name: str, steps: int, problems: int, samples: int, every: int, k: Sequence[int], ood: Sequence[str]
) -> Protocol:
    return Protocol(
        name=name,
        version=1,
        description="Fabricated for a test.",
        model="pocket-4",
        task="chain_addition",
        training=Training(
            steps=steps,
            prompts_per_step=16,
            group_size=8,
            micro_batch=128,
            learning_rate=1e-4,
            max_completion_tokens=16,
            save_every=steps,
        ),
        evaluation=Evaluation(
            every=every,
            problems=problems,
            samples=samples,
            max_tokens=16,
            k=tuple(size for size in k if size <= samples),
            ood=tuple(ood),
        ),
    )


def _ids(task: str, problems: int) -> list[str]:
    return [f"{task}-test-{i}" for i in range(problems)]


def _accuracy(steps: int, base: float, peak: float, collapse_at: int | None) -> np.ndarray:
    """Return the true accuracy after steps 0 ... `steps`: a rise, then, if wished, a straight fall to zero."""
    step = np.arange(steps + 1)
    accuracy = peak + (base - peak) * np.exp(-step / max(1.0, 0.15 * steps))
    if collapse_at is not None:
        accuracy = accuracy * np.clip(2 - 2 * step / max(1, collapse_at), 0, 1)
    return accuracy


def _method(name: str, params: dict[str, Any]) -> MethodInfo:
    """Return the registered method's card, or one made up for a method that nobody knows."""
    given = ",".join(f"{key}={value}" for key, value in sorted(params.items()))
    known: dict[str, Any] = {"family": "intrinsic/certainty", "signals": [], "uses_labels": False, "binary": False}
    known |= {"paper": "https://arxiv.org/abs/2603.08660", "source_sha256": short_hash(name)}
    if name in methods.names():
        cls = methods.load(name)
        known = {"family": cls.family, "signals": list(cls.needs), "uses_labels": cls().uses_labels()}
        known |= {"binary": cls.binary, "paper": cls.paper, "source_sha256": methods.source_hash(name)}
    elif not re.fullmatch(r"\w+", name):
        raise UsageError(f"{name!r} is no method name")
    return MethodInfo(name=name, id=f"{name}({given})" if given else name, params=params, **known)


def _steps(rng: np.random.Generator, info: MethodInfo, accuracy: np.ndarray) -> Steps:
    """Return the training curves that go with an accuracy: a proxy that keeps rising, labels that follow the truth."""
    steps = len(accuracy) - 1
    progress = np.arange(1, steps + 1) / steps
    train = rng.binomial(128, accuracy[1:]) / 128
    label = np.where(accuracy[1:] > 0, rng.binomial(16, np.minimum(1, accuracy[1:] * 1.1)) / 16, 0.0)
    low, high = PROXY_RANGE.get(info.name, (0.6, 1.0))
    proxy = low + (high - low) * (1 - np.exp(-3 * progress)) + rng.normal(0, 0.01 * (high - low), steps)
    proxy = np.clip(proxy, low, high)
    if info.uses_labels:
        proxy = train
    agreement = np.ones(steps) if info.uses_labels else np.where(accuracy[1:] > 0, 0.9 * train + 0.05, 0.0)
    mixed = np.round(np.clip(train * (1 - train) * 4, 0, 1), 2)
    auc = [0.5 + 0.4 * right if share else None for right, share in zip(train.tolist(), mixed.tolist(), strict=True)]
    columns: dict[str, Any] = {
        "proxy_reward": proxy,
        "proxy_reward_std": 0.4 * (1 - progress),
        "train_accuracy": train,
        "label_accuracy": label,
        "reward_accuracy": agreement if info.binary else auc,
        "reward_auc": auc,
        "mixed_groups": mixed,
        "majority_ratio": np.clip(0.5 + 0.5 * progress, 0, 1),
        "distinct_answers": 1 + 3 * (1 - progress),
        "batch_answers": np.maximum(1, (60 * (1 - progress)).astype(int)),
        "unparsed": 0.05 * (1 - progress),
        "truncated": 0.02 * (1 - progress),
        "pass_at_group": np.maximum(np.maximum(label, train), mixed),
        "length": 7.0 - 2 * progress,
        "repetition": 0.3 * progress,
        "entropy": 0.4 * (1 - progress) + 0.02,
        "kl_to_start": 0.5 * progress,
        "grad_norm": 0.3 + 0.1 * progress,
        "learning_rate": np.full(steps, 1e-4),
        "tokens": np.full(steps, 900),
    }
    values = {name: column if isinstance(column, list) else column.tolist() for name, column in columns.items()}
    return Steps(step=list(range(1, steps + 1)), **values)


def _eval(rng: np.random.Generator, step: int, task: str, accuracy: float, problems: int, samples: int) -> Eval:
    """Return an evaluation in which the problems differ in difficulty and wrong answers scatter over a few."""
    difficulty = np.random.default_rng([*task.encode(), problems]).normal(0, 1, problems)
    logit = np.log(accuracy / (1 - accuracy)) if accuracy > 0 else -np.inf
    correct = rng.binomial(samples, 1 / (1 + np.exp(-(logit + difficulty))))
    columns: dict[str, list[Any]] = {"correct": [], "truncated": [], "unparsed": [], "votes": []}
    for right in correct.tolist():
        unparsed, truncated, *wrong = rng.multinomial(samples - right, [0.1, 0.05, 0.4, 0.25, 0.2]).tolist()
        votes = [(right, True), *((count, False) for count in wrong)]
        columns["correct"].append(right)
        columns["truncated"].append(truncated)
        columns["unparsed"].append(unparsed)
        columns["votes"].append(sorted([vote for vote in votes if vote[0]], key=lambda vote: -vote[0]))
    return Eval(step=step, task=task, n=samples, tokens=7 * samples * problems, **columns)


def _controls(rng: np.random.Generator, asked: Evaluation, along: str, accuracy: Sequence[float]) -> list[Control]:
    """Return the further evaluations that a protocol asks for; no task has a native prompt style."""
    last = len(accuracy) - 1
    return [
        Control(
            **_eval(rng, step, name, accuracy[step], asked.problems, how.samples).model_dump(),
            temperature=how.temperature,
        )
        for step in sorted({0, last})
        for name, how in asked.controls(step, last, along, None)
    ]


def _provenance(steps: int, evals: Sequence[Eval]) -> Provenance:
    return Provenance(
        git_commit="0" * 40,
        git_dirty=False,
        packages={"torch": "2.13.0", "trl": "1.16.0", "lm-eval": "0.4.13"},
        python="3.12.1",
        platform="Linux-x86_64",
        device="cpu",
        processes=1,
        started="2026-01-01T00:00:00Z",
        finished="2026-01-01T00:10:00Z",
        train_seconds=0.51 * steps,
        eval_seconds=2.0 * len(evals),
        train_tokens=900 * steps,
        eval_tokens=sum(evaluation.tokens for evaluation in evals),
        trainer_config={"learning_rate": 1e-4, "beta": 0.0},
    )
