"""Whether a protocol is calm: noise alone leaves the policy where it was, and the labels move it."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from urlvr_bench.presentation.rendering import Row
from urlvr_bench.records.measured import Frozen
from urlvr_bench.records.schema import Record
from urlvr_bench.statistics.collapse import eval_curve, judged_steps
from urlvr_bench.statistics.intervals import Floats
from urlvr_bench.system import plain_yaml

FILE = Path(__file__).with_suffix(".yaml")


class Criterion(Frozen):
    """What calm.yaml fixed beforehand; its comments say what each value means."""

    noise: str
    labels: str
    within: float
    least: float
    closes: dict[str, float]


@cache
def criterion() -> Criterion:
    """Return the criterion, as calm.yaml fixes it."""
    return Criterion.model_validate(plain_yaml.parse(FILE.read_text(encoding="utf-8")))


def notes() -> tuple[str, ...]:
    """Return the criterion in words."""
    asked = criterion()
    shares = ", ".join(f"{share:.0%} in the {name} lab" for name, share in asked.closes.items())
    return (
        f"Calm: the mean of {asked.noise} stays within {asked.within} of step 0 at every evaluation, no seed of it "
        f"falls below {asked.least:.0%} of its start, and {asked.labels} closes the headroom ({shares}). "
        "Fixed before any other method was trained under `pocket@2`; applied afterwards to older protocols.",
    )


def curves(records: Sequence[Record]) -> Floats:
    """Return (S, E): the accuracy of each run at each evaluation on its own task, of step 0 first."""
    known = [dict(zip(*eval_curve(record), strict=True)) for record in records]
    steps = judged_steps(records)
    return np.array([[one[min(step, max(one))] for step in steps] for one in known])


def row(noise: Sequence[Record], labels: Sequence[Record]) -> Row:
    """Return what the two lines of one protocol, model and task did, and whether that is calm."""
    asked, first = criterion(), noise[0]
    noisy_S_E, labelled_S_E = curves(noise), curves(labels)
    drift_E = noisy_S_E.mean(0) - noisy_S_E[:, 0].mean()
    widest = float(drift_E[np.abs(drift_E).argmax()])
    lowest = float((noisy_S_E / noisy_S_E[:, :1]).min())
    start, end = labelled_S_E[:, 0].mean(), labelled_S_E[:, -1].mean()
    closed = float((end - start) / (1 - start))
    calm = (
        abs(widest) <= asked.within
        and lowest >= asked.least
        and closed >= asked.closes.get(first.protocol.name, max(asked.closes.values()))
    )
    return {
        "model": first.model.name,
        "noise_seeds": len(noise),
        "label_seeds": len(labels),
        "start": float(noisy_S_E[:, 0].mean()),
        "noise_end": float(noisy_S_E[:, -1].mean()),
        "widest": widest,
        "lowest": lowest,
        "label_end": float(end),
        "closed": closed,
        "calm": calm,
    }


def frame(groups: Sequence[Sequence[Record]]) -> pd.DataFrame:
    """Return one row per model of which both lines were trained; `groups` are the runs of one method and model each."""
    asked, found = criterion(), {(group[0].model.name, group[0].method.id): group for group in groups}
    models = dict.fromkeys(model for model, _ in found)
    lines = [(found.get((model, asked.noise)), found.get((model, asked.labels))) for model in models]
    return pd.DataFrame([row(noise, labels) for noise, labels in lines if noise and labels])


def text(row: Row) -> dict[str, str]:
    """Return a row as words."""
    return {
        "model": row["model"],
        "seeds": f"{row['noise_seeds']}, {row['label_seeds']}",
        "step 0": f"{row['start']:.3f}",
        "noise, end": f"{row['noise_end']:.3f}",
        "noise, widest from step 0": f"{row['widest']:+.3f}",
        "noise, lowest seed": f"{row['lowest']:.2f} of its start",
        "labels, end": f"{row['label_end']:.3f}",
        "headroom closed": f"{row['closed']:.0%}",
        "calm": "yes" if row["calm"] else "no",
    }
