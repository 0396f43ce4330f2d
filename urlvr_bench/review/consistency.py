"""What the columns of one training log must agree on: numbers that are counts, and numbers that bound each other."""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from urlvr_bench import methods
from urlvr_bench.records.schema import Record
from urlvr_bench.review import sources
from urlvr_bench.review.findings import REDO, Remark
from urlvr_bench.settings import Training

ROUNDING = 1e-6
"""Of a share: the log keeps numbers of 32 bits."""


def _share(values: Sequence[float | None], parts: int) -> Iterator[tuple[int, float]]:
    """Yield the steps, from 1, at which a value is no whole number of `parts`, as far as its 32 bits can tell."""
    for step, value in enumerate(values, 1):
        if value is not None and abs(value * parts - round(value * parts)) > parts * max(1, abs(value)) * ROUNDING / 2:
            yield step, value


def counts(file: Path, one: Record) -> Iterator[Remark]:
    """Shares of rollouts and of groups are whole numbers of them."""
    steps, training = one.steps, one.protocol.training
    parts = dict.fromkeys(("train_accuracy", "unparsed", "truncated", "majority_ratio", "length"), training.rows)
    parts |= dict.fromkeys(("mixed_groups", "pass_at_group", "distinct_answers"), training.prompts_per_step)
    if one.method.binary:
        parts |= dict.fromkeys(("proxy_reward", "reward_accuracy"), training.rows)
    for name, number in parts.items():
        if found := next(_share(getattr(steps, name), number), None):
            yield f"step {found[0]}: {name} = {found[1]:.7g} is no multiple of 1/{number}", REDO


Rule = tuple[str, Callable[[int], bool]]
"""What must hold, in words, and whether it does at the i-th step, from 0."""


def bounds(file: Path, one: Record) -> Iterator[Remark]:
    """Columns of the same rollouts bound each other; the first step that breaks a rule is named."""
    for what, holds in [*_of_correctness(one), *_of_answers(one), *_of_texts(one), *_of_rewards(one)]:
        broken = next((step for step in range(one.last_step) if not holds(step)), None)
        if broken is not None:
            yield f"step {broken + 1}: not {what}", REDO


def _of_correctness(one: Record) -> list[Rule]:
    s, G = one.steps, one.protocol.training.group_size
    right, label, mixed, some = map(s.known, ("train_accuracy", "label_accuracy", "mixed_groups", "pass_at_group"))
    if not one.labelled:
        return []
    return [
        ("mixed_groups <= pass_at_group", lambda i: mixed[i] <= some[i] + ROUNDING),
        ("label_accuracy <= pass_at_group", lambda i: label[i] <= some[i] + ROUNDING),
        (
            "train_accuracy within what pass_at_group and mixed_groups leave it",
            lambda i: some[i] - mixed[i] + mixed[i] / G - ROUNDING <= right[i] <= some[i] - mixed[i] / G + ROUNDING,
        ),
        (
            "label_accuracy at least the share of groups that are all right",
            lambda i: some[i] - mixed[i] <= label[i] + ROUNDING,
        ),
    ]


def _of_answers(one: Record) -> list[Rule]:
    s, P, G = one.steps, one.protocol.training.prompts_per_step, one.protocol.training.group_size
    different, batch, most = s.distinct_answers, s.batch_answers, s.majority_ratio
    return [
        ("distinct_answers <= group_size", lambda i: different[i] <= G + ROUNDING),
        (
            "batch_answers between the mean and the sum of the groups' distinct_answers",
            lambda i: different[i] - ROUNDING <= batch[i] <= P * different[i] + ROUNDING * P,
        ),
        (
            "majority_ratio and distinct_answers within the rollouts that have an answer",
            lambda i: most[i] * G + different[i] - 1 <= G * (1 - s.unparsed[i]) + ROUNDING * G,
        ),
        (
            "majority_ratio at least the share of answers by distinct_answers",
            lambda i: (most[i] > 0) == (different[i] > 0) == (s.unparsed[i] < 1 - ROUNDING),
        ),
    ]


def _of_texts(one: Record) -> list[Rule]:
    s, training = one.steps, one.protocol.training
    rows, longest = training.rows, training.max_completion_tokens
    slack = [rows * (1 + value) * ROUNDING for value in s.length]
    more = sources.generates(one.method)
    return [
        (f"length <= {longest} tokens", lambda i: s.length[i] <= longest * (1 + ROUNDING)),
        (f"length >= truncated x {longest} tokens", lambda i: s.truncated[i] * longest <= s.length[i] + ROUNDING),
        (
            "tokens = length x rollouts" if not more else "tokens >= length x rollouts",
            lambda i: (
                s.length[i] * rows <= s.tokens[i] + slack[i] and (more or s.tokens[i] <= s.length[i] * rows + slack[i])
            ),
        ),
    ]


def _trains_tokens(name: str) -> bool:
    """Return whether a method moves single tokens, also where all rollouts earn the same."""
    return name in methods.names() and bool(methods.load(name)().token_turns())


def _of_rewards(one: Record) -> list[Rule]:
    s, method, right = one.steps, one.method, one.steps.known("train_accuracy")
    rules: list[Rule] = []
    if not method.binary:
        rules.append(("reward_accuracy = reward_auc", lambda i: s.reward_accuracy[i] == s.reward_auc[i]))
    else:
        rules.append(("proxy_reward_std <= 1/2", lambda i: s.proxy_reward_std[i] <= 0.5 + ROUNDING))
    if method.binary and one.labelled:
        rules.append(
            (
                "reward_accuracy within what proxy_reward and train_accuracy leave it",
                lambda i: _agree(s.reward_accuracy[i], s.proxy_reward[i], right[i]),
            )
        )
    if method.name == "ground_truth":
        rules.append(("proxy_reward = train_accuracy", lambda i: abs(s.proxy_reward[i] - right[i]) < ROUNDING))
    if method.binary and one.protocol.training.kl_coefficient == 0 and not _trains_tokens(method.name):
        rules.append(
            ("grad_norm = 0 where no reward differs", lambda i: s.proxy_reward_std[i] > 0 or not s.grad_norm[i])
        )
    return rules


def _agree(agreement: float | None, paid: float, right: float) -> bool:
    """Whether a share of agreement can be that of two sets of these shares; one of nothing says nothing."""
    return agreement is None or abs(1 - paid - right) - ROUNDING <= agreement <= 1 - abs(paid - right) + ROUNDING


def schedules(file: Path, one: Record) -> Iterator[Remark]:
    """The learning rate is the protocol's, and the KL to the start is measured when it asks for it."""
    training = one.protocol.training
    for step, rate in enumerate(one.steps.learning_rate, 1):
        if abs(rate - (true := learning_rate(training, step))) > ROUNDING * training.learning_rate:
            yield f"step {step}: learning_rate = {rate:.6g}, the protocol's is {true:.6g}", REDO
            break
    for i, value in enumerate(one.steps.kl_to_start):
        if (value is not None) != bool(training.kl_every and i % training.kl_every == 0):
            yield (
                f"step {i + 1}: kl_to_start is {value}, the protocol asks for it every {training.kl_every} steps",
                REDO,
            )
            break


def learning_rate(training: Training, step: int) -> float:
    """Return the mean learning rate over the updates of a step, from 1, as transformers' schedules have it."""
    updates, total = training.mini_batches, training.mini_batches * training.steps
    return sum(_rate(training, update, total) for update in range((step - 1) * updates, step * updates)) / updates


def _rate(training: Training, update: int, total: int) -> float:
    warmup = training.warmup_steps
    if update < warmup:
        return training.learning_rate * update / max(1, warmup)
    progress = (update - warmup) / max(1, total - warmup)
    falls = {"linear": max(0.0, 1 - progress), "cosine": max(0.0, 0.5 * (1 + math.cos(math.pi * progress)))}
    return training.learning_rate * falls.get(training.schedule, 1.0)


def first_votes(file: Path, one: Record) -> Iterator[Remark]:
    """What later evaluations follow is the leading vote of step 0, so that at step 0 it has that vote's samples."""
    for part in one.evals:
        if part.step or part.initial is None or part.votes is None:
            continue
        most = [max((count for count, _ in votes), default=0) for votes in part.votes]
        if (odd := next((i for i, own in enumerate(part.initial) if own != most[i]), None)) is not None:
            yield f"evaluation of {part.task} at step 0: initial of problem {odd} is not its leading vote's", REDO


TESTS: tuple[Callable[[Path, Record], Iterable[Remark]], ...] = (counts, bounds, schedules, first_votes)
