"""What the bridge may ask of the trainer, and of a task."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

T = TypeVar("T")
Doc = dict[str, Any]
Texts = tuple[list[str], int]
"""Generated texts, and the number of tokens in them."""
Scored = tuple[str, str, str | Sequence[int]]
"""A prompt, what was written after it, and a continuation of that: a text, or its very tokens."""


@dataclass(frozen=True)
class TokenStatistics:
    """Per completion, one value per completion token, nats."""

    logprobs: list[list[float]]
    entropies: list[list[float]]
    self_certainties: list[list[float]]
    top_gaps: list[list[float]]


class Rollouts(Protocol):
    """What may be asked of the trainer about the batch that it has just generated."""

    eos_ids: frozenset[int]
    generation_seconds: float

    def statistics(self) -> TokenStatistics:
        """Token statistics of the batch under the policy."""

    def kl_to_start(self) -> float | None:
        """Sampled KL of the policy to the start per token, or None at a step that does not measure it."""

    def gather(self, values: list[T]) -> list[T]:
        """The values of all processes that share the batch, in the order of its prompts."""

    def pieces(self, ids: Sequence[int]) -> list[str]:
        """The text of each token."""

    def sample(self, prompts: Sequence[str], teacher_decay: float | None) -> Texts:
        """One further rollout per prompt, by the policy or by its moving average."""

    def reply(self, prompts: Sequence[str], sampled: bool) -> Texts:
        """The policy's answer to each prompt, greedy or sampled."""

    def likelihoods(self, queries: Sequence[Scored], teacher_decay: float | None) -> list[list[float]]:
        """Log-probabilities of the tokens of each continuation under the policy or its moving average."""


class TaskView(Protocol):
    """What may be asked of a task."""

    @property
    def name(self) -> str: ...
    @property
    def has_checker(self) -> bool: ...
    @property
    def stops(self) -> tuple[str, ...]: ...
    @property
    def answer_cue(self) -> str: ...
    def prompt(self, doc: Doc) -> str: ...
    def rephrase(self, doc: Doc, view: int) -> str: ...
    def answer(self, completion: str) -> str | None: ...
    def answer_span(self, completion: str) -> tuple[int, int] | None: ...
    def judges(self, doc: Doc) -> bool: ...
    def classes(self, answers: Iterable[str | None]) -> dict[str, str]: ...
    def right(self, doc: Doc, answer: str) -> bool: ...
    def verify(self, public: str, completion: str) -> bool: ...
    def verification_prompt(self, doc: Doc, completion: str) -> str | None: ...
    def gold(self, doc: Doc) -> str: ...
