"""Readings of a column of steps that know no future: entry t depends on the steps up to t alone."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from urlvr_bench.errors import UsageError

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

WINDOW = 5
"""Steps that a trailing mean runs over; one batch of 16 prompts alone is too noisy."""


def smooth(series: Sequence[float | None] | Floats, window: int = WINDOW) -> Floats:
    """Return trailing means over full windows, of the values that are there; entry i belongs to step i + window."""
    if window < 1:
        raise UsageError(f"a smoothing window of {window} steps is not possible; give 1 or more")
    values = np.asarray(series, dtype=np.float64)  # None becomes NaN
    if len(values) < window:
        return np.empty(0)
    present, ones = np.isfinite(values), np.ones(window)
    if present.all():
        return np.convolve(values, ones, "valid") / window
    sums = np.convolve(np.where(present, values, 0.0), ones, "valid")
    counts = np.convolve(present, ones, "valid")
    return np.where(counts > 0, sums / np.maximum(counts, 1), math.nan)


def trailing(series: Floats, window: int = WINDOW) -> Floats:
    """Return the trailing mean at every step, NaN before the first full window."""
    return np.concatenate([np.full(min(window - 1, len(series)), math.nan), smooth(series, window)])


def start(series: Floats) -> Floats:
    """Return, at every step, the first trailing mean that is known by then."""
    means = trailing(series)
    known = np.flatnonzero(np.isfinite(means))
    first = int(known[0]) if len(known) else len(means)
    return np.where(np.arange(len(means)) >= first, means[min(first, len(means) - 1)] if len(means) else 0.0, math.nan)


def latest(series: Floats) -> Floats:
    """Return, at every step, the last value that was measured by then."""
    places = np.maximum.accumulate(np.where(np.isfinite(series), np.arange(len(series)), -1))
    return np.where(places >= 0, series[places], math.nan) if len(series) else series


def best(series: Floats) -> Floats:
    """Return, at every step, the highest value by then."""
    return np.fmax.accumulate(series)
