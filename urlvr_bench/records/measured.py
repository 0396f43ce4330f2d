"""What a run measured: bounded, finite numbers per training step and per evaluated problem."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Annotated, Literal, NamedTuple

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue, model_validator

from urlvr_bench.settings import MOST_PROBLEMS, MOST_SAMPLES, MOST_STEPS


def _finite(value: JsonValue) -> JsonValue:
    """Return a free-form value unchanged, or say that it holds a NaN, an infinity or a long string."""
    if isinstance(value, int | float) and not abs(value) <= 1e30:
        raise ValueError("a number that is NaN, infinite or beyond 1e30")
    if isinstance(value, str) and len(value) > 500:
        raise ValueError("text of more than 500 characters")
    for part in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        _finite(part)
    return value


Real = Annotated[float, Field(ge=-1e30, le=1e30)]
"""So bounded that neither a sum nor a square overflows."""
Positive = Annotated[float, Field(ge=0, le=1e30)]
Share = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=0, le=2**53)]
Short = Annotated[str, Field(max_length=200, pattern=r"^\P{C}*$")]
"""One line of printable text."""
Name = Annotated[str, Field(max_length=100, pattern=r"^[A-Za-z0-9][A-Za-z0-9._@-]*$")]
"""Safe as a path component and in a URL."""
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]
Moment = Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)$")]
"""ISO 8601 with a time zone."""
Plain = Annotated[JsonValue, AfterValidator(_finite)]
"""A finite JSON value."""


Votes = tuple[tuple[Annotated[int, Field(gt=0, le=MOST_SAMPLES)], bool], ...]
"""(Number of samples, whether right) of each different answer to a problem, most frequent first."""


class Tally(NamedTuple):
    """A problem's votes and what they sum up to."""

    votes: Votes
    answered: int
    right: int
    ordered: bool


@lru_cache(maxsize=100_000)
def tally(votes: Votes) -> Tally:
    """Return the sums of a problem's votes; equal votes, of which records are full, share one object in memory."""
    counts = [count for count, _ in votes]
    right = sum(count for count, is_right in votes if is_right)
    return Tally(votes, sum(counts), right, counts == sorted(counts, reverse=True))


class Frozen(BaseModel):
    """A part of a record: nothing unknown in it, nothing infinite, and nothing to be changed."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Steps(Frozen):
    """One column per quantity and one entry per step; None where a quantity is undefined or not measured."""

    step: list[Count] = Field(max_length=MOST_STEPS)
    proxy_reward: list[Real]
    proxy_reward_std: list[Positive]
    """Mean over groups of the standard deviation of the proxy reward inside the group."""
    train_accuracy: list[Share | None]
    """Ground-truth reward: the share of rollouts that are correct. None, as in all that need labels, without them."""
    label_accuracy: list[Share | None]
    reward_accuracy: list[Share | None]
    """Binary rewards: share of rollouts paid what they deserve. Real-valued rewards: the same as `reward_auc`."""
    reward_auc: list[Share | None]
    """Chance that a correct rollout out-scores a wrong one of its group, ties half; None where no group has both."""
    mixed_groups: list[Share | None]
    """Share of groups with both correct and wrong rollouts: what reward_auc rests on."""
    majority_ratio: list[Share]
    distinct_answers: list[Positive]
    """Mean over groups of the number of different answers."""
    batch_answers: list[Count]
    """Number of different answers in the whole batch."""
    unparsed: list[Share]
    truncated: list[Share]
    pass_at_group: list[Share | None]
    """Share of groups with at least one correct rollout."""
    length: list[Positive]
    """Mean completion length, tokens."""
    repetition: list[Share]
    """Mean share of a completion's 3-grams (of tokens) that occurred in it before."""
    entropy: list[Annotated[float, Field(ge=-1e-6, le=1e30)]]
    """Mean token entropy at the sampling temperature, nats."""
    kl_to_start: list[Real | None]
    """Sampled KL(policy || start) per token, nats."""
    grad_norm: list[Positive]
    learning_rate: list[Positive]
    tokens: list[Count]
    """Completion tokens generated in the step, votes and replies included."""
    reward_likelihood: list[Annotated[float, Field(ge=-1, le=1)] | None] | None = None
    """Mean over groups of Spearman's correlation, inside the group, of the reward with the log-probability of the
    completion; None where no group has both spread, at steps that measure no KL, and in older records."""

    def known(self, column: str) -> list[float]:
        """Return the values of a column that are there; one that needs labels is whole or empty."""
        return [value for value in getattr(self, column) if value is not None]

    @model_validator(mode="after")
    def _columns_agree(self) -> "Steps":
        lengths = {name: len(column) for name, column in self if column is not None}
        if len(set(lengths.values())) > 1:
            raise ValueError(f"columns differ in length: {lengths}")
        if self.step != list(range(1, len(self.step) + 1)):
            raise ValueError("steps are not 1, 2, 3, ...")
        judged = (self.train_accuracy, self.label_accuracy, self.mixed_groups, self.pass_at_group)
        if len({value is None for column in judged for value in column}) > 1:
            raise ValueError("the columns that need labels are known at every step, or at none")
        for step, auc, mixed in zip(self.step, self.reward_auc, self.mixed_groups, strict=True):
            if (auc is None) != (not mixed):
                raise ValueError(f"step {step}: reward_auc is {auc} but the share of mixed groups is {mixed}")
        return self


def lacking(unparsed: Sequence[float], grad_norms: Sequence[float]) -> Literal["answers", "gradients"] | None:
    """Return what some steps lack to be learnt from, None where nothing.

    No answer could be read in any of their rollouts (`unparsed` is 1 throughout), or every gradient was exactly 0.
    """
    if min(unparsed, default=0) == 1:
        return "answers"
    return "gradients" if max(grad_norms, default=1) == 0 else None


class Timing(Frozen):
    """Seconds per step; they differ from one run to the next, so they are kept apart from `Steps`."""

    generation: list[Positive]
    reward: list[Positive]
    update: list[Positive]


class Eval(Frozen):
    """One evaluation of one checkpoint: counts per problem, in the order of `Record.problems[task]`.

    Of a problem's n samples, `correct` are right; `truncated` hit the token limit without being right; `unparsed`
    ended without an answer; the rest are wrong.
    """

    step: Count
    task: Name
    n: int = Field(gt=0, le=MOST_SAMPLES)
    correct: list[Count] = Field(max_length=MOST_PROBLEMS)
    truncated: list[Count]
    unparsed: list[Count]
    votes: Annotated[list[Votes], AfterValidator(lambda rows: [tally(row).votes for row in rows])]
    """Per problem."""
    tokens: Count
    initial: list[Count] | None = None
    """Per problem, how many samples give the answer that was most common at step 0; None in older records."""

    @model_validator(mode="after")
    def _sums_add_up(self) -> "Eval":
        columns = (self.correct, self.truncated, self.unparsed, self.votes)
        followed = self.correct if self.initial is None else self.initial
        if len(followed) != len(self.correct) or (followed and max(followed) > self.n):
            raise ValueError(f"evaluation of {self.task} at step {self.step}: initial does not fit the problems and n")
        if len({len(column) for column in columns}) > 1:
            raise ValueError(f"evaluation of {self.task} at step {self.step}: columns differ in length")
        for problem, (correct, truncated, unparsed, votes) in enumerate(zip(*columns, strict=True)):
            sums = tally(votes)
            silent = self.n - sums.answered
            fits = sums.right == correct and unparsed <= silent <= truncated + unparsed <= self.n - correct
            if not (fits and sums.ordered):
                defect = self._defect(correct, truncated, unparsed, sums)
                raise ValueError(f"evaluation of {self.task} at step {self.step}, problem {problem}: {defect}")
        return self

    def _defect(self, correct: int, truncated: int, unparsed: int, sums: Tally) -> str:
        """Return what is wrong with the counts of a problem that do not fit together."""
        if correct + truncated + unparsed > self.n:
            return f"correct + truncated + unparsed exceed n = {self.n}"
        if sums.right != correct:
            return "right votes differ from correct"
        if self.n - sums.answered < unparsed:
            return f"votes and unparsed samples exceed n = {self.n}"
        if self.n - sums.answered > truncated + unparsed:
            return f"votes, unparsed and truncated samples are fewer than n = {self.n}"
        return "votes are not sorted"


class Control(Eval):
    """An evaluation beside the protocol's series: greedy, of the native prompt style, or of more samples."""

    temperature: Positive
