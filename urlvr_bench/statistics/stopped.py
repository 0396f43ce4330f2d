"""Where a run ends early: by the collapse or the rule that its protocol stops at, or, after the fact, by any rule."""

from collections.abc import Iterable

from urlvr_bench.records.measured import Eval
from urlvr_bench.records.schema import Record
from urlvr_bench.statistics.collapse import eval_curve
from urlvr_bench.statistics.signs import first_stop
from urlvr_bench.stopping.known import asked
from urlvr_bench.stopping.rule import FIRST_VOTES, LOGGED, Params, Series, StopRule


def label_free(record: Record) -> dict[str, Series]:
    """Return the columns of a run that needed no label, one entry per step; what was not measured is None."""
    steps = len(record.steps.step)
    columns: dict[str, Series] = {name: getattr(record.steps, name) or [None] * steps for name in LOGGED}
    return columns | {FIRST_VOTES: _first_votes(record)}


def _first_votes(record: Record) -> list[float | None]:
    """Return how much the judged samples agree with the votes of step 0, as a multiple of what they did there."""
    shares = {one.step: _follows(one) for one in record.evals if one.task == record.judged}
    first = shares.get(0)
    known = {step: share / first for step, share in shares.items() if first and share is not None}
    return [known.get(step) for step in record.steps.step]


def _follows(one: Eval) -> float | None:
    return None if one.initial is None else sum(one.initial) / (one.n * len(one.correct))


def first_end(record: Record) -> int | None:
    """Return the step after which a run must have ended by what its protocol stops at, None if at its last."""
    training = record.protocol.training
    ends: list[int | None] = []
    if training.stop_at:
        ends.append(first_stop(training.stop_at, getattr(record.steps, training.stop_at), training.prompts_per_step))
    if training.stop_rule:
        rule, params = asked(training.stop_rule)
        ends.append(rule.first(label_free(record), params))
    return min((end for end in ends if end is not None), default=None)


def picked_step(record: Record, rule: StopRule, params: Params | None = None, task: str | None = None) -> int:
    """Return the last judged step of a run by the time that a rule would have ended it."""
    return judged_by(eval_curve(record, task)[0], rule.first(label_free(record), params))


def judged_by(steps: Iterable[int], end: int | None) -> int:
    """Return the last of the judged steps up to `end`; the last of all where a run never ends early."""
    return max(step for step in steps if end is None or step <= end)
