"""The pre-training runs of the pocket lab, and which of their checkpoints are its priors."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from random import Random

from urlvr_bench.pocket.corpora import Text, addition_text, countdown_text, solving_text
from urlvr_bench.pocket.dial import POSITIONS, dial_text
from urlvr_bench.pocket.kinds import Mix, mixed_text
from urlvr_bench.pocket.problems import SEED
from urlvr_bench.pocket.verifier_dial import POSITIONS as QUALITIES
from urlvr_bench.pocket.verifier_dial import Errors, verifying_text


@dataclass(frozen=True)
class Pace:
    """How fast a model is pre-trained."""

    learning_rate: float = 3e-3
    """Of AdamW."""
    warmup_steps: int = 100
    batch_size: int = 128
    """Texts per step."""


@dataclass(frozen=True)
class Rung:
    """A prior is the first measured checkpoint that reaches an accuracy on validation problems."""

    accuracy: float = 0.0
    after: int = 0
    """Steps before which none is taken: a strong prior must also have had the time to become calibrated."""


@dataclass(frozen=True)
class Recipe:
    """One pre-training run and the priors that come out of it."""

    task: str
    text: Callable[[Random], Text]
    steps: int
    every: int
    """Steps between measurements."""
    rungs: dict[str, Rung]
    seed: int = SEED
    hidden: int = 64
    pace: Pace = Pace()
    start: str | None = None
    """The prior that is trained on; None for a model of its own."""
    samples: int = 4
    """Of each validation problem, when it is measured whether a rung is reached."""
    halved: bool = False
    """Whether weights are kept in bfloat16, which takes half the room; they are trained in float32."""


def _ladder(name: str, *accuracies: float) -> dict[str, Rung]:
    return {f"{name}-{place}": Rung(accuracy) for place, accuracy in enumerate(accuracies, 1)}


def _kind(name: str, mix: Mix, seed: int, hidden: int, steps: int, *accuracies: float) -> Recipe:
    text = partial(mixed_text, mix=mix)
    rungs = _ladder(name, *accuracies)
    return Recipe("chain_addition", text, steps, 25, rungs, seed, hidden, samples=2, halved=True)


POCKET = Recipe(
    "chain_addition",
    addition_text,
    steps=3000,
    every=5,
    rungs=_ladder("pocket", 0.20, 0.35, 0.50, 0.65, 0.80) | {"pocket-6": Rung(0.86, after=1400)},
)
COUNTDOWN = (
    Recipe("countdown_pocket", countdown_text, steps=6000, every=100, rungs={"pocket-countdown": Rung(0.50)}),
    Recipe("countdown_pocket", solving_text, steps=6000, every=100, rungs={"pocket-countdown-plain": Rung(0.50)}),
)
DIAL_STEPS = 200
DIAL = tuple(
    Recipe(
        "chain_addition",
        partial(dial_text, share=share, seed=seed),
        steps=DIAL_STEPS,
        every=DIAL_STEPS,
        rungs={f"dial-{build}-{100 * share:02.0f}": Rung(after=DIAL_STEPS)},
        seed=seed,
        pace=Pace(1.5e-3, warmup_steps=20, batch_size=64),
        start="pocket-6",
        halved=True,
    )
    for seed, build in enumerate("ab")
    for share in POSITIONS
)
"""The dial is built twice, with other kinds of problems wrong and other texts, to see what hangs on one build."""
KINDS = (
    _kind("kind-a", Mix(), 11, 32, 4000, 0.20, 0.40, 0.60),
    _kind("kind-b", Mix(slips=0.25), 12, 64, 3000, 0.20, 0.40, 0.60),
    _kind("kind-c", Mix(two_terms=0.8, direct=0.5), 13, 64, 3000, 0.30, 0.45),
    _kind("kind-d", Mix(last_first=True), 14, 64, 3000, 0.30, 0.55, 0.80),
    _kind("kind-e", Mix(direct=0.0, give_up=0.0), 15, 128, 2000, 0.30, 0.60, 0.90),
)
"""Five pre-trainings that share neither seed nor data: 22,000, 85,000 and 333,000 parameters."""


def _verifier(name: str, errors: Errors, start: str, steps: int, pace: Pace) -> Recipe:
    rungs = {name: Rung(after=steps)}
    text = partial(verifying_text, errors=errors)
    return Recipe("countdown_pocket", text, steps, steps, rungs, pace=pace, start=start, halved=True)


CHECKER_STEPS, VERIFIER_STEPS = 5000, 400
VERIFIERS = (
    _verifier("verify-base", Errors(), "pocket-countdown", CHECKER_STEPS, Pace(1.5e-3)),
    *(
        _verifier(f"verify-{at.passed}-{at.failed}", at, "verify-base", VERIFIER_STEPS, Pace(1e-3, 20))
        for at in QUALITIES
    ),
)
"""A policy that works out what a solution is worth before it judges, then taught to pass or fail some kinds of them."""
RECIPES = (POCKET, *COUNTDOWN, *DIAL, *KINDS, *VERIFIERS)
