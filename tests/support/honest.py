"""Records that hang together to the last count, as a run leaves them, for tests of what examines records."""

import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from records import fabricate

from urlvr_bench import protocol, tasks
from urlvr_bench.records import evidence
from urlvr_bench.records.record import Record, Steps
from urlvr_bench.review import consistency
from urlvr_bench.review import provenance as story
from urlvr_bench.training.rollout_metrics import ScoredGroup, batch_metrics

SMOKE = protocol.load("smoke")
IDS = {"chain_addition": [doc["id"] for doc in tasks.load("chain_addition").docs("test")[: SMOKE.evaluation.problems]]}
BEGUN = datetime.now(UTC).replace(microsecond=0)


def head() -> str:
    """Return the commit of the checkout, of which there may be none, nor a git to ask."""
    if shutil.which("git") is None:
        return "0" * 40
    command = ["git", "-C", str(Path(__file__).parent), "rev-parse", "HEAD"]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    return found.stdout.strip() or "0" * 40


def honest(method: str = "majority_vote", seed: int = 0, **given: Any) -> Record:
    """Return a record of a published protocol, a registered method and a registered task, with nothing wrong in it."""
    one = fabricate(
        method, seed, **{"protocol": SMOKE, "task": "chain_addition", "model": "pocket-6", "ids": IDS, **given}
    )
    start = fabricate("any", seed, protocol=one.protocol, task=one.task.name).evals[0]
    known = tasks.exists(one.task.name)
    prompts = story._prompts(one.task.name, one.protocol.training, seed) if known else one.task.prompts_sha256
    groups = [_groups(one, step) for step in range(one.last_step)]
    kept = [[evidence.group(g.answers, g.rewards, g.correct, one.method.binary) for g in batch] for batch in groups]
    packed = [evidence.pack([rollout for group in batch for rollout in group]) for batch in kept]
    made = one.model_copy(
        update={
            "model": one.model.model_copy(update={"weights_sha256": story._weights(one.model.name)}),
            "task": one.task.model_copy(update={"prompts_sha256": prompts}),
            "steps": _steps(groups, one),
            "timing": _timing(one),
            "evals": [start, *one.evals[1:]],
            "evidence": evidence.join(packed, one.protocol.training.rows),
        }
    )
    made = made.model_copy(update={"provenance": _provenance(made)})
    return Record.model_validate_json(made.model_dump_json())


def _groups(one: Record, step: int) -> list[ScoredGroup]:
    """Return the groups of a step: the rollouts by the seed alone, paid by the vote or by something of the method."""
    training, method = one.protocol.training, one.method
    rng, pay = (np.random.default_rng([one.seed, step, *name]) for name in (b"", method.name.encode()))
    found = []
    for _ in range(training.prompts_per_step):
        drawn = rng.choice(5, training.group_size, p=[0.6, 0.15, 0.1, 0.05, 0.1])
        answers = [None if answer == 4 else str(answer) for answer in drawn]
        votes = [answer for answer in answers if answer is not None]
        voted = max(sorted(set(votes)), key=votes.count, default=None)
        real = np.round(pay.normal(0, 1, training.group_size), 1).tolist()
        correct = [answer == "0" for answer in answers]
        paid = [float(answer is not None and answer == voted) for answer in answers] if method.binary else real
        paid = list(map(float, correct)) if method.name == "ground_truth" else paid
        lengths = rng.integers(3, training.max_completion_tokens + 1, training.group_size).tolist()
        cut = [length == training.max_completion_tokens for length in lengths]
        found.append(ScoredGroup(answers, paid, correct, lengths, [0.0] * len(lengths), cut))
    return found


def _steps(groups: list[list[ScoredGroup]], one: Record) -> Steps:
    rows = [batch_metrics(batch, one.method.binary) for batch in groups]
    columns: dict[str, list[Any]] = {
        name: [None if row[name] != row[name] else row[name] for row in rows] for name in rows[0]
    }
    training, steps = one.protocol.training, range(1, len(rows) + 1)
    columns |= {"step": list(steps), "entropy": [0.3 / step for step in steps]}
    columns |= {"kl_to_start": [0.01 * step if not (step - 1) % training.kl_every else None for step in steps]}
    columns |= {
        "grad_norm": [0.5 * bool(row["proxy_reward_std"]) + 0.001 * bool(row["proxy_reward_std"]) for row in rows]
    }
    columns |= {"learning_rate": [consistency.learning_rate(training, step) for step in steps]}
    return Steps(**columns)


def _timing(one: Record) -> Any:
    rng = np.random.default_rng([one.seed, *str(one.path).encode()])
    return one.timing.model_copy(
        update={name: rng.uniform(0.1, 0.3, one.last_step).tolist() for name in ("generation", "reward", "update")}
    )


def _provenance(one: Record) -> Any:
    training, source = one.protocol.training, one.provenance
    seconds = sum(map(sum, (one.timing.generation, one.timing.reward, one.timing.update)))
    batch = {"per_device_train_batch_size": training.rows // training.mini_batches, "steps_per_generation": 1}
    batch["steps_per_generation"] = training.mini_batches
    return source.model_copy(
        update={
            "git_commit": head(),
            "packages": {"torch": "2.13.0", "transformers": "5.23.0", "trl": "1.16.0", "lm-eval": "0.4.13"},
            "started": BEGUN.isoformat(),
            "finished": (BEGUN + timedelta(minutes=10)).isoformat(),
            "train_seconds": seconds,
            "train_tokens": sum(one.steps.tokens),
            "eval_tokens": sum(part.tokens for part in one.evals),
            "trainer_config": {**story._asked(one), **batch},
        }
    )
