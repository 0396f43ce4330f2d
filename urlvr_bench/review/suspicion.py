"""Runs whose rewards know more than a vote can: what a reviewer should read the method for."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from urlvr_bench.records.schema import Record
from urlvr_bench.review.between import Facts
from urlvr_bench.review.findings import Remark

CHECKERS = frozenset({"verified", "tests_passed", "proofs_accepted"})
"""Signals with which a reward may be right at all times without a label."""
LEAST_MISSED, LEAST_HARD = 2.0, 20.0
"""Groups that a verdict rests on."""
LOST = 0.02
"""Of the pairs of a right and a wrong rollout, where right ones are few, a reward without labels ranks more falsely."""


def remarks(file: Path, one: Record) -> Iterator[Remark]:
    """Flag rewards without labels that are right where the pseudo-label is wrong, or rank right ones first too often.

    A vote pays at least one wrong rollout in every group whose label is wrong, unless it pays none there. A reward
    that puts nearly every right rollout first in groups where these are few has been told, or can check.
    """
    if one.method.uses_labels or CHECKERS & set(one.method.signals):
        return
    reread = f"read methods/{one.method.name}.py: how does it know?"
    missed, wrong = _missed(one)
    if one.method.binary and missed >= LEAST_MISSED and wrong < missed / 2:
        found = f"its rewards are wrong for {wrong:.0f} rollouts only, though {missed:.0f} groups have a wrong label"
        yield f"{found}, in each of which a vote pays at least one wrong rollout", reread, "warning"
    hard, lost = _hard(one)
    if hard >= LEAST_HARD and lost < LOST * hard:
        found = f"it ranks {1 - lost / hard:.1%} of right over wrong rollouts"
        yield f"{found} in {hard:.0f} groups of steps where most are wrong, without a checker", reread, "warning"


def tested(facts: Sequence[Facts]) -> str:
    """Return in words how many runs without labels were tested in their first steps; empty if none was."""
    found = [one.tested for one in facts if one.tested is not None]
    return (
        f"{sum(found)} of {len(found)} runs without labels earned the same under permuted golds" if any(found) else ""
    )


def _missed(one: Record) -> tuple[float, float]:
    """Return how many groups with answers had a wrong label, and how many rollouts were paid what they should not."""
    steps, size = one.steps, one.protocol.training.group_size
    prompts = one.protocol.training.prompts_per_step
    if not one.labelled:
        return 0.0, 0.0
    columns = zip(steps.known("label_accuracy"), steps.unparsed, steps.reward_accuracy, strict=True)
    rows = [(label, silent, right) for label, silent, right in columns if right is not None]
    missed = sum(max(0.0, 1 - label - silent) for label, silent, _ in rows)
    return prompts * missed, prompts * size * sum(1 - right for _, _, right in rows)


def _hard(one: Record) -> tuple[float, float]:
    """Return how many mixed groups there were in steps where most of their rollouts were wrong, and the pairs' loss."""
    steps, hard, lost = one.steps, 0.0, 0.0
    if not one.labelled:
        return 0.0, 0.0
    needed = map(steps.known, ("mixed_groups", "pass_at_group", "train_accuracy"))
    columns = zip(*needed, steps.reward_auc, strict=True)
    for mixed, any_right, right, auc in columns:
        if auc is not None and mixed > 0 and right - (any_right - mixed) < mixed / 2:
            hard, lost = hard + mixed, lost + mixed * (1 - auc)
    prompts = one.protocol.training.prompts_per_step
    return prompts * hard, prompts * lost
