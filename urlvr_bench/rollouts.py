"""What a reward method sees, the rollouts of one prompt, and what a method is."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar, Literal, get_args

Signal = Literal[
    "token_logprobs",
    "token_entropies",
    "token_self_certainties",
    "rollout_ids",
    "replies",
    "verified",
    "correct",
    "gold",
]
"""What a method may declare in `needs`; whatever it does not declare is not there."""

Family = Literal[
    "intrinsic/certainty",
    "intrinsic/ensemble",
    "external/verification",
    "external/unlabeled-data",
    "baseline",
    "supervised",
]

TOKEN_LABELS: frozenset[Signal] = frozenset({"correct", "gold"})
SIGNALS: tuple[Signal, ...] = ("token_logprobs", "token_entropies", "token_self_certainties")
"""Signals that cost one forward pass of the policy over the rollouts."""


@dataclass(frozen=True, slots=True)
class Group:
    """The G rollouts of one prompt. Optional fields are filled only for a method that declares them."""

    prompt: str
    completions: list[str]
    answers: list[str | None]
    """Canonical answer of each completion, None where there is none; equal strings mean equal answers."""
    token_logprobs: list[list[float]] | None = None
    """Per completion, log-probability of each sampled token at the sampling temperature, nats."""
    token_entropies: list[list[float]] | None = None
    """Per completion, entropy of the distribution each token was drawn from, nats."""
    token_self_certainties: list[list[float]] | None = None
    """Per completion, KL(uniform || policy) at each token, nats."""
    rollout_ids: list[str] | None = None
    """A name for each rollout that is unique in the run and the same whenever the run is repeated."""
    replies: list[str] | None = None
    """The policy's answer to each prompt of `Method.ask`."""
    verified: list[bool] | None = None
    """Verdict of the task's label-free checker on each completion."""
    correct: list[bool] | None = None
    """Ground-truth correctness of each completion. Filled for a supervised reference only."""
    gold: str | None = None
    """The ground-truth answer. Filled for a supervised reference only."""

    def __len__(self) -> int:
        return len(self.completions)


@dataclass(frozen=True)
class Method(ABC):
    """A reward method: one subclass in one file of `methods/`. Its fields are its hyper-parameters."""

    family: ClassVar[Family]
    paper: ClassVar[str]
    needs: ClassVar[tuple[Signal, ...]] = ()
    binary: ClassVar[bool] = False
    """Whether every reward is 0 or 1, so that it can be compared with correctness rollout by rollout."""

    def ask(self, group: Group) -> list[str]:
        """Return one follow-up prompt per rollout for the policy to answer, or none; replies come as a signal."""
        return []

    @abstractmethod
    def reward(self, group: Group) -> list[float]:
        """Return one finite reward per rollout of the group."""

    @classmethod
    def uses_labels(cls) -> bool:
        """Whether the method reads the ground truth, which marks it supervised for ever."""
        return not LABELS.isdisjoint(cls.needs)


LABELS: frozenset[Signal] = frozenset({"correct", "gold"})
SIGNALS: tuple[str, ...] = get_args(Signal)
FAMILIES: tuple[str, ...] = get_args(Family)
