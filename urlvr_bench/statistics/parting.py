"""Seeds that part into two groups, as where some runs collapse and the others hold: no mean speaks for both."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

APART = 0.25
"""Least difference, as a share, between the neighbouring runs of two groups."""
FAR, FAR_OF_FEW = 2.0, 10.0
"""How many times wider than either group the gap must be; of FEW_SEEDS or fewer, some are close by chance."""
FEW_SEEDS = 4
HELD = 0.75
"""Share of the accuracy at the start that a run keeps which held."""


@dataclass(frozen=True)
class Part:
    """Some of the seeds, and their mean."""

    seeds: int
    mean: float


def parted(values_S: ArrayLike) -> tuple[Part, ...]:
    """Return the two groups that runs fall into at their widest gap, the larger first; nothing if they do not."""
    ordered: NDArray[np.float64] = np.sort(np.asarray(values_S, dtype=np.float64))
    if len(ordered) < 2:
        return ()
    gaps = np.diff(ordered)
    cut = int(gaps.argmax()) + 1
    low, high = ordered[:cut], ordered[cut:]
    far = FAR_OF_FEW if len(ordered) <= FEW_SEEDS else FAR
    if gaps[cut - 1] < max(APART, far * np.ptp(low), far * np.ptp(high)):
        return ()
    parts = (Part(len(high), float(high.mean())), Part(len(low), float(low.mean())))
    return tuple(sorted(parts, key=lambda part: -part.seeds))


def words(parts: Sequence[Part], start: float | None = None) -> str:
    """Return groups as `4 of 5 held at 0.994; 1 fell to 0.301`; without the start's accuracy, each is `at` its mean."""

    def verb(part: Part) -> str:
        return "at" if start is None else "held at" if part.mean >= HELD * start else "fell to"

    total = sum(part.seeds for part in parts)
    first, *others = (f"{verb(part)} {part.mean:.3f}" for part in parts)
    rest = "".join(f"; {part.seeds} {text}" for part, text in zip(parts[1:], others, strict=True))
    return f"{parts[0].seeds} of {total} {first}{rest}"
