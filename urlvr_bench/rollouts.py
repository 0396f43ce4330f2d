"""What a reward method sees, the rollouts of one prompt, and what a method is."""

import functools
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, ClassVar, TypeVar, cast

from urlvr_bench.errors import UsageError
from urlvr_bench.needs import LABELS, LATER, SOURCES, TOKEN_TURNS, Family, Signal


@dataclass(frozen=True, slots=True)
class Extra:
    """Further rollouts of a group's prompt that are sampled to be looked at, not to be trained on."""

    count: int
    view: int = 0
    """0 for the prompt itself, i for the task's i-th rephrasing of it."""
    teacher_decay: float | None = None
    """Sample from a moving average of the policy with this decay per step instead of from the policy."""


@dataclass(frozen=True, slots=True)
class Query:
    """A text and a continuation whose likelihood under the policy, or its teacher, a method wants to know."""

    prefix: str
    continuation: str | int
    """A text, or which rollout of the group: the tokens that it was drawn as, its end token among them."""
    teacher_decay: float | None = field(default=None, repr=False)
    """Ask a moving average of the policy with this decay per step, 1 for the start, which is then asked every step."""


class Sampled(str):
    """A follow-up prompt whose answer is sampled as rollouts are; asked k times, it is answered k times anew."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Group:
    """The G rollouts of one prompt. Optional fields are filled only for a method that declares them."""

    prompt: str
    completions: list[str]
    answers: list[str | None]
    """Answer of each completion, None where there is none, by the representative of its class: equal answers are equal
    strings, here and in `extra_answers`. So votes count strings, and a class is chosen without the gold answer."""
    token_logprobs: list[list[float]] | None = None
    """Per completion, log-probability of each sampled token at the sampling temperature, nats."""
    token_entropies: list[list[float]] | None = None
    """Per completion, entropy of the distribution each token was drawn from, nats."""
    token_self_certainties: list[list[float]] | None = None
    """Per completion, KL(uniform || policy) at each token, nats."""
    token_top_gaps: list[list[float]] | None = None
    """Per completion, probability of the likeliest token less that of the second at each position."""
    answer_spans: list[tuple[int, int] | None] | None = None
    """Per completion, the half-open range of tokens that spell its answer, None where there is no answer."""
    token_counts: list[int] | None = None
    """Per completion, its number of tokens, the end token included."""
    rollout_ids: list[str] | None = None
    """A name for each rollout that is unique in the run and the same whenever the run is repeated."""
    answer_cue: str | None = None
    """What the task's solutions write right before their answer, such as `#` or `\\boxed{`."""
    verification_prompts: list[str] | None = None
    """Per completion, the task's own question whether it is right; None where the task leaves that to the method."""
    continuation: str | None = None
    """The text that follows the prompt in its source, where the task's prompts are pieces of plain text."""
    verified: list[bool] | None = None
    """Verdict of the task's label-free checker on each completion."""
    tests_passed: list[bool] | None = None
    """Per completion, whether its last code block passes the tests that the prompt shows, run in the sandbox."""
    proofs_accepted: list[bool] | None = None
    """Per completion, whether a proof checker accepts it as a proof of the statement that the prompt shows."""
    extra_answers: list[list[str | None]] | None = None
    """Per entry of `Method.extras`, the answers of those further rollouts."""
    extra_texts: list[list[str]] | None = None
    """Per entry of `Method.extras`, the completions of those further rollouts."""
    likelihoods: list[list[float]] | None = None
    """Per entry of `Method.queries`, the log-probability of each token of the continuation, nats."""
    replies: list[str] | None = None
    """The policy's answer to each prompt of `Method.ask`: its greedy one, or a sampled one to a `Sampled` prompt."""
    prompt_notes: list[Any] | None = None
    """What `Method.note` returned when this prompt was shown at earlier steps, oldest first."""
    run_notes: list[list[Any]] | None = None
    """Per earlier step, oldest first, what `Method.note` returned for each of its groups."""
    correct: list[bool] | None = None
    """Ground-truth correctness of each completion. Filled for a supervised reference only."""
    gold: str | None = None
    """The ground-truth answer. Filled for a supervised reference only."""

    def __len__(self) -> int:
        return len(self.completions)

    def lacks(self, signal: str) -> bool:
        """Whether a signal is not there."""
        return getattr(self, signal, None) is None


Turn = TypeVar("Turn", bound=Callable[..., Any])


def _served(turn: Turn, later: frozenset[Signal]) -> Turn:
    """Return a turn of a method that refuses a group which lacks a signal that the method declares."""

    @functools.wraps(turn)
    def checked(self: "Method", group: Group) -> Any:
        for signal in self.needs:
            if group.lacks(signal) and signal in SOURCES and signal not in later:
                if signal in ("extra_answers", "extra_texts") and not self.extras():
                    continue
                raise UsageError(
                    f"{type(self).__name__} needs {signal}, which this group lacks: it comes from {SOURCES[signal]}; "
                    f"a training fills it in, by hand it is Group(..., {signal}=...)"
                )
        return turn(self, group)

    return cast(Turn, checked)


@dataclass(frozen=True)
class Method(ABC):
    """A reward method: one subclass in one file of `methods/`. Its fields are its hyper-parameters."""

    family: ClassVar[Family]
    paper: ClassVar[str]
    aliases: ClassVar[tuple[str, ...]] = ()
    """Names under which the field knows the method."""
    needs: ClassVar[tuple[Signal, ...]] = ()
    binary: ClassVar[bool] = False
    """Whether every reward is 0 or 1, so that it can be compared with correctness rollout by rollout."""
    advantages: ClassVar[bool] = False
    """Whether `reward` returns advantages, to be trained on as they are instead of against the group's mean."""
    scaled_over_batch: ClassVar[bool] = False
    """Whether deviations from the group's mean are divided by their spread over the batch, whatever the protocol says:
    for sums, whose terms are scaled in the group already."""
    formula: ClassVar[str] = ""
    """The reward of rollout i in one line of plain text, for the method's page."""
    differs: ClassVar[str] = ""
    """Where the semantics differ from which published code, and why."""
    same_as: ClassVar[tuple[str, ...]] = ()
    """Hashes of earlier committed texts of the file that pay the same; their records count as this text's."""
    __pydantic_config__: ClassVar[dict[str, Any]] = {"allow_inf_nan": False}

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        turns = dict.fromkeys(("queries", "ask"), LATER) | dict.fromkeys(("reward", "note", *TOKEN_TURNS), frozenset())
        for name, later in turns.items():
            if name in vars(cls):
                setattr(cls, name, _served(vars(cls)[name], later))

    def extras(self) -> list[Extra]:
        """Return the further rollouts to sample for every group; they come as `extra_answers` and `extra_texts`."""
        return []

    def queries(self, group: Group) -> list[Query]:
        """Return the continuations to score for a group; they come back as `likelihoods`."""
        return []

    def ask(self, group: Group) -> list[str]:
        """Return follow-up prompts, `Sampled` or plain, for the policy to answer; it does so in `replies`."""
        return []

    def token_advantages(self, group: Group) -> list[list[float]]:
        """Return G x T advantages of single tokens, trained on as they are in place of the rollouts' own."""
        return []

    def entropy_weights(self, group: Group) -> list[list[float]]:
        """Return G x T weights w of the entropies H, nats: the loss gains the mean of w H over an update's tokens."""
        return []

    def kl_weights(self, group: Group) -> list[list[float]]:
        """Return G x T weights w of |log(p / p_old)|, p_old the policy that sampled: the loss gains their mean.

        Nothing moves in the first update on a batch, where p is p_old; so it takes `mini_batches` of 2 or more.
        """
        return []

    def memory(self) -> int:
        """Return how many notes come back: of a prompt (`prompt_notes`), or of how many steps (`run_notes`)."""
        return 0

    def note(self, group: Group) -> Any:
        """Return what to remember of a group: a small value of JSON, asked for after the group has been paid."""
        return None

    def token_turns(self) -> tuple[str, ...]:
        """Return the turns for single tokens that the method takes, those that its class defines."""
        return tuple(name for name in TOKEN_TURNS if getattr(type(self), name) is not getattr(Method, name))

    @abstractmethod
    def reward(self, group: Group) -> list[float]:
        """Return one finite reward per rollout of the group."""

    def uses_labels(self) -> bool:
        """Whether the method reads the ground truth, which marks it supervised for ever."""
        return not LABELS.isdisjoint(self.needs)
